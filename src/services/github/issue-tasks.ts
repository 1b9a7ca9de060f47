import { type TaskOfIssue, taskIdOf, taskOfIssue } from '../../github/issue-tasks.js';
import { type ErrorCode, type Failure, VigilError } from '../../messages/errors.js';
import type { IssueTaskRefused } from '../../messages/github.js';
import type { Subjects } from '../../messages/subjects.js';
import type { GitHubSettings } from '../../settings/github.js';
import type { DueIssue, Followed, IssueKey } from '../../store/issue-tasks.js';
import type { Standing } from '../../store/tasks/task-edits.js';
import { FollowedTasks } from '../tasks/followed-tasks.js';
import type { Moment, TaskQueue, Tell } from '../tasks/task-queue.js';
import { dependenciesOf } from './issue-dependencies.js';

export interface IssueTasksParts {
  readonly queue: TaskQueue;
  readonly subjects: Subjects;
  readonly label: string;
  readonly missing: GitHubSettings['tasks']['missing'];
}

/** Issues that are followed between two turns of the event loop. */
const CHUNK = 100;
/** An edit that mends a circle may come behind the one that it lets through. */
const MAX_ROUNDS = 5;
/** Refused issues that one result names. */
const MAX_NAMED = 100;
const START: IssueKey = { token: '', number: 0 };
/** These are the issue's own; any other error is of the record. */
const OF_ONE_ISSUE: ReadonlySet<ErrorCode> = new Set(['CONFLICT', 'BUSY', 'BAD_REQUEST', 'NOT_FOUND']);

/** What is left of an issue for the next sync: nothing, its dependencies, or all of it. */
type Left = 'nothing' | 'dependencies' | 'all';

/**
 * Lets tasks follow the issues that carry the label. What a page changes is due, recorded with the page; each issue is
 * followed in a transaction of its own with what that changes of its task, so that a kill at any point leaves it due or
 * done, and one that is refused stops no other.
 */
export class IssueTasks {
  readonly #parts: IssueTasksParts;
  readonly #tasks: FollowedTasks;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: IssueTasksParts) {
    this.#parts = parts;
    this.#tasks = new FollowedTasks(parts.queue);
  }

  /** What an earlier run left, and everything when that had other settings. */
  async begin(): Promise<void> {
    const { queue, label, missing } = this.#parts;
    await queue.store.write(() =>
      queue.store.issueTasks.ruled(JSON.stringify([label.toLowerCase(), missing])),
    );
    await this.follow(true);
  }

  /**
   * Follows what is due.
   *
   * @param all what could not be followed the last time too.
   */
  follow(all: boolean): Promise<void> {
    const next = this.#running.then(() => this.#rounds(all));
    this.#running = next.catch(() => undefined);
    return next;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  /** Those issues of a repository that cannot be followed as they are. */
  failuresIn(token: string, repo: string): Failure[] {
    return this.#parts.queue.store.issueTasks
      .refusedIn(token, MAX_NAMED)
      .map(({ number, code, refused }) => ({ agent: repo, code, message: `issue ${number}: ${refused}` }));
  }

  async #rounds(all: boolean): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { followed, refused } = await this.#round(all || round > 0);
      if (followed === 0 || refused === 0) return;
    }
  }

  async #round(all: boolean): Promise<{ followed: number; refused: number }> {
    const { issueTasks } = this.#parts.queue.store;
    const counts = { followed: 0, refused: 0, left: 0 };
    for (let last: IssueKey | undefined = START; last !== undefined && !this.#closed; ) {
      const due: DueIssue[] = issueTasks.due(last, all, CHUNK);
      for (const outcome of await Promise.all(due.map((issue) => this.#one(issue)))) counts[outcome]++;
      last = due.length < CHUNK ? undefined : due.at(-1);
    }
    return counts;
  }

  async #one(issue: DueIssue): Promise<'followed' | 'refused' | 'left'> {
    const { queue } = this.#parts;
    const follow = (wires: boolean) =>
      queue.change((moment, tell) => this.#follow(issue, wires, moment, tell)).catch(ofOneIssue);
    const outcome = await follow(true);
    if (!(outcome instanceof VigilError)) return outcome === 'nothing' ? 'followed' : 'left';
    // What of it can be followed all the same, is.
    if (issue.task !== null) await follow(false);
    await queue.change(() => this.#refuse(issue, outcome));
    return 'refused';
  }

  /** @param wires its dependencies too. @throws VigilError of `OF_ONE_ISSUE` */
  #follow(issue: DueIssue, wires: boolean, moment: Moment, tell: Tell): Left {
    const { queue, label, missing } = this.#parts;
    const { issueTasks } = queue.store;
    const wanted = taskOfIssue({ ...issue, labels: JSON.parse(issue.labels) as string[] }, label);
    const { ids, isKnown } = dependenciesOf(queue.store, issue, wanted?.dependsOn ?? [], label, missing);
    const id = issue.task ?? taskIdOf(issue.token, issue.number);
    const standing = this.#tasks.standing(id);
    if (standing !== undefined && issue.task === null && wanted !== undefined)
      throw new VigilError('CONFLICT', `there is a task ${id} already, which is not of this issue`);
    let left: Left = 'nothing';
    let made = issue.task;
    if (standing !== undefined && issue.task !== null)
      left = this.#change(id, issue, standing, wanted, wires ? ids : undefined, moment, tell);
    // One that was followed while it was open is done and forgotten.
    else if (wanted?.state === 'open' && issue.followed !== 'open') {
      this.#add(id, issue, wanted, ids, moment, tell);
      made = id;
    }
    const isOfTasks = wanted !== undefined || made !== null || issue.refused !== null;
    if (left !== 'all' && isOfTasks) issueTasks.followed(issue, made, stateOf(wanted));
    if (left === 'nothing' && !(wires && isKnown)) left = 'dependencies';
    if (left === 'nothing') issueTasks.settled(issue);
    else issueTasks.waits(issue);
    return left;
  }

  #add(
    id: string,
    { repo, number }: DueIssue,
    { title, description }: TaskOfIssue,
    dependsOn: string[],
    moment: Moment,
    tell: Tell,
  ): void {
    const source = `${repo}#${number}`;
    const spec = { id, title, description, dependsOn, source, priority: 'medium' as const, capabilities: [] };
    this.#parts.queue.addWithin([spec], 'await', moment, tell);
  }

  /** @param dependsOn undefined: they stay as they are. */
  #change(
    id: string,
    { followed }: DueIssue,
    standing: Standing,
    wanted: TaskOfIssue | undefined,
    dependsOn: readonly string[] | undefined,
    moment: Moment,
    tell: Tell,
  ): Left {
    const state = stateOf(wanted);
    const isNews = followed !== state;
    if (wanted !== undefined && (wanted.title !== standing.title || isOther(wanted, standing)))
      this.#tasks.describe(standing, wanted.title, wanted.description, moment);
    if (state === 'done') {
      if (isNews && standing.state !== 'done')
        this.#tasks.finish(id, standing, 'its issue was closed as completed', moment, tell);
      return 'nothing';
    }
    if (state !== 'open') {
      const why = state === 'none' ? 'its issue has lost the label' : 'its issue was closed as not planned';
      if (isNews) this.#parts.queue.cancelWithin([id], false, why, moment, tell);
      return 'nothing';
    }
    const opens = isNews && ENDED.has(standing.state);
    // What has begun because this was done is let end.
    if (opens && standing.state === 'done' && standing.heldBehind > 0) return 'all';
    let left: Left = 'nothing';
    if (dependsOn !== undefined && !sameIds(standing, dependsOn) && (opens || standing.state !== 'done')) {
      if (HELD.has(standing.state)) left = 'dependencies';
      else this.#tasks.rewire(id, standing, dependsOn, moment, tell);
    }
    if (opens) this.#tasks.reopen(id, standing, moment, tell);
    return left;
  }

  /** Recorded and told when the reason is another one than before. */
  #refuse(issue: DueIssue, { code, message }: VigilError): void {
    const { queue, subjects } = this.#parts;
    const { issueTasks, outbox } = queue.store;
    const { token, repo, number, refused } = issue;
    issueTasks.refused(issue, { code, message });
    issueTasks.waits(issue);
    if (refused === message) return;
    const at = new Date().toISOString();
    const task = issue.task ?? taskIdOf(token, number);
    const body: IssueTaskRefused = { at, repo, token, issue: number, task, code, message };
    outbox.add(`${token}.task-refused.${number}.${at}`, subjects.repoEvent(token, 'task-refused'), body);
  }
}

const ENDED: ReadonlySet<string> = new Set(['done', 'failed', 'cancelled']);
const HELD: ReadonlySet<string> = new Set(['claimed', 'running']);

function ofOneIssue(error: unknown): VigilError {
  if (error instanceof VigilError && OF_ONE_ISSUE.has(error.code)) return error;
  throw error;
}

function stateOf(wanted: TaskOfIssue | undefined): Followed {
  return wanted?.state ?? 'none';
}

function isOther({ description }: TaskOfIssue, standing: Standing): boolean {
  return (description ?? null) !== standing.description;
}

function sameIds({ dependsOn }: Standing, wanted: readonly string[]): boolean {
  const present = new Set(JSON.parse(dependsOn) as string[]);
  return present.size === wanted.length && wanted.every((id) => present.has(id));
}
