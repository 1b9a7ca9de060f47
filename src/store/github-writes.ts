import type { Database, Statement } from 'better-sqlite3';

/** A comment or label that is to be written on an issue, once. */
export interface GitHubWrite {
  /** The same for the same thing to write. */
  readonly id: string;
  readonly token: string;
  readonly issue: number;
  readonly kind: 'comment' | 'label';
  readonly text: string;
  readonly attempts: number;
  /** Epoch milliseconds at which it was wanted. */
  readonly at: number;
}

/** What is to be written on GitHub: recorded with what it tells of, done or given up later. */
export class GitHubWriteTable {
  readonly #want: Statement<[Omit<GitHubWrite, 'attempts'>]>;
  readonly #next: Statement<[string], GitHubWrite>;
  readonly #done: Statement<[string]>;
  readonly #failed: Statement<[{ id: string; error: string; final: number }]>;
  readonly #postponed: Statement<[string, string]>;
  readonly #prune: Statement<[number]>;

  constructor(database: Database) {
    this.#want = database.prepare(`
      insert into github_writes (id, token, issue, kind, text, state, at)
      values (@id, @token, @issue, @kind, @text, 'waiting', @at) on conflict do nothing`);
    this.#next = database.prepare(`
      select id, token, issue, kind, text, attempts, at from github_writes
       where state = 'waiting' and token not in (select value from json_each(?))
       order by attempts, at limit 1`);
    this.#done = database.prepare("update github_writes set state = 'done', error = null where id = ?");
    this.#failed = database.prepare(`
      update github_writes set attempts = attempts + 1, error = @error, state = iif(@final, 'failed', 'waiting')
       where id = @id`);
    this.#postponed = database.prepare('update github_writes set error = ? where id = ?');
    // While its issue has a task, that may be done once more: only what is known is not wanted again.
    this.#prune = database.prepare(`
      delete from github_writes as w
       where w.state <> 'waiting' and w.at < ?
         and not exists (select 1 from issue_tasks i join tasks t on t.id = i.task
                          where i.token = w.token and i.number = w.issue)`);
  }

  /** Inside the transaction of what it tells of. One that is known is not wanted again. */
  want(write: Omit<GitHubWrite, 'attempts'>): void {
    this.#want.run(write);
  }

  /** @param except repositories that have to wait. */
  next(except: readonly string[] = []): GitHubWrite | undefined {
    return this.#next.get(JSON.stringify(except));
  }

  /** Inside a transaction. */
  done(id: string): void {
    this.#done.run(id);
  }

  /** Inside a transaction. @param final it is not tried again. */
  failed(id: string, error: string, final: boolean): void {
    this.#failed.run({ id, error, final: Number(final) });
  }

  /** Inside a transaction: GitHub was not asked, or heard nobody: that is no attempt. */
  postponed(id: string, error: string): void {
    this.#postponed.run(error, id);
  }

  /** Forgets what was done or given up, and wanted before `before` (epoch milliseconds). */
  prune(before: number): void {
    this.#prune.run(before);
  }
}
