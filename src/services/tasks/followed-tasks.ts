import type { Standing } from '../../store/tasks/task-edits.js';
import type { Moment, TaskQueue, Tell } from './task-queue.js';

/**
 * What is done to tasks whose record somebody else keeps, such as an issue: they are described anew, are done without a
 * worker, open again, have other dependencies. All of it stands inside a `TaskQueue.change`.
 */
export class FollowedTasks {
  readonly #queue: TaskQueue;

  constructor(queue: TaskQueue) {
    this.#queue = queue;
  }

  standing(id: string): Standing | undefined {
    return this.#queue.store.tasks.edits.standing(id);
  }

  describe({ seq }: Standing, title: string, description: string | undefined, { now }: Moment): void {
    this.#queue.store.tasks.edits.describe(seq, title, description, now);
  }

  /** It is done, whoever holds it: that one is fenced off. */
  finish(id: string, { seq }: Standing, reason: string, { now }: Moment, tell: Tell): void {
    const { store, keeper, scores } = this.#queue;
    store.tasks.edits.fence(seq);
    const freed = store.tasks.edges.complete([{ seq }], now);
    keeper.complete([id]);
    scores.update(
      freed.map((each) => each.id),
      now,
    );
    tell([{ id, state: 'done', reason }, ...freed]);
  }

  /**
   * It is open again; what it had freed waits for it anew. Nobody may hold a task behind it.
   *
   * @throws VigilError CONFLICT when what it depends on has come to wait for it.
   */
  reopen(id: string, { seq, state }: Standing, { now }: Moment, tell: Tell): void {
    const { store, keeper, scores } = this.#queue;
    const wasDone = state === 'done';
    const { changes, behind } = store.tasks.edits.reopen(seq, wasDone, now);
    if (wasDone) keeper.reopenDone(id, store.tasks.edits.waitsFor(seq), behind);
    else keeper.reopen([id]);
    scores.update([id], now);
    tell(changes);
  }

  /** Other dependencies, in place of those it has. Nobody may hold it. @throws VigilError CONFLICT for a cycle. */
  rewire(id: string, standing: Standing, wanted: readonly string[], { now }: Moment, tell: Tell): void {
    const { store, keeper, scores } = this.#queue;
    const { state, waitsFor } = store.tasks.edits.rewire(standing, wanted, now);
    // The graph has what is done no longer.
    if (state !== 'done') keeper.rewire(id, waitsFor);
    scores.touch(waitsFor);
    scores.update([id], now);
    if (state !== standing.state) tell([{ id, state }]);
  }
}
