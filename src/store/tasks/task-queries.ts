import type { Database, Statement } from 'better-sqlite3';
import type { Task, TaskPriority, TaskState } from '../../messages/tasks.js';
import { HELD, OPEN, readTask, TASK_COLUMNS, TASK_TABLES, type TaskRow } from './task-rows.js';

export interface TaskQuery {
  readonly state?: TaskState | undefined;
  readonly phase?: string | undefined;
  readonly agent?: string | undefined;
  readonly after: number;
  readonly limit: number;
}

/** What a score is made of, besides the graph. */
export interface ScoreRow {
  readonly seq: number;
  readonly id: string;
  readonly priority: TaskPriority;
  readonly deadline: number | null;
  readonly createdAt: number;
  readonly failures: number;
  readonly maxRetries: number;
  readonly score: number;
}

const SCORE_COLUMNS = `seq, id, priority, deadline, created_at as createdAt, failures, max_retries as maxRetries, score`;

/** Questions about tasks; one about many is one statement. */
export class TaskQueries {
  readonly #get: Statement<[string], TaskRow>;
  readonly #bySeq: Statement<[string], TaskRow>;
  readonly #lists = new Map<string, Statement<[Record<string, unknown>], TaskRow>>();
  readonly #assigned: Statement<
    [string, number],
    { agent: string; id: string; title: string; state: TaskState }
  >;
  readonly #scored: Statement<[number, number], ScoreRow>;
  readonly #scoredById: Statement<[string], ScoreRow>;
  readonly #setScores: Statement<[string]>;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.#get = database
      .prepare<[string], TaskRow>(`select ${TASK_COLUMNS} from ${TASK_TABLES} where t.id = ?`)
      .raw();
    this.#bySeq = database
      .prepare<[string], TaskRow>(
        `select ${TASK_COLUMNS} from json_each(?) as wanted, ${TASK_TABLES}
          where t.seq = wanted.value order by wanted.key`,
      )
      .raw();
    this.#assigned = database.prepare(`
      select agent, id, title, state from tasks
       where agent in (select value from json_each(?)) and ${HELD} order by agent, seq limit ?`);
    this.#scored = database.prepare(
      `select ${SCORE_COLUMNS} from tasks indexed by tasks_open
        where ${OPEN} and state = 'ready' and seq > ? order by seq limit ?`,
    );
    this.#scoredById = database.prepare(
      `select ${SCORE_COLUMNS} from tasks where id in (select value from json_each(?))`,
    );
    this.#setScores = database.prepare(`
      update tasks set score = scored.value ->> 1 from json_each(?) as scored where tasks.seq = scored.value ->> 0`);
  }

  get(id: string): Task | undefined {
    const row = this.#get.get(id);
    return row === undefined ? undefined : readTask(row);
  }

  bySeq(seqs: readonly number[]): Task[] {
    return this.#bySeq.all(JSON.stringify(seqs)).map(readTask);
  }

  /** In order of creation, from after `after`. `next` is the place to go on from. */
  list(query: TaskQuery): { tasks: Task[]; next: number | null } {
    const rows = this.#listOf(query).all({ ...query });
    return {
      tasks: rows.map(readTask),
      next: rows.length === query.limit ? (rows.at(-1)?.[0] ?? null) : null,
    };
  }

  /** A statement for each set of filters: one for all of them would use no index. */
  #listOf({ state, phase, agent }: TaskQuery): Statement<[Record<string, unknown>], TaskRow> {
    const where = [
      't.seq > @after',
      ...(state === undefined ? [] : ['t.state = @state', ...indexed(state)]),
      ...(phase === undefined ? [] : ['t.class in (select id from task_classes where phase = @phase)']),
      ...(agent === undefined ? [] : ['t.agent = @agent']),
    ].join(' and ');
    let statement = this.#lists.get(where);
    if (statement === undefined) {
      statement = this.#database
        .prepare<[Record<string, unknown>], TaskRow>(
          `select ${TASK_COLUMNS} from ${tablesFor(state)} where ${where} order by t.seq limit @limit`,
        )
        .raw();
      this.#lists.set(where, statement);
    }
    return statement;
  }

  /** What many agents hold: one statement. */
  assigned(
    agents: readonly string[],
    limit: number,
  ): { agent: string; id: string; title: string; state: TaskState }[] {
    return this.#assigned.all(JSON.stringify(agents), limit);
  }

  /** Ready tasks to be scored, in order of creation. */
  toScore(after: number, limit: number): ScoreRow[] {
    return this.#scored.all(after, limit);
  }

  toScoreById(ids: readonly string[]): ScoreRow[] {
    return ids.length === 0 ? [] : this.#scoredById.all(JSON.stringify(ids));
  }

  /** Inside a transaction. */
  setScores(scores: readonly (readonly [seq: number, score: number])[]): void {
    if (scores.length > 0) this.#setScores.run(JSON.stringify(scores));
  }
}

/** The words of the index that has tasks of this state. Nearly all are done: to find those needs none. */
function indexed(state: TaskState): string[] {
  if (state === 'done') return [];
  return [isHeld(state) ? HELD : OPEN];
}

/** Those that are held are few: better sorted than looked for. */
function tablesFor(state: TaskState | undefined): string {
  return isHeld(state) ? TASK_TABLES.replace('tasks t', 'tasks t indexed by tasks_leased') : TASK_TABLES;
}

function isHeld(state: TaskState | undefined): boolean {
  return state === 'claimed' || state === 'running';
}
