import type { Database, Statement } from 'better-sqlite3';

export type RequestSource = 'trigger' | 'rpc' | 'schedule';
export type RequestState = 'accepted' | 'running' | 'done' | 'refused';

export interface StoredRequest {
  readonly id: string;
  readonly kind: string;
  readonly source: RequestSource;
  readonly payload: string;
  readonly state: RequestState;
  /** Times it was begun; more than once when a supervisor died over it. */
  readonly attempts: number;
  /** Epoch milliseconds of the first begin. */
  readonly startedAt: number | null;
  readonly result: string | null;
}

const COLUMNS = 'id, kind, source, payload, state, attempts, started_at as startedAt, result';

/** Requests from acceptance to final result: what a supervisor that was killed goes on with. */
export class RequestTable {
  readonly #accept: Statement<[string, string, RequestSource, string, number]>;
  readonly #begin: Statement<[{ id: string; now: number }], StoredRequest>;
  readonly #finish: Statement<[{ id: string; state: RequestState; now: number; result: string }]>;
  readonly #get: Statement<[string], StoredRequest>;
  readonly #unfinished: Statement<[], StoredRequest>;
  readonly #prune: Statement<[number]>;

  constructor(database: Database) {
    this.#accept = database.prepare(`
      insert into requests (id, kind, source, payload, state, accepted_at) values (?, ?, ?, ?, 'accepted', ?)
      on conflict (id) do nothing`);
    this.#begin = database.prepare(`
      update requests set state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, @now)
       where id = @id and state in ('accepted', 'running') returning ${COLUMNS}`);
    this.#finish = database.prepare(`
      update requests set state = @state, finished_at = @now, result = @result
       where id = @id and state in ('accepted', 'running')`);
    this.#get = database.prepare(`select ${COLUMNS} from requests where id = ?`);
    this.#unfinished = database.prepare(
      `select ${COLUMNS} from requests where state in ('accepted', 'running') order by accepted_at`,
    );
    this.#prune = database.prepare('delete from requests where finished_at < ?');
  }

  /** Inside a transaction. @returns false when a request of that id is known: it is the same one. */
  accept(id: string, kind: string, source: RequestSource, payload: unknown, now: number): boolean {
    return this.#accept.run(id, kind, source, JSON.stringify(payload), now).changes === 1;
  }

  /** Inside a transaction. @returns undefined when it is finished. */
  begin(id: string, now: number): StoredRequest | undefined {
    return this.#begin.get({ id, now });
  }

  /** Inside a transaction. @returns false when it was finished before: its result stands. */
  finish(id: string, state: 'done' | 'refused', result: unknown, now: number): boolean {
    return this.#finish.run({ id, state, now, result: JSON.stringify(result) }).changes === 1;
  }

  get(id: string): StoredRequest | undefined {
    return this.#get.get(id);
  }

  unfinished(): StoredRequest[] {
    return this.#unfinished.all();
  }

  /** Inside a transaction: forgets those that finished before. */
  prune(before: number): void {
    this.#prune.run(before);
  }
}
