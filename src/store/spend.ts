import type { Database, Statement } from 'better-sqlite3';

/** Tokens that the model judge spent, by day. */
export class SpendTable {
  readonly #add: Statement<[string, number]>;
  readonly #of: Statement<[string], { tokens: number }>;

  constructor(database: Database) {
    this.#add = database.prepare(`
      insert into spend (day, tokens) values (?, ?)
      on conflict (day) do update set tokens = tokens + excluded.tokens`);
    this.#of = database.prepare('select tokens from spend where day = ?');
  }

  /** Inside a transaction. @param day ISO date. */
  add(day: string, tokens: number): void {
    this.#add.run(day, tokens);
  }

  of(day: string): number {
    return this.#of.get(day)?.tokens ?? 0;
  }
}
