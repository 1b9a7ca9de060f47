import { createHash } from 'node:crypto';

/** What of an issue becomes a task. */
export interface IssueOfTask {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  /** Why it was closed: `completed`, `not_planned`, `duplicate`. */
  readonly reason: string | null;
  readonly labels: readonly string[];
}

/** An issue as another one names it. */
export interface IssueName {
  /** `owner/name`; absent when it is in the same repository. */
  readonly repo?: string;
  readonly number: number;
}

export interface TaskOfIssue {
  readonly title: string;
  readonly description: string | undefined;
  readonly dependsOn: readonly IssueName[];
  /** `open` follows the queue; the others end the task. */
  readonly state: 'open' | 'done' | 'cancelled';
}

/** As long as a task's may be. */
const MAX_TITLE = 200;
const MAX_DESCRIPTION = 20_000;
const MAX_DEPENDENCIES = 100;
/** One clause, up to the end of the line: "Depends on #12, #13 and acme/api#4". */
const CLAUSE = /\b(?:depends on|blocked by)\b:?([^\n]{0,500})/gi;
const NAMED = /^[\s,;&]*(?:and\s+)?(?:([A-Za-z0-9][A-Za-z0-9_-]{0,38}\/[A-Za-z0-9._-]{1,100}))?#(\d{1,9})\b/i;
/** Code and quotes of others are no instruction. */
const NOT_SAID = /```[\s\S]*?(?:```|(?![\s\S]))|`[^`\n]*`|^>.*$|<!--[\s\S]*?(?:-->|(?![\s\S]))/gm;

/**
 * The id of an issue's task, the same whatever the repository is called by now: `<token>-<number>`, or
 * `<cut token>-<hash of both>-<number>` where that has more than 64 characters.
 *
 * @param token the repository's, by `repoToken`.
 */
export function taskIdOf(token: string, number: number): string {
  const id = `${token}-${number}`;
  if (id.length <= 64) return id;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 12);
  return `${token.slice(0, 40)}-${hash}-${number}`.slice(0, 64);
}

/**
 * The task of an issue that carries `label` (upper and lower case are the same), or undefined when it does not.
 *
 * It depends on the issues that a line of its body names behind "depends on" or "blocked by": `#12`, several by commas or
 * "and", `owner/name#4` in another repository. An issue that was closed as completed is done, any other closed one is
 * cancelled.
 */
export function taskOfIssue(issue: IssueOfTask, label: string): TaskOfIssue | undefined {
  if (!hasLabel(issue.labels, label)) return undefined;
  return {
    title: issue.title.slice(0, MAX_TITLE).trim() || `Issue ${issue.number}`,
    description: issue.body === '' ? undefined : issue.body.slice(0, MAX_DESCRIPTION),
    dependsOn: dependenciesOf(issue.body),
    state: stateOf(issue),
  };
}

export function hasLabel(labels: readonly string[], label: string): boolean {
  return labels.some((each) => each.toLowerCase() === label.toLowerCase());
}

function stateOf({ state, reason }: IssueOfTask): TaskOfIssue['state'] {
  if (state !== 'closed') return 'open';
  // Issues closed before GitHub kept a reason have none.
  return reason === 'completed' || reason === null ? 'done' : 'cancelled';
}

function dependenciesOf(body: string): IssueName[] {
  const found = new Map<string, IssueName>();
  for (const [, clause = ''] of body.replace(NOT_SAID, ' ').matchAll(CLAUSE)) {
    let rest = clause;
    for (
      let named = NAMED.exec(rest);
      named !== null && found.size < MAX_DEPENDENCIES;
      named = NAMED.exec(rest)
    ) {
      const [all, repo, number] = named;
      const name = { ...(repo === undefined ? {} : { repo }), number: Number(number) };
      found.set(`${repo?.toLowerCase() ?? ''}#${name.number}`, name);
      rest = rest.slice(all.length);
    }
  }
  return [...found.values()];
}
