import type { Database, Statement } from 'better-sqlite3';
import type { AgentStatusName, StatusSource } from '../messages/health.js';

/** Times are epoch milliseconds. */
export interface StatusRow {
  readonly agent: string;
  readonly state: AgentStatusName;
  readonly since: number;
  readonly source: StatusSource | null;
  readonly at: number | null;
}

/** What each agent was last said to do: a change is told once, also over a restart of the supervisor. */
export class StatusTable {
  readonly #put: Statement<[string]>;
  readonly #all: Statement<[], StatusRow>;

  constructor(database: Database) {
    this.#put = database.prepare(`
      insert into statuses (agent, state, since, source, at)
      select value ->> '$.agent', value ->> '$.state', value ->> '$.since', value ->> '$.source', value ->> '$.at'
        from json_each(?) where exists (select 1 from agents where id = value ->> '$.agent')
      on conflict (agent) do update
        set state = excluded.state, since = excluded.since, source = excluded.source, at = excluded.at`);
    this.#all = database.prepare('select agent, state, since, source, at from statuses');
  }

  /** Inside a transaction. */
  put(rows: readonly StatusRow[]): void {
    this.#put.run(JSON.stringify(rows));
  }

  all(): StatusRow[] {
    return this.#all.all();
  }
}
