import { newId } from '../../messages/ids.js';
import type { Subjects } from '../../messages/subjects.js';
import type { TaskChanged, TaskState, TasksChanged } from '../../messages/tasks.js';
import type { TaskSettings } from '../../settings/tasks.js';
import type { Store } from '../../store/store.js';
import type { TaskChange } from '../../store/tasks/task-rows.js';

/** Tasks that one shared event names. */
const IDS_PER_EVENT = 1_000;
const ENDS: ReadonlySet<TaskState> = new Set(['done', 'failed', 'cancelled']);

/**
 * Writes events about tasks into the outbox. A hundred thousand tasks that change at once are a hundred messages: those of
 * one request that come into the same state share events when there are many.
 */
export class TaskEvents {
  readonly #store: Store;
  readonly #subjects: Subjects;
  readonly #settings: Pick<TaskSettings, 'events' | 'maxEvents'>;

  constructor(store: Store, subjects: Subjects, settings: Pick<TaskSettings, 'events' | 'maxEvents'>) {
    this.#store = store;
    this.#subjects = subjects;
    this.#settings = settings;
  }

  /** Inside the transaction of the changes. */
  record(changes: readonly TaskChange[], now: number): void {
    const { events, maxEvents } = this.#settings;
    if (events === 'off') return;
    const told = events === 'all' ? changes : changes.filter(({ state }) => ENDS.has(state));
    if (told.length === 0) return;
    const at = new Date(now).toISOString();
    const id = newId(now);
    for (const [state, group] of groupedByState(told)) {
      if (group.length <= maxEvents) this.#each(group, at, id);
      else this.#shared(state, group, at, id);
    }
  }

  #each(changes: readonly TaskChange[], at: string, id: string): void {
    for (const [i, { id: task, state, agent, reason }] of changes.entries()) {
      const body: TaskChanged = {
        at,
        task,
        state,
        ...(agent == null ? {} : { agent }),
        ...(reason === undefined ? {} : { reason }),
      };
      this.#store.outbox.add(`task-${id}-${state}-${i}`, this.#subjects.taskEvent(task, state), body);
    }
  }

  #shared(state: TaskState, changes: readonly TaskChange[], at: string, id: string): void {
    for (let from = 0; from < changes.length; from += IDS_PER_EVENT) {
      const tasks = changes.slice(from, from + IDS_PER_EVENT).map((change) => change.id);
      const body: TasksChanged = { at, state, tasks };
      this.#store.outbox.add(`tasks-${id}-${state}-${from}`, this.#subjects.tasksEvent(state), body);
    }
  }
}

function groupedByState(changes: readonly TaskChange[]): Map<TaskState, TaskChange[]> {
  const groups = new Map<TaskState, TaskChange[]>();
  for (const change of changes) {
    const group = groups.get(change.state);
    if (group === undefined) groups.set(change.state, [change]);
    else group.push(change);
  }
  return groups;
}
