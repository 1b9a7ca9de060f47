import type { Task, TaskPriority, TaskState } from '../../messages/tasks.js';

/**
 * The conditions of partial indexes: SQLite uses one only where a statement has the same words. Statements that every claim
 * runs name their index as well, so that they fail and do not get slow when it is not there.
 *
 * `OPEN` lists no states: for a list of more than two SQLite builds a table, twice for each row that a statement changes.
 */
export const HELD = "state in ('claimed', 'running')";
export const OPEN = "state <> 'claimed' and state <> 'running' and state <> 'done'";

/** What `read` needs of a task `t`, its class `c` and its body `b`. */
export const TASK_COLUMNS = `
  t.seq, t.id, t.title, t.priority, t.deadline, t.state, t.open_dependencies as openDependencies, t.score, t.agent,
  t.attempts, t.failures, t.max_retries as maxRetries, t.created_at as createdAt, t.updated_at as updatedAt,
  t.finished_at as finishedAt, t.error, t.source, c.phase, c.capabilities, b.description, b.payload, b.result`;

export const TASK_TABLES = `
  tasks t join task_classes c on c.id = t.class left join task_bodies b on b.task = t.seq`;

export interface TaskRow {
  readonly seq: number;
  readonly id: string;
  readonly title: string;
  readonly priority: TaskPriority;
  readonly deadline: number | null;
  readonly state: TaskState;
  readonly openDependencies: number;
  readonly score: number;
  readonly agent: string | null;
  readonly attempts: number;
  readonly failures: number;
  readonly maxRetries: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly finishedAt: number | null;
  readonly error: string | null;
  readonly source: string | null;
  readonly phase: string | null;
  readonly capabilities: string;
  readonly description: string | null;
  readonly payload: string | null;
  readonly result: string | null;
}

/** A task that came into a state. */
export interface TaskChange {
  readonly id: string;
  readonly state: TaskState;
  readonly agent?: string | null;
  readonly reason?: string | undefined;
}

export function readTask(row: TaskRow): Task {
  return {
    id: row.id,
    title: row.title,
    capabilities: JSON.parse(row.capabilities) as string[],
    priority: row.priority,
    state: row.state,
    score: row.score,
    openDependencies: row.openDependencies,
    attempts: row.attempts,
    failures: row.failures,
    maxRetries: row.maxRetries,
    createdAt: isoOf(row.createdAt),
    updatedAt: isoOf(row.updatedAt),
    ...(row.description === null ? {} : { description: row.description }),
    ...(row.phase === null ? {} : { phase: row.phase }),
    ...(row.deadline === null ? {} : { deadline: isoOf(row.deadline) }),
    ...(row.payload === null ? {} : { payload: JSON.parse(row.payload) as unknown }),
    ...(row.source === null ? {} : { source: row.source }),
    ...(row.agent === null ? {} : { agent: row.agent }),
    ...(row.finishedAt === null ? {} : { finishedAt: isoOf(row.finishedAt) }),
    ...(row.result === null ? {} : { result: JSON.parse(row.result) as unknown }),
    ...(row.error === null ? {} : { error: row.error }),
  };
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
