import type { Database, Statement } from 'better-sqlite3';
import type { TaskPriority, TaskState } from '../../messages/tasks.js';
import type { TaskChange } from './task-rows.js';

/** So few are not worth a look through all tasks. */
const KEPT_CLASSES = 100;

interface Changed {
  readonly id: string;
  readonly state: TaskState;
  readonly agent: string | null;
}

/** What people change about tasks. */
export class TaskChanges {
  readonly #cancel: Statement<[Record<string, unknown>], Changed>;
  readonly #retry: Statement<[number, string], Changed>;
  readonly #reprioritise: Statement<[Record<string, unknown>], Changed>;
  readonly #seqs: Statement<[string], { seq: number }>;
  readonly #old: Statement<[number, number], { seq: number; id: string }>;
  readonly #forget: readonly Statement<[string]>[];
  readonly #forgetClasses: Statement<[]>;

  constructor(database: Database) {
    this.#cancel = database.prepare(`
      update tasks set state = 'cancelled', lease_until = null, claim_key = null, not_before = null, error = @reason,
             updated_at = @now, finished_at = @now
       where seq in (select value from json_each(@seqs)) and state not in ('done', 'failed', 'cancelled')
      returning id, state, agent`);
    this.#retry = database.prepare(`
      update tasks set state = case when open_dependencies = 0 then 'ready' else 'pending' end, failures = 0,
             finished_at = null, updated_at = ?
       where id in (select value from json_each(?)) and state in ('failed', 'cancelled')
      returning id, state, agent`);
    this.#reprioritise = database.prepare(`
      update tasks set priority = coalesce(@priority, priority),
             deadline = case when @setDeadline then @deadline else deadline end, updated_at = @now
       where id in (select value from json_each(@ids)) and state not in ('done', 'cancelled')
      returning id, state, agent`);
    this.#seqs = database.prepare('select seq from tasks where id in (select value from json_each(?))');
    // One that failed or was cancelled stays for as long as something waits for it.
    this.#old = database.prepare(`
      select seq, id from tasks t
       where finished_at is not null and finished_at < ?
         and (state = 'done' or not exists (
           select 1 from task_edges e join tasks d on d.seq = e.task
            where e.dependency = t.seq and d.finished_at is null))
       order by finished_at limit ?`);
    this.#forget = [
      // What was not done and is forgotten is waited for no longer, should its dependant be opened again.
      `update tasks set open_dependencies = open_dependencies - gone.n
         from (select e.task, count(*) as n from task_edges e join tasks d on d.seq = e.dependency
                where d.state <> 'done' and d.seq in (select value from json_each(?)) group by e.task) as gone
        where tasks.seq = gone.task`,
      'delete from task_edges where dependency in (select value from json_each(?))',
      'delete from task_edges where task in (select value from json_each(?))',
      'delete from task_awaited where task in (select value from json_each(?))',
      'delete from task_bodies where task in (select value from json_each(?))',
      'delete from tasks where seq in (select value from json_each(?))',
    ].map((sql) => database.prepare(sql));
    this.#forgetClasses = database.prepare(`
      delete from task_classes
       where (select count(*) from task_classes) > ${KEPT_CLASSES} and id not in (select class from tasks)`);
  }

  seqs(ids: readonly string[]): number[] {
    return this.#seqs.all(JSON.stringify(ids)).map(({ seq }) => seq);
  }

  /** Inside a transaction. @returns those that were unfinished. */
  cancel(seqs: readonly number[], reason: string | undefined, now: number): TaskChange[] {
    return this.#cancel.all({ seqs: JSON.stringify(seqs), reason: reason ?? null, now });
  }

  /** Inside a transaction: opens those again that failed or were cancelled, with all their retries. */
  retry(ids: readonly string[], now: number): TaskChange[] {
    return this.#retry.all(now, JSON.stringify(ids));
  }

  /** Inside a transaction. @param deadline null: none any longer; undefined: as it is. @returns those that changed. */
  reprioritise(
    ids: readonly string[],
    { priority, deadline }: { priority?: TaskPriority | undefined; deadline?: number | null | undefined },
    now: number,
  ): string[] {
    return this.#reprioritise
      .all({
        ids: JSON.stringify(ids),
        priority: priority ?? null,
        setDeadline: deadline === undefined ? 0 : 1,
        deadline: deadline ?? null,
        now,
      })
      .map(({ id }) => id);
  }

  /** Inside a transaction: forgets up to `limit` tasks that were finished before. @returns their ids. */
  prune(before: number, limit: number): string[] {
    const old = this.#old.all(before, limit);
    if (old.length === 0) return [];
    const text = JSON.stringify(old.map(({ seq }) => seq));
    for (const statement of this.#forget) statement.run(text);
    if (old.length < limit) this.#forgetClasses.run();
    return old.map(({ id }) => id);
  }
}
