import type { Database, Statement } from 'better-sqlite3';
import type { RestartEvent } from '../messages/health.js';

/** Restarts of agents, with their outcome. */
export class RestartTable {
  readonly #add: Statement;
  readonly #since: Statement<[number], { agent: string; at: number }>;
  readonly #prune: Statement<[number]>;

  constructor(database: Database) {
    this.#add = database.prepare(`
      insert into restarts (id, agent, at, finished_at, by, outcome, way, event) values (?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (id) do nothing`);
    this.#since = database.prepare(
      "select agent, at from restarts where at >= ? and by = 'ladder' order by at",
    );
    this.#prune = database.prepare('delete from restarts where at < ?');
  }

  /** Inside a transaction. */
  add(event: RestartEvent): void {
    const { id, agent, at, finishedAt, by, outcome, way } = event;
    this.#add.run(id, agent, Date.parse(at), Date.parse(finishedAt), by, outcome, way, JSON.stringify(event));
  }

  /** Vigil's own restarts since then, the oldest first: what it may do next follows from them. */
  since(at: number): { readonly agent: string; readonly at: number }[] {
    return this.#since.all(at);
  }

  /** Inside a transaction. */
  prune(before: number): void {
    this.#prune.run(before);
  }
}
