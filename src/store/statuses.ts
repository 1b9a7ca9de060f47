import type { Database, Statement } from 'better-sqlite3';
import type { AgentStatusName, StatusSource } from '../messages/health.js';

/** Times are epoch milliseconds. */
export interface StatusRow {
  readonly agent: string;
  readonly state: AgentStatusName;
  readonly since: number;
  readonly source: StatusSource | null;
  readonly at: number | null;
  /** It has ended, and nobody has said that they know. */
  readonly unseen: boolean;
}

/** What each agent was last said to do: a change is told once, also over a restart of the supervisor. */
export class StatusTable {
  readonly #put: Statement<[string]>;
  readonly #all: Statement<[], Omit<StatusRow, 'unseen'> & { readonly unseen: number }>;

  constructor(database: Database) {
    this.#put = database.prepare(`
      insert into statuses (agent, state, since, source, at, unseen)
      select value ->> '$.agent', value ->> '$.state', value ->> '$.since', value ->> '$.source', value ->> '$.at',
             value ->> '$.unseen'
        from json_each(?) where exists (select 1 from agents where id = value ->> '$.agent')
      on conflict (agent) do update
        set state = excluded.state, since = excluded.since, source = excluded.source, at = excluded.at,
            unseen = excluded.unseen`);
    this.#all = database.prepare('select agent, state, since, source, at, unseen from statuses');
  }

  /** Inside a transaction. */
  put(rows: readonly StatusRow[]): void {
    this.#put.run(JSON.stringify(rows.map((row) => ({ ...row, unseen: row.unseen ? 1 : 0 }))));
  }

  all(): StatusRow[] {
    return this.#all.all().map((row) => ({ ...row, unseen: row.unseen === 1 }));
  }
}
