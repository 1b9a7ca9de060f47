import { setTimeout as sleep } from 'node:timers/promises';
import { withOwnQueue } from './queues.js';

export interface SeedRow {
  /** Milliseconds. */
  readonly sequential: number;
  readonly vigil: number;
}

const AGENTS = 10;
const TASKS = 10_000;

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** What ten agents hold: a question for each, and one for all; each question takes `ms` longer. */
export function measureAssigned(ms: number): Promise<SeedRow> {
  return withOwnQueue(TASKS, async ({ store, leases }) => {
    const agents = Array.from({ length: AGENTS }, (_, i) => `agent-${i}`);
    for (const agent of agents) await leases.claim({ agent, capabilities: [], limit: 10 });
    const ask = async (ids: readonly string[]) => {
      await sleep(ms);
      const found = store.tasks.queries.assigned(ids, 1_000);
      if (found.length !== ids.length * 10) throw new Error(`${found.length} tasks of ${ids.length} agents`);
    };
    return {
      sequential: await timed(async () => {
        for (const agent of agents) await ask([agent]);
      }),
      vigil: await timed(() => ask(agents)),
    };
  });
}

/** The next ten tasks with their scores: one transaction for each, and one for all; each takes `ms` longer. */
export function measureNext(ms: number): Promise<SeedRow> {
  return withOwnQueue(TASKS, async ({ leases }) => {
    const next = async (limit: number) => {
      await sleep(ms);
      const tasks = await leases.claim({ agent: 'bench', capabilities: [], limit });
      if (tasks.length !== limit || tasks.some(({ score }) => score <= 0)) throw new Error('no such tasks');
    };
    return {
      sequential: await timed(async () => {
        for (let i = 0; i < AGENTS; i++) await next(1);
      }),
      vigil: await timed(() => next(AGENTS)),
    };
  });
}
