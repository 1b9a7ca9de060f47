import type { Database, Statement } from 'better-sqlite3';
import type { Place } from '../messages/agents.js';

interface PlaceRow {
  readonly agent: string;
  readonly repository: string | null;
  readonly branch: string | null;
  readonly folder: string;
}

/** Where each agent works, as it was seen last. */
export class PlaceTable {
  readonly #put: Statement;
  readonly #of: Statement<[string], PlaceRow>;

  constructor(database: Database) {
    this.#put = database.prepare(`
      insert into places (agent, repository, branch, folder, updated_at)
      values (@agent, @repository, @branch, @folder, @now)
      on conflict (agent) do update
        set repository = excluded.repository, branch = excluded.branch, folder = excluded.folder,
            updated_at = excluded.updated_at
        where repository is not excluded.repository or branch is not excluded.branch or folder is not excluded.folder`);
    this.#of = database.prepare(
      'select agent, repository, branch, folder from places where agent in (select value from json_each(?))',
    );
  }

  /** Inside a transaction. */
  put(agent: string, { repository, branch, folder }: Place, now: number): void {
    this.#put.run({ agent, repository, branch, folder, now });
  }

  /** By agent. */
  of(agents: readonly string[]): Map<string, Place> {
    return new Map(this.#of.all(JSON.stringify(agents)).map(({ agent, ...place }) => [agent, place]));
  }
}
