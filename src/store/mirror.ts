import type { Database, Statement } from 'better-sqlite3';
import type { PullSummary, RepoChangeKind } from '../messages/github.js';

/** How far a list was read. */
export interface Cursor {
  readonly url: string;
  readonly etag: string | null;
  readonly upto: string | null;
  readonly target: string | null;
  readonly next: string | null;
  readonly pages: number;
}

/** A row that was new or different. */
export interface Changed {
  readonly key: string;
  readonly title: string;
  readonly state: string;
  readonly author: string | null;
}

export interface DuePull {
  readonly number: number;
  readonly sha: string;
}

export interface OpenPull extends Omit<PullSummary, 'checks' | 'draft'> {
  readonly draft: number;
  readonly body: string;
  readonly passed: number;
  readonly failed: number;
  readonly running: number;
}

type Rows = readonly Readonly<Record<string, unknown>>[];
type Put = Statement<[{ token: string; rows: string }], Changed>;

/** One statement a page; a row that is as it was is not written and not returned. */
function upsert(
  database: Database,
  table: string,
  key: string,
  columns: readonly string[],
  returning: string,
): Put {
  const all = [key, ...columns];
  const changed = columns.map((column) => `${table}.${column} is not excluded.${column}`).join(' or ');
  return database.prepare(`
    insert into ${table} (token, ${all.join(', ')})
    select @token, ${all.map((column) => `value ->> '$.${column}'`).join(', ')} from json_each(@rows) where true
    on conflict (token, ${key}) do update set ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
     where ${changed}
    returning ${returning}`);
}

/** What was read of repositories: issues, pull requests, reviews, checks, commits, and how far. */
export class MirrorTables {
  readonly #puts: Readonly<Record<RepoChangeKind, Put>>;
  readonly #cursor: Statement<[string, string], Cursor>;
  readonly #setCursor: Statement<[Record<string, unknown>]>;
  readonly #due: Statement<[{ token: string; limit: number }], DuePull>;
  readonly #read: Statement<[{ token: string; numbers: string }]>;
  readonly #known: Statement<[string, string], { n: number }>;
  readonly #openPulls: Statement<[{ token: string; limit: number }], OpenPull>;

  constructor(database: Database) {
    this.#puts = {
      issue: upsert(
        database,
        'issues',
        'number',
        ['title', 'body', 'state', 'reason', 'author', 'labels', 'created_at', 'updated_at', 'closed_at'],
        'cast(number as text) as key, title, state, author',
      ),
      pull: upsert(
        database,
        'pull_requests',
        'number',
        [
          'title',
          'body',
          'state',
          'draft',
          'author',
          'branch',
          'sha',
          'base',
          'created_at',
          'updated_at',
          'merged_at',
        ],
        "cast(number as text) as key, title, iif(merged_at is null, state, 'merged') as state, author",
      ),
      review: upsert(
        database,
        'reviews',
        'id',
        ['pull', 'author', 'state', 'submitted_at'],
        "cast(id as text) as key, '' as title, state, author",
      ),
      check: upsert(
        database,
        'checks',
        'id',
        ['pull', 'sha', 'name', 'status', 'conclusion', 'at'],
        'cast(id as text) as key, name as title, coalesce(conclusion, status) as state, null as author',
      ),
      commit: upsert(
        database,
        'commits',
        'sha',
        ['message', 'author', 'at'],
        "sha as key, message as title, 'committed' as state, author",
      ),
    };
    this.#cursor = database.prepare(
      'select url, etag, upto, target, next, pages from github_cursors where token = ? and list = ?',
    );
    this.#setCursor = database.prepare(`
      insert or replace into github_cursors (token, list, url, etag, upto, target, next, pages)
      values (@token, @list, @url, @etag, @upto, @target, @next, @pages)`);
    // Checks run on without the pull request being touched: open ones are always due.
    this.#due = database.prepare(`
      select number, sha from pull_requests
       where token = @token and (state = 'open' or read_at is not updated_at)
       order by read_at is not updated_at desc, updated_at desc limit @limit`);
    this.#read = database.prepare(`
      update pull_requests set read_at = updated_at
       where token = @token and number in (select value from json_each(@numbers)) and read_at is not updated_at`);
    this.#known = database.prepare('select count(*) as n from commits where token = ? and sha = ?');
    this.#openPulls = database.prepare(`
      with latest as (
        select pull, author, state, row_number() over (
          partition by pull, author order by submitted_at desc, id desc) as place
          from reviews where token = @token and state in ('APPROVED', 'CHANGES_REQUESTED', 'DISMISSED'))
      select number, title, body, author, draft, branch, updated_at as updatedAt,
        (select count(*) from latest l where l.pull = p.number and place = 1 and l.state = 'APPROVED') as approvals,
        (select count(*) from latest l
          where l.pull = p.number and place = 1 and l.state = 'CHANGES_REQUESTED') as changesRequested,
        (select count(*) from checks c where c.token = p.token and c.pull = p.number and c.sha = p.sha
            and c.conclusion in ('success', 'neutral', 'skipped')) as passed,
        (select count(*) from checks c where c.token = p.token and c.pull = p.number and c.sha = p.sha
            and c.conclusion not in ('success', 'neutral', 'skipped')) as failed,
        (select count(*) from checks c where c.token = p.token and c.pull = p.number and c.sha = p.sha
            and c.conclusion is null) as running
        from pull_requests p where token = @token and state = 'open'
       order by updated_at desc limit @limit`);
  }

  /** Inside a transaction. @returns the rows that were new or different. */
  put(kind: RepoChangeKind, token: string, rows: Rows): Changed[] {
    return this.#puts[kind].all({ token, rows: JSON.stringify(rows) });
  }

  cursor(token: string, list: string): Cursor | undefined {
    return this.#cursor.get(token, list);
  }

  /** Inside the transaction that writes what was read. */
  setCursor(token: string, list: string, cursor: Cursor): void {
    this.#setCursor.run({ ...cursor, token, list });
  }

  /** Pull requests whose reviews and checks are to be read, those that changed first. */
  duePulls(token: string, limit: number): DuePull[] {
    return this.#due.all({ token, limit });
  }

  /** Inside a transaction: their reviews and checks are on record. */
  pullsRead(token: string, numbers: readonly number[]): void {
    this.#read.run({ token, numbers: JSON.stringify(numbers) });
  }

  knowsCommit(token: string, sha: string): boolean {
    return this.#known.get(token, sha)?.n === 1;
  }

  openPulls(token: string, limit: number): OpenPull[] {
    return this.#openPulls.all({ token, limit });
  }
}
