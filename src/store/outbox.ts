import type { Database, Statement } from 'better-sqlite3';

export interface OutboxRow {
  readonly seq: number;
  readonly msgId: string;
  readonly subject: string;
  readonly payload: string;
}

/**
 * Messages that leave: written in the transaction of what they tell of, removed when the stream has them. A crash
 * between the two sends them again with the same id, which the stream knows.
 */
export class Outbox {
  readonly #add: Statement<[string, string, string]>;
  readonly #next: Statement<[number, number], OutboxRow>;
  readonly #remove: Statement<[string]>;
  readonly #count: Statement<[], { n: number }>;

  constructor(database: Database) {
    this.#add = database.prepare(
      'insert into outbox (msg_id, subject, payload) values (?, ?, ?) on conflict (msg_id) do nothing',
    );
    this.#next = database.prepare(
      'select seq, msg_id as msgId, subject, payload from outbox where seq > ? order by seq limit ?',
    );
    this.#remove = database.prepare('delete from outbox where seq in (select value from json_each(?))');
    this.#count = database.prepare('select count(*) as n from outbox');
  }

  /** Inside a transaction. A message whose id waits already is the same message. */
  add(msgId: string, subject: string, value: unknown): void {
    this.#add.run(msgId, subject, JSON.stringify(value));
  }

  /** The oldest rows after `seq`. */
  next(after: number, limit: number): OutboxRow[] {
    return this.#next.all(after, limit);
  }

  /** Inside a transaction. */
  remove(seqs: readonly number[]): void {
    this.#remove.run(JSON.stringify(seqs));
  }

  get size(): number {
    return this.#count.get()?.n ?? 0;
  }
}
