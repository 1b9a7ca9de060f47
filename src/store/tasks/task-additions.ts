import type { Database, Statement } from 'better-sqlite3';
import { VigilError } from '../../messages/errors.js';
import type { TaskPriority, TaskState } from '../../messages/tasks.js';

/** A task to be put on record, with all defaults filled in. */
export interface NewTask {
  readonly id: string;
  readonly title: string;
  readonly description?: string | undefined;
  readonly phase?: string | undefined;
  readonly capabilities: readonly string[];
  readonly priority: TaskPriority;
  /** Epoch milliseconds. */
  readonly deadline: number | null;
  readonly dependsOn: readonly string[];
  readonly maxRetries: number;
  readonly backoffMs: number;
  readonly payload?: unknown;
  readonly source?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly score: number;
}

export interface AdditionRules {
  /** A dependency that nobody has added: refused, or waited for. */
  readonly missing: 'refuse' | 'await';
  /** Distinct pairs of phase and capabilities. */
  readonly maxClasses: number;
}

interface Known {
  readonly id: string;
  readonly seq: number;
  readonly state: TaskState;
}

/** Puts tasks on record, with what they wait for. */
export class TaskAdditions {
  readonly #byKey: Statement<[string], { id: string; key: string }>;
  readonly #known: Statement<[string], Known>;
  readonly #class: Statement<[string | null, string], { id: number }>;
  readonly #addClass: Statement<[string | null, string]>;
  readonly #classes: Statement<[], { n: number }>;
  readonly #add: Statement<[Record<string, unknown>]>;
  readonly #addBody: Statement<[number, string | null, string | null]>;
  readonly #addEdge: Statement<[number, number]>;
  readonly #addAwaited: Statement<[string, number]>;
  readonly #takeAwaited: Statement<[string], { dependency: string; task: number }>;

  constructor(database: Database) {
    this.#byKey = database.prepare(`
      select id, idempotency_key as key from tasks
       where idempotency_key is not null and idempotency_key in (select value from json_each(?))`);
    this.#known = database.prepare(
      'select id, seq, state from tasks where id in (select value from json_each(?))',
    );
    this.#class = database.prepare(
      "select id from task_classes where ifnull(phase, '') = ifnull(?, '') and capabilities = ?",
    );
    this.#addClass = database.prepare('insert into task_classes (phase, capabilities) values (?, ?)');
    this.#classes = database.prepare('select count(*) as n from task_classes');
    this.#add = database.prepare(`
      insert into tasks (id, title, class, priority, deadline, state, open_dependencies, score, max_retries, backoff_ms,
                         created_at, updated_at, source, idempotency_key)
      values (@id, @title, @class, @priority, @deadline, @state, @open, @score, @maxRetries, @backoffMs,
              @now, @now, @source, @key)`);
    this.#addBody = database.prepare('insert into task_bodies (task, description, payload) values (?, ?, ?)');
    this.#addEdge = database.prepare('insert into task_edges (task, dependency) values (?, ?)');
    this.#addAwaited = database.prepare('insert into task_awaited (dependency, task) values (?, ?)');
    this.#takeAwaited = database.prepare(`
      delete from task_awaited where dependency in (select value from json_each(?)) returning dependency, task`);
  }

  /** The tasks that were added under these keys. */
  underKeys(keys: readonly string[]): Map<string, string> {
    if (keys.length === 0) return new Map();
    return new Map(this.#byKey.all(JSON.stringify(keys)).map(({ id, key }) => [key, id]));
  }

  /**
   * Inside a transaction: adds tasks that may name each other in any order.
   *
   * @returns for each task what it waits for: its dependencies that are not done.
   * @throws VigilError CONFLICT for an id that is there, NOT_FOUND for a dependency that is not, BUSY for one class too
   *   many.
   */
  add(tasks: readonly NewTask[], rules: AdditionRules, now: number): string[][] {
    const ids = tasks.map(({ id }) => id);
    const own = new Set(ids);
    this.#refuseKnown(ids);
    const others = new Set(tasks.flatMap(({ dependsOn }) => dependsOn.filter((id) => !own.has(id))));
    const known = new Map(this.#rowsOf([...others]).map((row) => [row.id, row]));
    const waits = tasks.map((task) => openOf(task, own, known, rules.missing));
    const seqs = new Map<string, number>();
    for (const [i, task] of tasks.entries())
      seqs.set(task.id, this.#insert(task, (waits[i] as string[]).length, rules, now));
    for (const task of tasks) this.#connect(task, seqs, known);
    for (const { dependency, task } of this.#takeAwaited.all(JSON.stringify(ids)))
      this.#addEdge.run(task, seqs.get(dependency) as number);
    return waits;
  }

  #rowsOf(ids: readonly string[]): Known[] {
    return ids.length === 0 ? [] : this.#known.all(JSON.stringify(ids));
  }

  #refuseKnown(ids: readonly string[]): void {
    const [known] = this.#rowsOf(ids);
    if (known !== undefined) throw new VigilError('CONFLICT', `tasks: ${known.id} is there already`);
  }

  #insert(task: NewTask, open: number, rules: AdditionRules, now: number): number {
    const { lastInsertRowid } = this.#add.run({
      id: task.id,
      title: task.title,
      class: this.#classOf(task, rules.maxClasses),
      priority: task.priority,
      deadline: task.deadline,
      state: open === 0 ? 'ready' : 'pending',
      open,
      score: task.score,
      maxRetries: task.maxRetries,
      backoffMs: task.backoffMs,
      now,
      source: task.source ?? null,
      key: task.idempotencyKey ?? null,
    });
    const seq = Number(lastInsertRowid);
    if (task.description !== undefined || task.payload !== undefined)
      this.#addBody.run(
        seq,
        task.description ?? null,
        task.payload === undefined ? null : JSON.stringify(task.payload),
      );
    return seq;
  }

  #classOf({ phase, capabilities }: NewTask, maxClasses: number): number {
    const needed = JSON.stringify([...new Set(capabilities)].sort());
    const found = this.#class.get(phase ?? null, needed);
    if (found !== undefined) return found.id;
    if ((this.#classes.get()?.n ?? 0) >= maxClasses)
      throw new VigilError(
        'BUSY',
        `tasks: there are ${maxClasses} distinct pairs of phase and capabilities already (tasks.maxClasses)`,
      );
    return Number(this.#addClass.run(phase ?? null, needed).lastInsertRowid);
  }

  #connect(task: NewTask, seqs: ReadonlyMap<string, number>, known: ReadonlyMap<string, Known>): void {
    const seq = seqs.get(task.id) as number;
    for (const dependency of new Set(task.dependsOn)) {
      const to = seqs.get(dependency) ?? known.get(dependency)?.seq;
      if (to === undefined) this.#addAwaited.run(dependency, seq);
      else this.#addEdge.run(seq, to);
    }
  }
}

/** The dependencies of a new task that are not done. */
function openOf(
  { id, dependsOn }: NewTask,
  own: ReadonlySet<string>,
  known: ReadonlyMap<string, Known>,
  missing: 'refuse' | 'await',
): string[] {
  return [...new Set(dependsOn)].filter((dependency) => {
    if (own.has(dependency)) return true;
    const row = known.get(dependency);
    if (row === undefined && missing === 'refuse')
      throw new VigilError('NOT_FOUND', `tasks: ${id} depends on ${dependency}, which is not there`);
    return row?.state !== 'done';
  });
}
