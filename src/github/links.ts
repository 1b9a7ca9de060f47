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
}

/** A shorter id stands in too many names by chance. */
const MIN_ID = 3;
/** Everybody's workspace is on one of these at some time. */
const SHARED = new Set(['main', 'master', 'develop', 'dev', 'trunk', 'HEAD']);

/**
 * Whose pull requests these are, where names tell:
 *
 * - an agent's, when its workspace has the pull request's branch checked out (a branch that is not shared, and that no
 *   other agent has), or else when its id stands in the branch's name;
 * - a task's, when its id stands in the branch's name, or else in the title, or else in the body.
 *
 * An id of at least three characters stands in a text when no letter, digit or `_` is next to it; upper and lower case
 * are the same. Of several ids in one text the longest is meant, and none when there is
 * more than one of that length.
 */
export function linksOf({ agents, tasks, pulls }: Linkable): RepoLink[] {
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
    for (const [by, text] of [
      ['branch', branch],
      ['title', title],
      ['body', body],
    ] as const) {
      const task = idIn(text, tasks);
      if (task === undefined) continue;
      links.push({ pull, branch, task, by });
      break;
    }
    return links;
  });
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
