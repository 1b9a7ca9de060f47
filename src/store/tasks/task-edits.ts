import { randomInt } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import type { TaskState } from '../../messages/tasks.js';
import type { TaskChange } from './task-rows.js';

/** Where a task stands, as far as it matters to who changes it from outside. */
export interface Standing {
  readonly seq: number;
  readonly state: TaskState;
  readonly title: string;
  readonly description: string | null;
  /** JSON array of ids. */
  readonly dependsOn: string;
  /** Tasks that depend on it and that an agent holds. */
  readonly heldBehind: number;
}

interface Waiting {
  readonly id: string;
  readonly seq: number;
  readonly state: TaskState;
}

const TWO_32 = 2 ** 32;

/**
 * What follows somebody else's record of the same work: a task that was done elsewhere, is open again, or has other
 * dependencies. Everything here stands inside a transaction. Nobody may hold the task whose dependencies change, nor one
 * behind a task that opens again: what has begun is not to be told that it should have waited.
 */
export class TaskEdits {
  readonly #standing: Statement<[string], Standing>;
  readonly #describe: Statement<[string, number, number]>;
  readonly #describeBody: Statement<[number, string | null]>;
  readonly #fence: Statement<[number, number]>;
  readonly #reopen: Statement<[number, number], Waiting>;
  readonly #readyBehind: Statement<[number], Waiting>;
  readonly #blockBehind: Statement<[number]>;
  readonly #behind: Statement<[number], { id: string }>;
  readonly #dropEdge: Statement<[number, string]>;
  readonly #dropAwaited: Statement<[number, string]>;
  readonly #seqOf: Statement<[string], { seq: number }>;
  readonly #addEdge: Statement<[number, number]>;
  readonly #addAwaited: Statement<[string, number]>;
  readonly #recount: Statement<[number, number], Waiting>;
  readonly #waitsFor: Statement<[{ seq: number }], { id: string }>;

  constructor(database: Database) {
    this.#standing = database.prepare(`
      select t.seq, t.state, t.title, b.description, (
          select json_group_array(id) from (
            select d.id from task_edges e join tasks d on d.seq = e.dependency where e.task = t.seq
            union all select dependency from task_awaited where task = t.seq)) as dependsOn, (
          select count(*) from task_edges e join tasks d on d.seq = e.task
           where e.dependency = t.seq and d.state in ('claimed', 'running')) as heldBehind
        from tasks t left join task_bodies b on b.task = t.seq where t.id = ?`);
    this.#describe = database.prepare('update tasks set title = ?, updated_at = ? where seq = ?');
    this.#describeBody = database.prepare(`
      insert into task_bodies (task, description) values (?, ?)
      on conflict (task) do update set description = excluded.description`);
    this.#fence = database.prepare('update tasks set token = ((token >> 32) + 1 << 32) + ? where seq = ?');
    this.#reopen = database.prepare(`
      update tasks set state = case when open_dependencies = 0 then 'ready' else 'pending' end, failures = 0,
             finished_at = null, not_before = null, error = null, updated_at = ?
       where seq = ? and state in ('done', 'failed', 'cancelled')
      returning id, seq, state`);
    this.#readyBehind = database.prepare(`
      select id, seq, 'pending' as state from tasks
       where state = 'ready' and seq in (select task from task_edges where dependency = ?)`);
    // What waited for its next try waits for this now.
    this.#blockBehind = database.prepare(`
      update tasks set open_dependencies = open_dependencies + 1, not_before = null,
             state = case when state = 'ready' then 'pending' else state end
       where seq in (select task from task_edges where dependency = ?)`);
    this.#behind = database.prepare(`
      select t.id from task_edges e join tasks t on t.seq = e.task where e.dependency = ? and t.state <> 'done'`);
    this.#dropEdge = database.prepare(`
      delete from task_edges where task = ? and dependency in (
        select seq from tasks where id in (select value from json_each(?)))`);
    this.#dropAwaited = database.prepare(`
      delete from task_awaited where task = ? and dependency in (select value from json_each(?))`);
    this.#seqOf = database.prepare('select seq from tasks where id = ?');
    this.#addEdge = database.prepare('insert into task_edges (task, dependency) values (?, ?)');
    this.#addAwaited = database.prepare('insert into task_awaited (dependency, task) values (?, ?)');
    const open = `(
      (select count(*) from task_edges e join tasks d on d.seq = e.dependency
        where e.task = tasks.seq and d.state <> 'done')
      + (select count(*) from task_awaited a where a.task = tasks.seq))`;
    this.#recount = database.prepare(`
      update tasks set open_dependencies = ${open}, updated_at = ?,
             not_before = case when ${open} = 0 then not_before end,
             state = case when state = 'ready' and ${open} > 0 then 'pending'
                          when state = 'pending' and ${open} = 0 and not_before is null then 'ready'
                          else state end
       where seq = ? returning id, seq, state`);
    this.#waitsFor = database.prepare(`
      select d.id from task_edges e join tasks d on d.seq = e.dependency where e.task = @seq and d.state <> 'done'
      union all select dependency from task_awaited where task = @seq`);
  }

  standing(id: string): Standing | undefined {
    return this.#standing.get(id);
  }

  describe(seq: number, title: string, description: string | undefined, now: number): void {
    this.#describe.run(title, now, seq);
    this.#describeBody.run(seq, description ?? null);
  }

  /** Whoever holds the task has the token of a lease that is over. */
  fence(seq: number): void {
    this.#fence.run(randomInt(TWO_32), seq);
  }

  /**
   * Opens a task that was finished in whatever way. @param wasDone what depends on it waits for it again.
   * @returns what came into another state, and the ids of the unfinished tasks behind it.
   */
  reopen(seq: number, wasDone: boolean, now: number): { changes: TaskChange[]; behind: string[] } {
    const changes: TaskChange[] = this.#reopen.all(now, seq);
    if (!wasDone) return { changes, behind: [] };
    changes.push(...this.#readyBehind.all(seq));
    this.#blockBehind.run(seq);
    return { changes, behind: this.#behind.all(seq).map(({ id }) => id) };
  }

  /** Other dependencies, in place of those it has. @returns its state, and what it waits for now. */
  rewire(
    { seq, dependsOn }: Standing,
    wanted: readonly string[],
    now: number,
  ): { state: TaskState; waitsFor: string[] } {
    const before = new Set(JSON.parse(dependsOn) as string[]);
    const dropped = JSON.stringify([...before].filter((id) => !wanted.includes(id)));
    this.#dropEdge.run(seq, dropped);
    this.#dropAwaited.run(seq, dropped);
    for (const id of new Set(wanted)) {
      if (before.has(id)) continue;
      const known = this.#seqOf.get(id);
      if (known === undefined) this.#addAwaited.run(id, seq);
      else this.#addEdge.run(seq, known.seq);
    }
    const { state } = this.#recount.get(now, seq) as Waiting;
    return { state, waitsFor: this.waitsFor(seq) };
  }

  waitsFor(seq: number): string[] {
    return this.#waitsFor.all({ seq }).map(({ id }) => id);
  }
}
