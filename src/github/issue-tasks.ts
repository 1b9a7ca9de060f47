import { createHash } from 'node:crypto';
import { repoToken } from '../messages/github.js';

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

export interface TaskOfIssue {
  /** The same for the same issue. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly dependsOn: readonly string[];
  /** `open` follows the queue; the others end the task. */
  readonly state: 'open' | 'done' | 'cancelled';
}

const MAX_DEPENDENCIES = 100;
/** One clause, up to the end of the line: "Depends on #12, #13 and acme/api#4". */
const CLAUSE = /\b(?:depends on|blocked by)\b:?([^\n]{0,500})/gi;
const NAMED = /^[\s,;&]*(?:and\s+)?(?:([A-Za-z0-9][A-Za-z0-9_-]{0,38}\/[A-Za-z0-9._-]{1,100}))?#(\d{1,9})\b/i;
/** Code and quotes of others are no instruction. */
const NOT_SAID = /```[\s\S]*?(?:```|(?![\s\S]))|`[^`\n]*`|^>.*$|<!--[\s\S]*?(?:-->|(?![\s\S]))/gm;

/** `<cut name>-<hash of the name>-<number>`, at most 64 characters, so that it is an id of a task. */
export function taskIdOf(repo: string, number: number): string {
  const token = repoToken(repo);
  const id = `${token}-${number}`;
  if (id.length <= 64) return id;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 12);
  return `${token.slice(0, 40)}-${hash}-${number}`.slice(0, 64);
}

/**
 * The task of an issue that carries `label`, or undefined when it does not.
 *
 * It depends on the issues that a line of its body names behind "depends on" or "blocked by": `#12`, several by commas or
 * "and", `owner/name#4` in another repository. An issue that was closed as completed is done, any other closed one is
 * cancelled.
 */
export function taskOfIssue(repo: string, issue: IssueOfTask, label: string): TaskOfIssue | undefined {
  if (!issue.labels.some((each) => each.toLowerCase() === label.toLowerCase())) return undefined;
  const id = taskIdOf(repo, issue.number);
  const dependsOn = dependenciesOf(repo, issue.body).filter((each) => each !== id);
  const { title, body: description } = issue;
  return { id, title, description, dependsOn, state: stateOf(issue) };
}

function stateOf({ state, reason }: IssueOfTask): TaskOfIssue['state'] {
  if (state !== 'closed') return 'open';
  // Issues closed before GitHub kept a reason have none.
  return reason === 'completed' || reason === null ? 'done' : 'cancelled';
}

function dependenciesOf(repo: string, body: string): string[] {
  const found = new Set<string>();
  for (const [, clause = ''] of body.replace(NOT_SAID, ' ').matchAll(CLAUSE)) {
    let rest = clause;
    for (
      let named = NAMED.exec(rest);
      named !== null && found.size < MAX_DEPENDENCIES;
      named = NAMED.exec(rest)
    ) {
      found.add(taskIdOf(named[1] ?? repo, Number(named[2])));
      rest = rest.slice(named[0].length);
    }
  }
  return [...found];
}
