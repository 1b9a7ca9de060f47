import { VigilError } from '../../messages/errors.js';
import { newId } from '../../messages/ids.js';
import type { Subjects } from '../../messages/subjects.js';
import type { TaskSpec } from '../../messages/tasks.js';
import type { TaskSettings } from '../../settings/tasks.js';
import type { Store } from '../../store/store.js';
import type { NewTask } from '../../store/tasks/task-additions.js';
import type { TaskChange } from '../../store/tasks/task-rows.js';
import { createGraphAnalysis, type GraphAnalysis } from '../../tasks/analysis-pool.js';
import { AwakeClock } from '../../tasks/awake-clock.js';
import { GraphKeeper } from './graph-keeper.js';
import { GraphQuestions } from './graph-questions.js';
import { TaskEvents } from './task-events.js';
import { TaskScores } from './task-scores.js';

export interface TaskQueueParts {
  readonly store: Store;
  readonly subjects: Subjects;
  readonly settings: TaskSettings;
  wakeOutbox(): void;
  /** Whether agents can be heard. */
  isReachable(): boolean;
  /** Monotonic milliseconds. */
  monotonic(): number;
  /** A thread could not do its work, which was done here. */
  failed(error: unknown): void;
}

/** When something happens, in both times. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly now: number;
  /** The time that leases are counted in. */
  readonly awake: number;
}

/** Takes the changes that a transaction makes, for their events and for who listens. */
export type Tell = (changes: readonly TaskChange[]) => void;

/** Tasks that old rows are removed of at a time, so that no request waits for it long. */
const PRUNE_BATCH = 2_000;

/**
 * What people and programs do with tasks: add, cancel, open again, reprioritise. Each is one transaction over the record,
 * the graph and the events; what agents do is in `TaskLeases`.
 */
export class TaskQueue {
  readonly store: Store;
  readonly settings: TaskSettings;
  readonly keeper: GraphKeeper;
  readonly questions: GraphQuestions;
  readonly scores: TaskScores;
  readonly #events: TaskEvents;
  readonly #clock: AwakeClock;
  readonly #analysis: GraphAnalysis;
  readonly #wakeOutbox: () => void;
  #listener: ((changes: readonly TaskChange[], moment: Moment) => void) | undefined;

  private constructor(parts: TaskQueueParts, keeper: GraphKeeper, analysis: GraphAnalysis) {
    const { store, settings } = parts;
    this.store = store;
    this.settings = settings;
    this.keeper = keeper;
    this.#analysis = analysis;
    this.questions = new GraphQuestions(keeper, analysis);
    this.scores = new TaskScores(store, keeper, settings.score);
    this.#events = new TaskEvents(store, parts.subjects, settings);
    this.#wakeOutbox = parts.wakeOutbox;
    this.#clock = new AwakeClock({
      awake: store.tasks.claims.awake,
      // A look that comes a little late is no pause.
      maxGapMs: settings.sweepMs * 3,
      monotonic: parts.monotonic,
      isReachable: parts.isReachable,
    });
  }

  static async open(parts: TaskQueueParts): Promise<TaskQueue> {
    const analysis = createGraphAnalysis({ threads: 1 });
    const keeper = new GraphKeeper(parts.store, { rebuild: analysis.rows, onFailure: parts.failed });
    await keeper.open();
    return new TaskQueue(parts, keeper, analysis);
  }

  async close(): Promise<void> {
    await Promise.all([this.scores.close(), this.#analysis.close()]);
    const awake = this.#clock.now();
    await this.store.write(() => this.store.tasks.claims.noteAwake(awake));
  }

  /** Has `listener` told of all changes, inside their transaction; one at a time. */
  listen(listener: (changes: readonly TaskChange[], moment: Moment) => void): void {
    this.#listener = listener;
  }

  moment(): Moment {
    return { now: Date.now(), awake: Math.floor(this.#clock.now()) };
  }

  /**
   * Runs `action` in a transaction; it hands `tell` the changes it made, for the events.
   *
   * @returns its value once all is on the disk.
   */
  async change<T>(action: (moment: Moment, tell: Tell) => T): Promise<T> {
    let done = false;
    try {
      const value = await this.store.write(() => {
        // Read anew here, if it has to be: not when the record is ahead of it.
        void this.keeper.graph;
        const before = this.keeper.version;
        try {
          const moment = this.moment();
          const result = action(moment, (changes) => {
            this.#events.record(changes, moment.now);
            this.#listener?.(changes, moment);
          });
          done = true;
          return result;
        } catch (error) {
          if (this.keeper.version !== before) this.keeper.invalidate();
          throw error;
        }
      });
      this.#wakeOutbox();
      return value;
    } catch (error) {
      if (done) this.keeper.invalidate();
      throw error;
    }
  }

  /** All or none. @throws VigilError CONFLICT (id known, cycle), NOT_FOUND (dependency), BUSY (too many). */
  add(specs: readonly TaskSpec[]): Promise<{ added: string[]; existing: string[] }> {
    return this.change((moment, tell) => this.addWithin(specs, this.settings.missing, moment, tell));
  }

  /** As `add`, inside a `change`. @param missing what becomes of a dependency that nobody has added. */
  addWithin(
    specs: readonly TaskSpec[],
    missing: TaskSettings['missing'],
    { now }: Moment,
    tell: Tell,
  ): { added: string[]; existing: string[] } {
    const { additions } = this.store.tasks;
    const keys = specs.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
    if (new Set(keys).size < keys.length)
      throw new VigilError('BAD_REQUEST', 'tasks: two have the same idempotencyKey');
    const known = additions.underKeys(keys);
    const fresh = specs.filter(({ idempotencyKey: key }) => key === undefined || !known.has(key));
    const tasks = fresh.map((spec) => this.#newTask(spec, now));
    refuseTwice(tasks);
    const { size } = this.keeper.graph;
    if (size + tasks.length > this.settings.maxUnfinished)
      throw new VigilError('BUSY', `tasks: ${size} are unfinished (tasks.maxUnfinished)`);
    const waits = additions.add(tasks, { ...this.settings, missing }, now);
    this.keeper.add(tasks.map(({ id }, i) => ({ id, dependsOn: waits[i] as string[] })));
    const needed = new Set(waits.flat());
    this.scores.touch([...needed]);
    this.scores.update(
      tasks.filter(({ id }) => needed.has(id)).map(({ id }) => id),
      now,
    );
    tell(tasks.map(({ id }, i) => ({ id, state: waits[i]?.length === 0 ? 'ready' : 'pending' })));
    return { added: tasks.map(({ id }) => id), existing: [...known.values()] };
  }

  /** @returns those that were unfinished. */
  cancel(ids: readonly string[], dependants: boolean, reason: string | undefined): Promise<string[]> {
    return this.change((moment, tell) => this.cancelWithin(ids, dependants, reason, moment, tell));
  }

  /** As `cancel`, inside a `change`. */
  cancelWithin(
    ids: readonly string[],
    dependants: boolean,
    reason: string | undefined,
    { now }: Moment,
    tell: Tell,
  ): string[] {
    const { changes, edges } = this.store.tasks;
    const seqs = dependants ? edges.withDependants(ids) : changes.seqs(ids);
    const cancelled = changes.cancel(seqs, reason, now);
    this.keeper.apply(cancelled);
    tell(cancelled.map((change) => ({ ...change, reason })));
    return cancelled.map(({ id }) => id);
  }

  /** Opens tasks again that failed or were cancelled. @returns which. */
  retry(ids: readonly string[]): Promise<string[]> {
    return this.change(({ now }, tell) => {
      const opened = this.store.tasks.changes.retry(ids, now);
      const which = opened.map(({ id }) => id);
      if (which.length > 0) this.keeper.reopen(which);
      this.scores.update(which, now);
      tell(opened);
      return which;
    });
  }

  reprioritise(
    ids: readonly string[],
    to: { priority?: TaskSpec['priority'] | undefined; deadline?: string | null | undefined },
  ): Promise<string[]> {
    return this.change(({ now }) => {
      const deadline = typeof to.deadline === 'string' ? Date.parse(to.deadline) : to.deadline;
      const changed = this.store.tasks.changes.reprioritise(ids, { priority: to.priority, deadline }, now);
      this.scores.update(changed, now);
      return changed;
    });
  }

  /** Forgets what was finished before, some at a time. */
  async prune(before: number): Promise<void> {
    for (let some = PRUNE_BATCH; some === PRUNE_BATCH; )
      some = await this.change(() => {
        const gone = this.store.tasks.changes.prune(before, PRUNE_BATCH);
        if (gone.length > 0) this.keeper.forget(gone);
        return gone.length;
      });
  }

  #newTask(spec: TaskSpec, now: number): NewTask {
    const { maxRetries, backoffMs } = this.settings;
    const deadline = spec.deadline === undefined ? null : Date.parse(spec.deadline);
    const task = {
      ...spec,
      id: spec.id ?? newId(now),
      deadline,
      maxRetries: spec.maxRetries ?? maxRetries,
      backoffMs: spec.backoffMs ?? backoffMs,
    };
    return { ...task, score: this.scores.ofNew({ ...task, createdAt: now }, now) };
  }
}

function refuseTwice(tasks: readonly NewTask[]): void {
  const seen = new Set<string>();
  for (const { id } of tasks) {
    if (seen.has(id)) throw new VigilError('BAD_REQUEST', `tasks: ${id} is named twice`);
    seen.add(id);
  }
}
