import { createPool, type Pool } from '../../pool/pool.js';
import type { Store } from '../../store/store.js';
import type { ScoreRow } from '../../store/tasks/task-queries.js';
import {
  FIELDS,
  packInput,
  type ScoreInput,
  type ScoreSettings,
  scoreOf,
  type Term,
  terms,
} from '../../tasks/score.js';
import { type ScoreBatch, scoreBatch } from '../../tasks/score-batch.js';
import type { GraphKeeper } from './graph-keeper.js';

const WORKER = new URL('../../tasks/score.worker.js', import.meta.url);
/** Fewer are scored faster here than a thread can be told of them. */
const MIN_FOR_POOL = 500;
/** A score that moved less than this changes no order that anybody would notice; it is not worth a write. */
const NOTABLE = 0.002;
/** Changed tasks that are remembered for the next pass; what is beyond waits for the passes to come by. */
const MAX_CHANGED = 10_000;

/**
 * Keeps the scores of ready tasks. They are computed when a task becomes ready or is changed; age, deadlines and what waits
 * for them are looked after by passes of `scoreBatch` tasks each, which go through all ready tasks in turn.
 */
export class TaskScores {
  readonly #store: Store;
  readonly #keeper: GraphKeeper;
  readonly #settings: ScoreSettings;
  /** Its thread is there from the first large pass on. */
  #pool: Pool<ScoreBatch, Float64Array> | undefined;
  /** Tasks whose dependants changed. */
  readonly #changed = new Set<string>();
  /** Where the next pass goes on. */
  #after = 0;

  constructor(store: Store, keeper: GraphKeeper, settings: ScoreSettings) {
    this.#store = store;
    this.#keeper = keeper;
    this.#settings = settings;
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }

  /** Of a task that nothing waits for yet. */
  ofNew(input: Omit<ScoreInput, 'unblocks' | 'failures'>, now: number): number {
    return scoreOf({ ...input, unblocks: 0, failures: 0 }, now, this.#settings);
  }

  /** Inside a transaction, when the graph is up to date: scores these tasks anew. */
  update(ids: readonly string[], now: number): void {
    const rows = this.#store.tasks.queries.toScoreById(ids);
    this.#store.tasks.queries.setScores(
      rows.map((row) => [row.seq, scoreOf(this.#inputOf(row), now, this.#settings)] as const),
    );
  }

  /** What waits for these tasks has changed: the next pass begins with them. */
  touch(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#changed.size >= MAX_CHANGED) return;
      this.#changed.add(id);
    }
  }

  explain(id: string, now: number): { score: number; terms: Term[]; notes: string[] } | undefined {
    const [row] = this.#store.tasks.queries.toScoreById([id]);
    return row === undefined ? undefined : terms(this.#inputOf(row), now, this.#settings);
  }

  /** Scores up to `limit` ready tasks, and those that were touched. @returns how many scores were written. */
  async pass(limit: number, now: number): Promise<number> {
    const { queries } = this.#store.tasks;
    const touched = queries.toScoreById([...this.#changed]);
    this.#changed.clear();
    const rows = queries.toScore(this.#after, limit);
    this.#after = rows.length < limit ? 0 : (rows.at(-1)?.seq ?? 0);
    const all = [...touched, ...rows];
    if (all.length === 0) return 0;
    const scores = await this.#compute(all, now);
    const notable = all
      .map((row, i) => [row.seq, scores[i] as number, row.score] as const)
      .filter(([, score, before]) => Math.abs(score - before) >= NOTABLE);
    if (notable.length > 0)
      await this.#store.write(() => queries.setScores(notable.map(([seq, score]) => [seq, score] as const)));
    return notable.length;
  }

  async #compute(rows: readonly ScoreRow[], now: number): Promise<Float64Array> {
    const packed = new Float64Array(
      new SharedArrayBuffer(rows.length * FIELDS * Float64Array.BYTES_PER_ELEMENT),
    );
    for (const [i, row] of rows.entries()) packInput(this.#inputOf(row), packed, i);
    const batch: ScoreBatch = { rows: packed, now, settings: this.#settings };
    if (rows.length < MIN_FOR_POOL) return scoreBatch(batch);
    this.#pool ??= createPool({ worker: WORKER, threads: 1 });
    return this.#pool.run(batch);
  }

  #inputOf(row: ScoreRow): ScoreInput {
    const known = this.#keeper.graph.has(row.id);
    return { ...row, unblocks: known ? this.#keeper.unblocks(row.id, this.#settings.unblocksFull) : 0 };
  }
}
