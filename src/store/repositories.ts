import type { Database, Statement } from 'better-sqlite3';
import { VigilError } from '../messages/errors.js';
import { type RepoState, type RepositoryRecord, repoToken, SyncItem } from '../messages/github.js';

export interface StoredRepository {
  readonly token: string;
  /** As GitHub writes it. */
  readonly repo: string;
  readonly state: RepoState;
  readonly defaultBranch: string | null;
  readonly hasIssues: number;
}

type RecordRow = Omit<RepositoryRecord, 'private' | 'archived' | 'syncedAt'> & {
  readonly private: number;
  readonly archived: number;
  readonly syncedAt: number | null;
};

/** What GitHub says of a repository itself. */
export interface RepositoryFacts {
  readonly repo: string;
  readonly githubId: number;
  readonly defaultBranch: string;
  readonly private: boolean;
  readonly archived: boolean;
  readonly hasIssues: boolean;
}

const STORED = 'token, full_name as repo, state, default_branch as defaultBranch, has_issues as hasIssues';
const RECORD = `
  token, full_name as repo, state, source, default_branch as defaultBranch, private, archived,
  synced_at as syncedAt, last_error as lastError,
  (select count(*) from issues i where i.token = r.token and i.state = 'open') as openIssues,
  (select count(*) from pull_requests p where p.token = r.token and p.state = 'open') as openPulls,
  (select count(*) from commits c where c.token = r.token) as commits`;

/** Repositories on record, under every name they had, and what syncs did. Writes belong inside a transaction. */
export class RepositoryTable {
  readonly #add: Statement<[{ token: string; name: string; repo: string; source: string; now: number }]>;
  readonly #addName: Statement<[string, string]>;
  readonly #dropUnnamed: Statement<[string]>;
  readonly #remove: Statement<[string]>;
  readonly #find: Statement<[{ name: string }], StoredRepository>;
  readonly #all: Statement<[], StoredRepository>;
  readonly #list: Statement<[string, number], RecordRow>;
  readonly #record: Statement<[string], RecordRow>;
  readonly #describe: Statement<[Record<string, unknown>]>;
  readonly #setState: Statement<[{ token: string; state: RepoState; error: string | null }]>;
  readonly #synced: Statement<[number, string]>;
  readonly #failed: Statement<[string, string]>;
  readonly #refused: Statement<[string, string]>;
  readonly #addItem: Statement<[string, string, string]>;
  readonly #items: Statement<[string], { token: string; item: string }>;
  readonly #prune: Statement<[]>;

  constructor(database: Database) {
    this.#add = database.prepare(`
      insert into repositories (token, name, full_name, source, added_at)
      values (@token, @name, @repo, @source, @now) on conflict do nothing`);
    this.#addName = database.prepare(
      'insert into repository_names (name, token) values (?, ?) on conflict (name) do update set token = excluded.token',
    );
    this.#dropUnnamed = database.prepare(`
      delete from repositories where source = 'settings' and token not in (
        select token from repository_names where name in (select value from json_each(?)))`);
    this.#remove = database.prepare('delete from repositories where token = ?');
    this.#find = database.prepare(`
      select ${STORED} from repositories where name = @name
      union all
      select ${STORED} from repositories where token = (select token from repository_names where name = @name)
      limit 1`);
    this.#all = database.prepare(`select ${STORED} from repositories order by token`);
    this.#list = database.prepare(
      `select ${RECORD} from repositories r where token > ? order by token limit ?`,
    );
    this.#record = database.prepare(`select ${RECORD} from repositories r where token = ?`);
    this.#describe = database.prepare(`
      update repositories
         set name = @name, full_name = @repo, github_id = @githubId, default_branch = @defaultBranch,
             private = @private, archived = @archived, has_issues = @hasIssues
       where token = @token`);
    this.#setState = database.prepare(
      'update repositories set state = @state, last_error = @error where token = @token',
    );
    this.#synced = database.prepare(
      "update repositories set synced_at = ?, state = 'active', last_error = null where token = ?",
    );
    this.#failed = database.prepare('update repositories set last_error = ? where token = ?');
    this.#refused = database.prepare(
      'update repositories set last_error = ? where token = ? and last_error is null',
    );
    this.#addItem = database.prepare(
      'insert into sync_items (request_id, token, item) values (?, ?, ?) on conflict do nothing',
    );
    this.#items = database.prepare('select token, item from sync_items where request_id = ? order by token');
    this.#prune = database.prepare(
      'delete from sync_items where request_id not in (select id from requests)',
    );
  }

  /** @returns false when it is on record, perhaps under another name. */
  add(repo: string, source: 'settings' | 'wire', now: number): boolean {
    const name = repo.toLowerCase();
    if (this.find(repo) !== undefined) return false;
    const token = repoToken(repo);
    if (this.#add.run({ token, name, repo, source, now }).changes === 0) return false;
    this.#addName.run(name, token);
    return true;
  }

  /** Those of the settings: new ones are added, those that are named no longer are forgotten. */
  declare(repos: readonly string[], now: number): void {
    for (const repo of repos) this.add(repo, 'settings', now);
    this.#dropUnnamed.run(JSON.stringify(repos.map((repo) => repo.toLowerCase())));
  }

  /** @returns false when there is none of that name. */
  remove(repo: string): boolean {
    const found = this.find(repo);
    return found !== undefined && this.#remove.run(found.token).changes === 1;
  }

  find(repo: string): StoredRepository | undefined {
    return this.#find.get({ name: repo.toLowerCase() });
  }

  all(): StoredRepository[] {
    return this.#all.all();
  }

  list(after: string, limit: number): RepositoryRecord[] {
    return this.#list.all(after, limit).map(recordOf);
  }

  record(token: string): RepositoryRecord | undefined {
    const row = this.#record.get(token);
    return row === undefined ? undefined : recordOf(row);
  }

  /** @throws VigilError CONFLICT when the new name is another repository's on record. */
  describe(token: string, facts: RepositoryFacts): void {
    const name = facts.repo.toLowerCase();
    const other = this.find(facts.repo);
    if (other !== undefined && other.token !== token)
      throw new VigilError(
        'CONFLICT',
        `is ${facts.repo} now, which is on record already; remove one of them`,
      );
    const flags = {
      private: Number(facts.private),
      archived: Number(facts.archived),
      hasIssues: Number(facts.hasIssues),
    };
    this.#describe.run({ ...facts, ...flags, name, token });
    this.#addName.run(name, token);
  }

  setState(token: string, state: RepoState, error: string | null): void {
    this.#setState.run({ token, state, error });
  }

  synced(token: string, now: number): void {
    this.#synced.run(now, token);
  }

  failed(token: string, error: string): void {
    this.#failed.run(error, token);
  }

  /** It was read, and something of it could not be followed: what could not be read counts for more. */
  refused(token: string, error: string): void {
    this.#refused.run(error, token);
  }

  addItem(requestId: string, item: SyncItem): void {
    this.#addItem.run(requestId, item.token, JSON.stringify(item));
  }

  /** Repositories that this request is done with. */
  itemsOf(requestId: string): SyncItem[] {
    return this.#items.all(requestId).map(({ item }) => SyncItem.parse(JSON.parse(item)));
  }

  /** Forgets what syncs did whose request is forgotten. */
  prune(): void {
    this.#prune.run();
  }
}

function recordOf(row: RecordRow): RepositoryRecord {
  return {
    ...row,
    private: row.private === 1,
    archived: row.archived === 1,
    syncedAt: row.syncedAt === null ? null : new Date(row.syncedAt).toISOString(),
  };
}
