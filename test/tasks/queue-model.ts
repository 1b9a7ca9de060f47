import type { TaskState } from '../../src/messages/tasks.js';

export interface ModelTask {
  readonly id: string;
  dependsOn: readonly string[];
  readonly maxRetries: number;
  readonly capabilities: readonly string[];
  state: TaskState;
  failures: number;
  agent: string | undefined;
  token: number | undefined;
  leaseUntil: number;
  notBefore: number | undefined;
  /** Tokens of claims that are over. */
  readonly old: number[];
}

export const LEASE_MS = 1_000;
export const BACKOFF_MS = 500;

/** What the queue is to do, as simply as it can be said: every question is a walk over all tasks. */
export class QueueModel {
  readonly tasks = new Map<string, ModelTask>();
  awake = 0;
  /** What a kill goes back to. */
  noted = 0;
  next = 0;

  get all(): ModelTask[] {
    return [...this.tasks.values()];
  }

  open({ dependsOn }: Pick<ModelTask, 'dependsOn'>): string[] {
    return dependsOn.filter((id) => this.tasks.get(id)?.state !== 'done');
  }

  isHeld({ state }: ModelTask): boolean {
    return state === 'claimed' || state === 'running';
  }

  add(id: string, dependsOn: readonly string[], maxRetries: number, capabilities: readonly string[]): void {
    const task: ModelTask = {
      id,
      dependsOn,
      maxRetries,
      capabilities,
      state: 'pending',
      failures: 0,
      agent: undefined,
      token: undefined,
      leaseUntil: 0,
      notBefore: undefined,
      old: [],
    };
    this.tasks.set(id, task);
  }

  /** Tasks whose wait is over are ready; leases that are over end. What a claim and a sweep do first. */
  settle(): void {
    for (const task of this.all) {
      if (this.isHeld(task) && task.leaseUntil <= this.awake) this.failed(task, true, 0);
      if (task.notBefore !== undefined && task.notBefore <= this.awake) {
        task.notBefore = undefined;
        task.state = 'ready';
      }
    }
  }

  ready(): void {
    for (const task of this.all)
      if (task.state === 'pending' && task.notBefore === undefined && this.open(task).length === 0)
        task.state = 'ready';
  }

  failed(task: ModelTask, retry: boolean, waitMs: number): void {
    this.over(task);
    task.failures++;
    if (!retry || task.failures > task.maxRetries) task.state = 'failed';
    else if (waitMs === 0) task.state = 'ready';
    else {
      task.state = 'pending';
      task.notBefore = this.awake + waitMs;
    }
  }

  /** Whatever is finished, unless an unfinished one waits for it. */
  forget(): void {
    const isFinished = ({ state }: ModelTask) => ['done', 'failed', 'cancelled'].includes(state);
    const gone = this.all.filter(
      (task) =>
        isFinished(task) &&
        (task.state === 'done' ||
          !this.all.some((each) => !isFinished(each) && each.dependsOn.includes(task.id))),
    );
    const ids = new Set(gone.map(({ id }) => id));
    for (const id of ids) this.tasks.delete(id);
    for (const task of this.all) task.dependsOn = task.dependsOn.filter((id) => !ids.has(id));
  }

  over(task: ModelTask): void {
    if (task.token !== undefined && !task.old.includes(task.token)) task.old.push(task.token);
  }

  /** The task whose present lease this token is of. */
  mayChange(task: ModelTask, token: number): boolean {
    return this.isHeld(task) && task.token === token && task.leaseUntil > this.awake;
  }

  /** Whether any chain of tasks that are not done leads back to its start. */
  hasCircle(): boolean {
    const leadsTo = (from: string, to: string, seen: Set<string>): boolean =>
      (this.tasks.get(from)?.dependsOn ?? []).some((id) => {
        if (this.tasks.get(id)?.state === 'done') return false;
        if (id === to) return true;
        if (seen.has(id)) return false;
        seen.add(id);
        return leadsTo(id, to, seen);
      });
    return this.all.some(({ id, state }) => state !== 'done' && leadsTo(id, id, new Set()));
  }

  behind(ids: readonly string[]): Set<string> {
    const found = new Set(ids);
    for (let size = -1; size !== found.size; ) {
      size = found.size;
      for (const task of this.all) if (task.dependsOn.some((id) => found.has(id))) found.add(task.id);
    }
    return found;
  }
}
