import type { Database, Statement } from 'better-sqlite3';
import type { Task, TaskPriority, TaskState } from '../../messages/tasks.js';
import { HELD, OPEN, type TaskChange } from './task-rows.js';

export interface Freed extends TaskChange {
  readonly seq: number;
}

export interface DrawnTask {
  readonly seq: number;
  readonly id: string;
  readonly title: string;
  readonly state: TaskState;
  readonly priority: TaskPriority;
}

export interface Unfinished {
  readonly seq: number;
  readonly id: string;
  readonly dead: number;
  /** JSON array of the ids that it waits for. */
  readonly waitsFor: string;
}

/** What waits for what. */
export class TaskEdges {
  readonly #complete: Statement<[{ now: number; seqs: string }]>;
  readonly #setResult: Statement<[number, string]>;
  readonly #free: Statement<[string], { seq: number; id: string; state: TaskState }>;
  readonly #dependants: Statement<[string], { seq: number }>;
  readonly #waitsFor: Statement<[{ id: string }], { id: string; state: TaskState | 'unknown' }>;
  readonly #check: Statement<[string], Pick<Task, 'id' | 'state' | 'openDependencies'>>;
  readonly #unfinished: Statement<[number, number], Unfinished>;
  readonly #drawn: Statement<[Record<string, unknown>], DrawnTask>;
  readonly #drawnCount: Statement<[Record<string, unknown>], { n: number }>;
  readonly #unfinishedCount: Statement<[], { n: number }>;
  readonly #drawnByIds: Statement<[string], DrawnTask>;
  readonly #edgesAmong: Statement<[string], { from: number; to: number }>;

  constructor(database: Database) {
    this.#complete = database.prepare(`
      update tasks set state = 'done', lease_until = null, claim_key = null, error = null,
             finished_at = @now, updated_at = @now
       where seq in (select value from json_each(@seqs))`);
    this.#setResult = database.prepare(`
      insert into task_bodies (task, result) values (?, ?) on conflict (task) do update set result = excluded.result`);
    // Decrements whatever waits; what is neither failed nor cancelled and waits for nothing else is ready.
    this.#free = database.prepare(`
      update tasks set open_dependencies = open_dependencies - freed.n,
             state = case when state = 'pending' and open_dependencies = freed.n and not_before is null
                          then 'ready' else state end
        from (select task, count(*) as n from task_edges
               where dependency in (select value from json_each(?)) group by task) as freed
       where tasks.seq = freed.task
      returning seq, id, state`);
    this.#dependants = database.prepare(`
      with recursive behind (seq) as (
        select seq from tasks where id in (select value from json_each(?))
        union select e.task from behind join task_edges e on e.dependency = behind.seq)
      select seq from behind`);
    this.#waitsFor = database.prepare(`
      select d.id, d.state from tasks t join task_edges e on e.task = t.seq join tasks d on d.seq = e.dependency
       where t.id = @id and d.state <> 'done'
      union all
      select a.dependency, 'unknown' from tasks t join task_awaited a on a.task = t.seq where t.id = @id`);
    this.#check = database.prepare(`
      select id, state, open_dependencies as openDependencies from tasks
       where id in (select value from json_each(?))`);
    this.#unfinished = database.prepare(`
      select seq, id, state in ('failed', 'cancelled') as dead, case when open_dependencies = 0 then '[]' else (
          select json_group_array(id) from (
            select d.id from task_edges e join tasks d on d.seq = e.dependency
             where e.task = tasks.seq and d.state <> 'done'
            union all select dependency from task_awaited where task = tasks.seq)) end as waitsFor
        from tasks where seq > ? and state <> 'done' order by seq limit ?`);
    const drawn = `tasks
       where (@finished or state not in ('done', 'cancelled'))
         and (@phase is null or class in (select id from task_classes where phase = @phase))`;
    this.#drawn = database.prepare(
      `select seq, id, title, state, priority from ${drawn} order by seq limit @limit`,
    );
    this.#drawnCount = database.prepare(`select count(*) as n from ${drawn}`);
    // Over two small indexes, not over the table.
    this.#unfinishedCount = database.prepare(`
      select (select count(*) from tasks indexed by tasks_open where ${OPEN} and state <> 'cancelled')
           + (select count(*) from tasks indexed by tasks_leased where ${HELD}) as n`);
    this.#drawnByIds = database.prepare(`
      select seq, id, title, state, priority from tasks
       where id in (select value from json_each(?)) order by seq`);
    this.#edgesAmong = database.prepare(`
      with shown as materialized (select value as seq from json_each(?))
      select e.dependency as "from", e.task as "to" from shown join task_edges e on e.task = shown.seq
      -- Each edge is looked up among those shown (+), not each of those shown among the edges.
       where +e.dependency in (select seq from shown) order by e.task, e.dependency`);
  }

  /** Inside a transaction: tasks are done. @returns those that wait for nothing any longer. Costs their out-degree. */
  complete(done: readonly { readonly seq: number; readonly result?: unknown }[], now: number): Freed[] {
    const seqs = JSON.stringify(done.map(({ seq }) => seq));
    this.#complete.run({ now, seqs });
    for (const { seq, result } of done)
      if (result !== undefined) this.#setResult.run(seq, JSON.stringify(result));
    return this.#free.all(seqs).filter(({ state }) => state === 'ready');
  }

  /** These tasks and whatever waits for them, directly or not. */
  withDependants(ids: readonly string[]): number[] {
    return this.#dependants.all(JSON.stringify(ids)).map(({ seq }) => seq);
  }

  /** What keeps a task from being ready. `unknown`: nobody has added it. */
  waitsFor(id: string): { id: string; state: TaskState | 'unknown' }[] {
    return this.#waitsFor.all({ id });
  }

  /** State and open dependencies of many tasks: one statement. */
  check(ids: readonly string[]): Pick<Task, 'id' | 'state' | 'openDependencies'>[] {
    return this.#check.all(JSON.stringify(ids));
  }

  /** Everything that is not done, in order of its addition, from after `seq`. */
  unfinished(after: number, limit: number): Unfinished[] {
    return this.#unfinished.all(after, limit);
  }

  /** Tasks to be drawn, and how many there are. */
  drawn(query: { phase?: string | undefined; finished: boolean; limit: number }): [DrawnTask[], number] {
    const which = { phase: query.phase ?? null, finished: query.finished ? 1 : 0 };
    const rows = this.#drawn.all({ ...which, limit: query.limit });
    if (rows.length < query.limit) return [rows, rows.length];
    const isPlain = !query.finished && query.phase === undefined;
    return [rows, (isPlain ? this.#unfinishedCount.get() : this.#drawnCount.get(which))?.n ?? 0];
  }

  drawnByIds(ids: readonly string[]): DrawnTask[] {
    return this.#drawnByIds.all(JSON.stringify(ids));
  }

  /** From a task to one that waits for it, both among `seqs`. */
  edgesAmong(seqs: readonly number[]): { from: number; to: number }[] {
    return this.#edgesAmong.all(JSON.stringify(seqs));
  }
}
