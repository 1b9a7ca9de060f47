import type { Database, Statement } from 'better-sqlite3';
import { Heartbeat } from '../messages/agent-wire.js';
import { parseWith } from '../messages/errors.js';

/** The latest heartbeat of an agent. */
export interface HeartbeatRow {
  readonly agent: string;
  /** Epoch milliseconds at which it came in. */
  readonly seenAt: number;
  readonly beat: Heartbeat;
  readonly instances: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
}

/** One sample of an agent's figures. */
export interface FigureRow {
  readonly agent: string;
  readonly at: number;
  readonly beat: Heartbeat;
}

interface StoredRow extends Omit<HeartbeatRow, 'beat'> {
  readonly beat: string;
}

/** The latest heartbeat of each agent, and samples of their figures. */
export class HeartbeatTable {
  readonly #put: Statement<[string]>;
  readonly #sample: Statement<[string]>;
  readonly #all: Statement<[], StoredRow>;
  readonly #prune: Statement<[number]>;

  constructor(database: Database) {
    // Many in one statement. An agent that was removed meanwhile has none.
    this.#put = database.prepare(`
      insert into heartbeats (agent, seen_at, beat, instances, lost, duplicates, reordered)
      select value ->> '$.agent', value ->> '$.seenAt', value -> '$.beat', value ->> '$.instances',
             value ->> '$.lost', value ->> '$.duplicates', value ->> '$.reordered'
        from json_each(?) where exists (select 1 from agents where id = value ->> '$.agent')
      on conflict (agent) do update
        set seen_at = excluded.seen_at, beat = excluded.beat, instances = excluded.instances, lost = excluded.lost,
            duplicates = excluded.duplicates, reordered = excluded.reordered`);
    this.#sample = database.prepare(`
      insert into figures (agent, at, state, rss_bytes, cpu_ms, tokens, cost)
      select value ->> '$.agent', value ->> '$.at', value ->> '$.beat.state', value ->> '$.beat.rssBytes',
             value ->> '$.beat.cpuMs', cast(value ->> '$.beat.tokens' as real), cast(value ->> '$.beat.cost' as real)
        from json_each(?) where exists (select 1 from agents where id = value ->> '$.agent')
      on conflict (agent, at) do nothing`);
    this.#all = database.prepare(`
      select agent, seen_at as seenAt, beat, instances, lost, duplicates, reordered from heartbeats`);
    this.#prune = database.prepare('delete from figures where at < ?');
  }

  /** Inside a transaction. */
  put(rows: readonly HeartbeatRow[]): void {
    this.#put.run(JSON.stringify(rows));
  }

  /** Inside a transaction. */
  sample(rows: readonly FigureRow[]): void {
    this.#sample.run(JSON.stringify(rows));
  }

  all(): HeartbeatRow[] {
    return this.#all.all().map((row) => ({
      ...row,
      beat: parseWith(Heartbeat, JSON.parse(row.beat), `heartbeat of ${row.agent} in the database`),
    }));
  }

  /** Inside a transaction: forgets samples from before. */
  prune(before: number): void {
    this.#prune.run(before);
  }
}
