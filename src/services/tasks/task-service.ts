import type { ChildSpec } from '../../actors/runtime/supervision.js';
import type { Settings } from '../../settings/schema.js';
import type { Publishing } from '../events.js';
import { service } from '../service.js';
import type { RunningTasks } from './task-handlers.js';
import { TaskLeases } from './task-leases.js';
import { TaskQueue } from './task-queue.js';

const SHUTDOWN_MS = 5_000;
const PRUNE_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface TaskServiceParts extends Publishing {
  readonly settings: Settings;
  /** Whether agents can be heard. */
  isReachable(): boolean;
  opened(tasks: RunningTasks): void;
}

/** The task queue as a service: what it does by itself are its sweeps, its passes over the scores and its tidying. */
export function taskService(parts: TaskServiceParts): ChildSpec {
  const { settings, failed } = parts;
  return service('tasks', SHUTDOWN_MS, async () => {
    const queue = await TaskQueue.open({
      ...parts,
      settings: settings.tasks,
      monotonic: () => performance.now(),
    });
    const leases = new TaskLeases(queue);
    parts.opened({ queue, leases });
    const loops = [
      repeat(settings.tasks.sweepMs, () => leases.sweep(), failed),
      repeat(settings.tasks.scoreMs, () => queue.scores.pass(settings.tasks.scoreBatch, Date.now()), failed),
      repeat(PRUNE_MS, () => queue.prune(Date.now() - settings.results.keepDays * DAY_MS), failed),
    ];
    return async () => {
      await Promise.all(loops.map((stop) => stop()));
      await queue.close();
    };
  });
}

/** Does something again and again, never twice at once. @returns how to stop; resolves when the last one has ended. */
function repeat(
  ms: number,
  action: () => Promise<unknown>,
  failed: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    if (running !== undefined) return;
    running = action()
      .catch(failed)
      .finally(() => {
        running = undefined;
      });
  }, ms);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
