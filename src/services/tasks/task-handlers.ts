import { VigilError } from '../../messages/errors.js';
import type { Task, TaskFailure } from '../../messages/tasks.js';
import type { Handlers } from '../rpc-service.js';
import { drawnGraph } from './drawn-graph.js';
import type { Refused, TaskLeases } from './task-leases.js';
import type { TaskQueue } from './task-queue.js';

export type TaskHandlers = Pick<Handlers, Extract<keyof Handlers, `tasks.${string}`>>;

export interface RunningTasks {
  readonly queue: TaskQueue;
  readonly leases: TaskLeases;
}

/** The requests about tasks. */
export function taskHandlers(running: () => RunningTasks): TaskHandlers {
  const tables = () => running().queue.store.tasks;
  const batchOf = (batch: Partial<Parameters<TaskLeases['batch']>[0]>) =>
    running().leases.batch({ complete: [], fail: [], release: [], ...batch });
  return {
    'tasks.add': ({ tasks }) => running().queue.add(tasks),
    'tasks.get': ({ id }) => known(tables().queries.get(id), id),
    'tasks.list': ({ after = '0', ...query }) => {
      const { tasks, next } = tables().queries.list({ ...query, after: Number(after) });
      return { tasks, next: next === null ? null : String(next) };
    },
    'tasks.ready': ({ phase, capabilities, limit }) => ({
      tasks: tables().queries.bySeq(tables().claims.best(phase, capabilities, limit)),
    }),
    'tasks.check': ({ ids }) => {
      const tasks = tables().edges.check(ids);
      const found = new Set(tasks.map(({ id }) => id));
      return { tasks, unknown: ids.filter((id) => !found.has(id)) };
    },
    'tasks.assigned': ({ agents, limit }) => {
      const rows = tables().queries.assigned(agents, limit + 1);
      const shown = rows.slice(0, limit);
      const of = new Map(agents.map((agent) => [agent, [] as Pick<Task, 'id' | 'title' | 'state'>[]]));
      for (const { agent, ...task } of shown) of.get(agent)?.push(task);
      return {
        agents: [...of].map(([agent, tasks]) => ({ agent, tasks })),
        truncated: rows.length > limit,
      };
    },
    'tasks.claim': async (request, key) => ({ tasks: await running().leases.claim({ ...request, key }) }),
    'tasks.start': async ({ id, token, leaseMs }) => ({
      id,
      leaseMs: await running().leases.start({ id, token }, leaseMs),
    }),
    'tasks.heartbeat': async ({ tasks, leaseMs }) => {
      const { extended, refused } = await running().leases.extend(tasks, leaseMs);
      return { extended, failures: refused.map(failureOf) };
    },
    'tasks.complete': async (completion) => {
      const done = await batchOf({ complete: [completion] });
      throwRefused(done.refused);
      return { id: completion.id, ready: done.ready };
    },
    'tasks.fail': async (failing) => {
      const done = await batchOf({ fail: [failing] });
      throwRefused(done.refused);
      const [failed] = done.failed;
      return failed ?? { id: failing.id, state: 'done' };
    },
    'tasks.release': async (held) => {
      throwRefused((await batchOf({ release: [held] })).refused);
      return { id: held.id };
    },
    'tasks.batch': async ({ claim, ...batch }, key) => {
      const done = await batchOf({ ...batch, claim: claim && { ...claim, key } });
      return {
        completed: done.completed,
        failed: done.failed.map(({ id }) => id),
        released: done.released,
        ready: done.ready,
        claimed: done.claimed,
        failures: done.refused.map(failureOf),
      };
    },
    'tasks.cancel': async ({ ids, dependants, reason }) =>
      changed(ids, await running().queue.cancel(ids, dependants, reason), running, 'is finished already'),
    'tasks.retry': async ({ ids }) =>
      changed(ids, await running().queue.retry(ids), running, 'has neither failed nor been cancelled'),
    'tasks.reprioritise': async ({ ids, ...to }) =>
      changed(ids, await running().queue.reprioritise(ids, to), running, 'is finished already'),
    'tasks.explain': async ({ id }) => {
      const task = known(tables().queries.get(id), id);
      const { scores, questions } = running().queue;
      const { score, terms, notes } = known(scores.explain(id, Date.now()), id);
      return {
        task,
        score,
        terms,
        notes,
        waitsFor: tables().edges.waitsFor(id),
        unblocks: await questions.unblocks(id),
      };
    },
    'tasks.graph': (query) => drawnGraph(running().queue, query),
  };
}

function known<T>(value: T | undefined, id: string): T {
  if (value === undefined) throw new VigilError('NOT_FOUND', `no task ${id}`);
  return value;
}

function throwRefused([first]: readonly Refused[]): void {
  if (first !== undefined) throw first.error;
}

function failureOf({ task, error }: Refused): TaskFailure {
  return { task, code: error.code, message: error.message };
}

/** What changed, and why the others that were asked for did not. */
function changed(
  ids: readonly string[],
  done: readonly string[],
  running: () => RunningTasks,
  whyNot: string,
): { changed: string[]; failures: TaskFailure[] } {
  const these = new Set(done);
  const left = [...new Set(ids)].filter((id) => !these.has(id));
  const states = new Map(
    left.length === 0
      ? []
      : running()
          .queue.store.tasks.edges.check(left)
          .map(({ id, state }) => [id, state]),
  );
  const failures = left.map((id): TaskFailure => {
    const state = states.get(id);
    return state === undefined
      ? { task: id, code: 'NOT_FOUND', message: `no task ${id}` }
      : { task: id, code: 'CONFLICT', message: `task ${id} ${whyNot}: it is ${state}` };
  });
  return { changed: [...done], failures };
}
