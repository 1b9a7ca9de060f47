import type { RepoLink } from '../messages/github.js';

export interface Linkable {
  readonly agents: readonly { readonly id: string; readonly branch: string | undefined }[];
  readonly tasks: readonly string[];
  readonly pulls: readonly {
    readonly number: number;
    readonly title: string;
    readonly body: string;
    readonly branch: string;
  }[];
  /** Tasks of issues of this repository, by the issue's number. */
  readonly issues: ReadonlyMap<number, string>;
}

/** What could be an id in the texts of one pull request, or an issue that it closes; more are not looked for. */
const MAX_NAMES = 1_000;
const MAX_CLOSED = 20;
/** docs.github.com, "Linking a pull request to an issue using a keyword". */
const CLOSES = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d{1,9})\b/gi;
const LONGEST_ID = 64;

/** A shorter id stands in too many names by chance. */
const MIN_ID = 3;
/** Everybody's workspace is on one of these at some time. */
const SHARED = new Set(['main', 'master', 'develop', 'dev', 'trunk', 'HEAD']);

/**
 * Whose pull requests these are, where names tell:
 *
 * - an agent's, when its workspace has the pull request's branch checked out (a branch that is not shared, and that no
 *   other agent has), or else when its id stands in the branch's name;
 * - a task's, when its id stands in the branch's name, or else in the title, or else in the body (there not an id that is
 *   but a word, such as `test`); or else when title or body says that it closes the issue that the task is of
 *   ("fixes #12").
 *
 * An id of at least three characters stands in a text when no letter, digit or `_` is next to it; upper and lower case
 * are the same. Of several ids in one text the longest is meant, and none when there is
 * more than one of that length.
 */
export function linksOf({ agents, tasks, pulls, issues }: Linkable): RepoLink[] {
  const byBranch = new Map<string, string | undefined>();
  for (const { id, branch } of agents)
    if (branch !== undefined && !SHARED.has(branch))
      byBranch.set(branch, byBranch.has(branch) ? undefined : id);
  const ids = agents.map(({ id }) => id);
  return pulls.flatMap(({ number: pull, branch, title, body }) => {
    const links: RepoLink[] = [];
    const owner = byBranch.get(branch);
    const agent = owner ?? idIn(branch, ids);
    if (agent !== undefined)
      links.push({ pull, branch, agent, by: owner === undefined ? 'branch' : 'workspace' });
    const link = taskIn({ branch, title, body }, tasks, issues);
    if (link !== undefined) links.push({ pull, branch, ...link });
    return links;
  });
}

function taskIn(
  texts: { readonly branch: string; readonly title: string; readonly body: string },
  tasks: readonly string[],
  issues: ReadonlyMap<number, string>,
): Pick<RepoLink, 'task' | 'by'> | undefined {
  for (const by of ['branch', 'title', 'body'] as const) {
    const task = idIn(texts[by], by === 'branch' ? tasks : tasks.filter((id) => !isPlainWord(id)));
    if (task !== undefined) return { task, by };
  }
  for (const number of closedBy(texts)) {
    const task = issues.get(number);
    if (task !== undefined) return { task, by: 'closes' };
  }
  return undefined;
}

function isPlainWord(id: string): boolean {
  return /^[a-z]+$/i.test(id);
}

/** Numbers of the issues that a pull request says it closes. */
export function closedBy({ title, body }: { readonly title: string; readonly body: string }): number[] {
  const found = new Set<number>();
  for (const [, number] of `${title}\n${body}`.matchAll(CLOSES)) {
    if (found.size >= MAX_CLOSED) break;
    found.add(Number(number));
  }
  return [...found];
}

/** All that could be the id of a task in the texts of a pull request, as it is written and in lower case. */
export function namesIn({
  branch,
  title,
  body,
}: {
  readonly branch: string;
  readonly title: string;
  readonly body: string;
}): string[] {
  const found = new Set<string>();
  for (const [run] of `${branch}\n${title}\n${body}`.matchAll(/[A-Za-z0-9_-]{3,255}/g)) {
    const parts = run.split('-');
    for (let from = 0; from < parts.length; from++) {
      let name = '';
      for (let to = from; to < parts.length && name.length <= LONGEST_ID; to++) {
        name = to === from ? (parts[to] as string) : `${name}-${parts[to]}`;
        if (found.size >= MAX_NAMES) return [...found];
        if (name.length < MIN_ID || name.length > LONGEST_ID) continue;
        found.add(name);
        found.add(name.toLowerCase());
      }
    }
  }
  return [...found];
}

function idIn(text: string, ids: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  let best: string[] = [];
  for (const id of ids) {
    if (id.length < MIN_ID || id.length < (best[0]?.length ?? 0) || !standsIn(lower, id.toLowerCase()))
      continue;
    best = id.length > (best[0]?.length ?? 0) ? [id] : [...best, id];
  }
  return best.length === 1 ? best[0] : undefined;
}

/** Not part of a longer word; a `-` beside it may part words, as branches are written, and is no letter. */
function standsIn(text: string, id: string): boolean {
  for (let at = text.indexOf(id); at !== -1; at = text.indexOf(id, at + 1))
    if (!isWord(text[at - 1]) && !isWord(text[at + id.length])) return true;
  return false;
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}
