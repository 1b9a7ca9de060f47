import type { Database, Statement } from 'better-sqlite3';
import type { ErrorCode } from '../messages/errors.js';

/** What of an issue its task has followed. */
export type Followed = 'none' | 'open' | 'done' | 'cancelled';

export interface IssueKey {
  readonly token: string;
  readonly number: number;
}

/** An issue that changed, with what is known of its task. */
export interface DueIssue extends IssueKey {
  readonly repo: string;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly reason: string | null;
  /** JSON array. */
  readonly labels: string;
  /** Its task; null when it never had one. */
  readonly task: string | null;
  readonly followed: Followed;
  readonly refused: string | null;
}

/** What is known of an issue that another one names. */
export interface NamedIssue extends IssueKey {
  /** Null when it is not mirrored. */
  readonly state: string | null;
  readonly labels: string | null;
  /** Its repository is mirrored, and its issues are not all read. */
  readonly isUnread: number;
  readonly isPull: number;
  readonly followed: Followed | null;
  /** Its task is on record. */
  readonly hasTask: number;
}

export interface RefusedIssue {
  readonly number: number;
  readonly code: ErrorCode;
  readonly refused: string;
}

/** Which task is of which issue, and which issues are still to be followed. Writes belong inside a transaction. */
export class IssueTaskTables {
  readonly #changed: Statement<[{ token: string; numbers: string }]>;
  readonly #naming: Statement<[string]>;
  readonly #allDue: Statement<[]>;
  readonly #rules: Statement<[], { rules: string }>;
  readonly #setRules: Statement<[string]>;
  readonly #due: Statement<[{ token: string; number: number; all: number; limit: number }], DueIssue>;
  readonly #settle: Statement<[string, number]>;
  readonly #wait: Statement<[string, number]>;
  readonly #follow: Statement<[Record<string, unknown>]>;
  readonly #refuse: Statement<[Record<string, unknown>]>;
  readonly #forgetNames: Statement<[string, number]>;
  readonly #name: Statement<[{ token: string; number: number; named: string }]>;
  readonly #named: Statement<[string], NamedIssue>;
  readonly #refused: Statement<[string, number], RefusedIssue>;
  readonly #ofTasks: Statement<[string], IssueKey & { repo: string; task: string }>;
  readonly #tasksOf: Statement<[string, string], { number: number; task: string }>;
  readonly #prune: Statement<[]>;

  constructor(database: Database) {
    this.#changed = database.prepare(`
      with changed as materialized (select value as number from json_each(@numbers))
      insert into issue_tasks_due (token, number)
      select @token, number from changed c
       where exists (select 1 from issues i where i.token = @token and i.number = c.number)
      union
      select d.token, d.number from changed c
        join issue_dependencies d on d.on_token = @token and d.on_number = c.number
      on conflict do update set waits = 0`);
    this.#naming = database.prepare(`
      insert into issue_tasks_due (token, number)
      select distinct token, number from issue_dependencies where on_token = ?
      on conflict do update set waits = 0`);
    this.#allDue = database.prepare(`
      insert into issue_tasks_due (token, number) select token, number from issues where true
      on conflict do update set waits = 0`);
    this.#rules = database.prepare('select rules from issue_tasks_rules');
    this.#setRules = database.prepare('insert or replace into issue_tasks_rules (one, rules) values (1, ?)');
    this.#due = database.prepare(`
      select d.token, d.number, r.full_name as repo, i.title, i.body, i.state, i.reason, i.labels, t.task,
             coalesce(t.followed, 'none') as followed, t.refused
        from issue_tasks_due d join repositories r on r.token = d.token
        join issues i on i.token = d.token and i.number = d.number
        left join issue_tasks t on t.token = d.token and t.number = d.number
       where (d.token, d.number) > (@token, @number) and (@all or d.waits = 0)
       order by d.token, d.number limit @limit`);
    this.#settle = database.prepare('delete from issue_tasks_due where token = ? and number = ?');
    this.#wait = database.prepare('update issue_tasks_due set waits = 1 where token = ? and number = ?');
    this.#follow = database.prepare(`
      insert into issue_tasks (token, number, task, followed) values (@token, @number, @task, @followed)
      on conflict (token, number) do update
         set task = excluded.task, followed = excluded.followed, code = null, refused = null`);
    this.#refuse = database.prepare(`
      insert into issue_tasks (token, number, followed, code, refused)
      values (@token, @number, 'none', @code, @refused)
      on conflict (token, number) do update set code = excluded.code, refused = excluded.refused`);
    this.#forgetNames = database.prepare('delete from issue_dependencies where token = ? and number = ?');
    this.#name = database.prepare(`
      insert into issue_dependencies (token, number, on_token, on_number)
      select @token, @number, value ->> 0, value ->> 1 from json_each(@named) where true on conflict do nothing`);
    this.#named = database.prepare(`
      with named as (select value ->> 0 as token, value ->> 1 as number from json_each(?))
      select n.token, n.number, i.state, i.labels, t.followed,
             exists (select 1 from tasks where id = t.task) as hasTask,
             exists (select 1 from pull_requests p where p.token = n.token and p.number = n.number) as isPull,
             exists (select 1 from repositories r where r.token = n.token and r.state = 'active' and r.has_issues
                        and not exists (select 1 from github_cursors c
                          where c.token = n.token and c.list = 'issues' and c.upto is not null and c.next is null)
             ) as isUnread
        from named n left join issues i on i.token = n.token and i.number = n.number
        left join issue_tasks t on t.token = n.token and t.number = n.number`);
    this.#refused = database.prepare(`
      select number, code, refused from issue_tasks where token = ? and code is not null order by number limit ?`);
    this.#ofTasks = database.prepare(`
      select t.token, t.number, t.task, r.full_name as repo
        from json_each(?) as wanted join issue_tasks t on t.task = wanted.value
        join repositories r on r.token = t.token`);
    this.#tasksOf = database.prepare(`
      select number, task from issue_tasks
       where token = ? and number in (select value from json_each(?)) and task is not null`);
    this.#prune = database.prepare(`
      delete from issue_tasks
       where token not in (select token from repositories) and (task is null or task not in (select id from tasks))`);
  }

  /** These issues or pull requests are new or different: the issues are due, and so are those that name one of them. */
  changed(token: string, numbers: readonly number[]): void {
    this.#changed.run({ token, numbers: JSON.stringify(numbers) });
  }

  /** A repository has come by a name under which issues may have named it before: they are due. @param token of that name. */
  renamed(token: string): void {
    this.#naming.run(token);
  }

  /** All issues are due when they were looked at under other rules. @param rules undefined: none is followed now. */
  ruled(rules: string | undefined): void {
    if (this.#rules.get()?.rules === (rules ?? '')) return;
    this.#setRules.run(rules ?? '');
    if (rules !== undefined) this.#allDue.run();
  }

  /** Issues to be followed, from after `last`. @param all those too that waited the last time. */
  due(last: IssueKey, all: boolean, limit: number): DueIssue[] {
    return this.#due.all({ token: last.token, number: last.number, all: Number(all), limit });
  }

  /** What an issue names, in place of what it named before. */
  name({ token, number }: IssueKey, named: readonly IssueKey[]): void {
    this.#forgetNames.run(token, number);
    if (named.length > 0) this.#name.run({ token, number, named: pairs(named) });
  }

  named(issues: readonly IssueKey[]): NamedIssue[] {
    return issues.length === 0 ? [] : this.#named.all(pairs(issues));
  }

  /** The issue is followed as it is now. @param task null when none was made of it. */
  followed({ token, number }: IssueKey, task: string | null, followed: Followed): void {
    this.#follow.run({ token, number, task, followed });
  }

  /** It cannot be followed, or not in all. */
  refused(
    { token, number }: IssueKey,
    { code, message }: { readonly code: ErrorCode; readonly message: string },
  ): void {
    this.#refuse.run({ token, number, code, refused: message });
  }

  settled({ token, number }: IssueKey): void {
    this.#settle.run(token, number);
  }

  /** It stays due, for the next sync. */
  waits({ token, number }: IssueKey): void {
    this.#wait.run(token, number);
  }

  /** Issues of a repository that could not be followed. */
  refusedIn(token: string, limit: number): RefusedIssue[] {
    return this.#refused.all(token, limit);
  }

  /** The issues that these tasks are of; of repositories on record. */
  issuesOf(tasks: readonly string[]): (IssueKey & { repo: string; task: string })[] {
    return this.#ofTasks.all(JSON.stringify(tasks));
  }

  /** The tasks of these issues. */
  tasksOf(token: string, numbers: readonly number[]): Map<number, string> {
    const rows = this.#tasksOf.all(token, JSON.stringify(numbers));
    return new Map(rows.map(({ number, task }) => [number, task]));
  }

  /** Forgets what belongs to no repository and no task any longer. */
  prune(): void {
    this.#prune.run();
  }
}

function pairs(issues: readonly IssueKey[]): string {
  return JSON.stringify(issues.map(({ token, number }) => [token, number]));
}
