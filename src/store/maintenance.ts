import type { Database, Statement } from 'better-sqlite3';

/** No id of an agent is this. */
const FLEET = '*';

/** Agents, or the whole fleet, that are left alone for a while. Writes belong inside a transaction. */
export class MaintenanceTable {
  readonly #pause: Statement<[number, string | null, string]>;
  readonly #resume: Statement<[string], { agent: string }>;
  readonly #all: Statement<[], { agent: string }>;

  constructor(database: Database) {
    this.#pause = database.prepare(`
      insert into pauses (at, reason, agent) select ?, ?, value from json_each(?) where true
      on conflict (agent) do update set at = excluded.at, reason = excluded.reason`);
    this.#resume = database.prepare(
      'delete from pauses where agent in (select value from json_each(?)) returning agent',
    );
    this.#all = database.prepare('select agent from pauses');
  }

  /** @param ids undefined: the whole fleet. */
  pause(ids: readonly string[] | undefined, reason: string | undefined, now: number): void {
    this.#pause.run(now, reason ?? null, JSON.stringify(ids ?? [FLEET]));
  }

  /** @returns those that were paused. */
  resume(ids: readonly string[]): string[] {
    return this.#resume.all(JSON.stringify(ids)).map(({ agent }) => agent);
  }

  /** Ends the maintenance of the fleet, and that of each agent. @returns whether anything was paused. */
  resumeAll(): boolean {
    return this.#resume.all(JSON.stringify(this.#all.all().map(({ agent }) => agent))).length > 0;
  }

  present(): { readonly fleet: boolean; readonly agents: ReadonlySet<string> } {
    const agents = new Set(this.#all.all().map(({ agent }) => agent));
    return { fleet: agents.delete(FLEET), agents };
  }
}
