import type { Task, TaskPriority, TaskState } from '../../messages/tasks.js';

/**
 * The conditions of partial indexes: SQLite uses one only where a statement has the same words. Statements that every claim
 * runs name their index as well, so that they fail and do not get slow when it is not there.
 *
 * `OPEN` lists no states: for a list of more than two SQLite builds a table, twice for each row that a statement changes.
 */
export const HELD = "state in ('claimed', 'running')";
export const OPEN = "state <> 'claimed' and state <> 'running' and state <> 'done'";

/** A `TaskRow` of a task `t`, its class `c` and its body `b`. */
export const TASK_COLUMNS = `
  t.seq, t.id, t.title, t.priority, t.deadline, t.state, t.open_dependencies, t.score, t.agent, t.attempts, t.failures,
  t.max_retries, t.created_at, t.updated_at, t.finished_at, t.error, t.source, c.phase, c.capabilities, b.description,
  b.payload, b.result`;

export const TASK_TABLES = `
  tasks t join task_classes c on c.id = t.class left join task_bodies b on b.task = t.seq`;

/** Read as an array (`raw`): to make an object of so many columns takes longer than to find the row. */
export type TaskRow = [
  seq: number,
  id: string,
  title: string,
  priority: TaskPriority,
  deadline: number | null,
  state: TaskState,
  openDependencies: number,
  score: number,
  agent: string | null,
  attempts: number,
  failures: number,
  maxRetries: number,
  createdAt: number,
  updatedAt: number,
  finishedAt: number | null,
  error: string | null,
  source: string | null,
  phase: string | null,
  capabilities: string,
  description: string | null,
  payload: string | null,
  result: string | null,
];

/** A task that came into a state. */
export interface TaskChange {
  readonly id: string;
  readonly state: TaskState;
  readonly agent?: string | null;
  readonly reason?: string | undefined;
}

export function readTask([
  ,
  id,
  title,
  priority,
  deadline,
  state,
  openDependencies,
  score,
  agent,
  attempts,
  failures,
  maxRetries,
  createdAt,
  updatedAt,
  finishedAt,
  error,
  source,
  phase,
  capabilities,
  description,
  payload,
  result,
]: TaskRow): Task {
  return {
    id,
    title,
    capabilities: JSON.parse(capabilities) as string[],
    priority,
    state,
    score,
    openDependencies,
    attempts,
    failures,
    maxRetries,
    createdAt: isoOf(createdAt),
    updatedAt: isoOf(updatedAt),
    ...(description === null ? {} : { description }),
    ...(phase === null ? {} : { phase }),
    ...(deadline === null ? {} : { deadline: isoOf(deadline) }),
    ...(payload === null ? {} : { payload: JSON.parse(payload) as unknown }),
    ...(source === null ? {} : { source }),
    ...(agent === null ? {} : { agent }),
    ...(finishedAt === null ? {} : { finishedAt: isoOf(finishedAt) }),
    ...(result === null ? {} : { result: JSON.parse(result) as unknown }),
    ...(error === null ? {} : { error }),
  };
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
