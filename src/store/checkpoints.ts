import type { Database, Statement } from 'better-sqlite3';

export interface CheckpointRow {
  readonly agent: string;
  readonly key: string;
  readonly events: number;
  readonly data: string;
}

/** Where the agents' actors stood. */
export class CheckpointTable {
  readonly #load: Statement<[string, string], { data: string }>;
  readonly #save: Statement<[Record<string, unknown>]>;

  constructor(database: Database) {
    this.#load = database.prepare('select data from checkpoints where agent = ? and key = ?');
    this.#save = database.prepare(`
      insert into checkpoints (agent, key, events, data, at)
      select id, @key, @events, @data, @now from agents where id = @agent
      on conflict (agent) do update
        set key = excluded.key, events = excluded.events, data = excluded.data, at = excluded.at
        where excluded.key <> checkpoints.key or excluded.events >= checkpoints.events`);
  }

  load(agent: string, key: string): string | undefined {
    return this.#load.get(agent, key)?.data;
  }

  /** Inside a transaction. @returns false when one that is further is kept, and for an agent that is not on record. */
  save(row: CheckpointRow, now: number): boolean {
    return this.#save.run({ ...row, now }).changes === 1;
  }
}
