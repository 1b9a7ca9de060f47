import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { coherence } from '../src/judgement/coherence.js';
import { BenchFleet } from './fleet.js';
import { measureSync } from './github/sync.js';
import { measureRestarts } from './health/restarts.js';
import { measureWorkspace } from './logs/workspace.js';
import { startModelServer } from './model-server.js';
import { print, row } from './report.js';
import { measureChecks } from './tasks/checks.js';
import { measureAssigned, measureNext } from './tasks/seed-rows.js';

/**
 * The operations of the seed's table, each with the latency of its I/O injected: one after another, and as Vigil does
 * it, in the same run. The bound is the least time that the concurrency limit allows: ceil(n / c) x t.
 *
 *   npm run bench:seed -- [--json] [--scale 0.5]
 *
 * `--scale` shortens every injected latency; the figures are of the scaled times.
 */
const at = process.argv.indexOf('--scale');
const SCALE = at === -1 ? 0.5 : Number(process.argv[at + 1]);
const LOG = fileURLToPath(new URL('../../fleet/logs/BabyEncryption.traj', import.meta.url));
const OVERHEAD = 1.03;

interface Operation {
  readonly name: string;
  /** Agents, milliseconds of judgement each, limit. */
  readonly n: number;
  readonly ms: number;
  readonly c: number;
  readonly seedParallelMs: number;
  sequential(fleet: BenchFleet): Promise<number>;
  vigil(fleet: BenchFleet): Promise<number>;
  readonly boundMs: number;
  readonly conductorMs?: number;
  /** The time is a model's, behind a real HTTP server, with `c` calls at once over all hosts. */
  readonly byModel?: boolean;
}

const names = (n: number) => Array.from({ length: n }, (_, i) => `agent-${i}`);

async function timed(fleet: BenchFleet, kind: string, payload: object, items: number): Promise<number> {
  const { ms, result } = await fleet.trigger(kind, payload);
  if (result.items.length !== items || result.failures.length > 0) {
    throw new Error(
      `${kind}: ${result.items.length} of ${items} items, failures ${JSON.stringify(result.failures.slice(0, 3))}`,
    );
  }
  return ms;
}

const OPERATIONS: readonly Operation[] = [
  {
    name: 'seed 1: trajectory analysis, 10 x 2 s, c=5',
    n: 10,
    ms: 2_000,
    c: 5,
    seedParallelMs: 4_000,
    boundMs: 4_000,
    sequential: (fleet) => timed(fleet, 'analyze', { force: true, maxConcurrent: 1 }, 10),
    vigil: (fleet) => timed(fleet, 'analyze', { force: true }, 10),
  },
  {
    name: 'seed 2: cycle, guardian 5 s + conductor 3 s',
    n: 5,
    ms: 5_000,
    c: 5,
    conductorMs: 3_000,
    seedParallelMs: 5_000,
    boundMs: 5_000,
    sequential: async (fleet) =>
      (await timed(fleet, 'analyze', { force: true }, 5)) + (await timed(fleet, 'coherence', {}, 1)),
    vigil: (fleet) => timed(fleet, 'cycle', {}, 5),
  },
  {
    name: 'seed 3: emergency analysis, 5 x 2 s',
    n: 5,
    ms: 2_000,
    c: 5,
    seedParallelMs: 2_000,
    boundMs: 2_000,
    sequential: (fleet) => timed(fleet, 'analyze', { force: true, maxConcurrent: 1 }, 5),
    vigil: (fleet) => timed(fleet, 'emergency', { agents: names(5), reason: 'bench' }, 5),
  },
  {
    name: 'seed 6: LLM calls, 5 x 2 s, c=3',
    n: 5,
    ms: 2_000,
    c: 3,
    byModel: true,
    seedParallelMs: 4_000,
    boundMs: 4_000,
    sequential: (fleet) => timed(fleet, 'analyze', { force: true, maxConcurrent: 1 }, 5),
    vigil: (fleet) => timed(fleet, 'analyze', { force: true, maxConcurrent: 5 }, 5),
  },
  {
    name: 'ten agents, model 2 s, c=5',
    n: 10,
    ms: 2_000,
    c: 5,
    byModel: true,
    seedParallelMs: 4_000,
    boundMs: 4_000,
    sequential: (fleet) => timed(fleet, 'analyze', { force: true, maxConcurrent: 1 }, 10),
    vigil: (fleet) => timed(fleet, 'analyze', { force: true, maxConcurrent: 5 }, 10),
  },
];

for (const operation of OPERATIONS) {
  const ms = Math.round(operation.ms * SCALE);
  const model = operation.byModel === true ? await startModelServer(ms) : undefined;
  const judge = { kind: 'llm', baseUrl: model?.url, maxConcurrent: operation.c, cacheEntries: 0 };
  const fleet = await BenchFleet.start(
    {
      agents: names(operation.n).map((id) => ({ id, goal: `take ${ms} ms`, logs: [LOG] })),
      analysis: { maxConcurrent: operation.c },
      ...(model === undefined ? {} : { judge }),
    },
    {
      ...(model === undefined ? { hostModule: new URL('./slow-host.js', import.meta.url) } : {}),
      conductor: async (profiles, signal) => {
        await sleep((operation.conductorMs ?? 0) * SCALE, undefined, { signal });
        return coherence(profiles);
      },
    },
  );
  try {
    // Reads the logs once: the figures are of a system that runs, not of its first second.
    await timed(fleet, 'coherence', {}, 1);
    if (model !== undefined) await timed(fleet, 'analyze', { agents: names(1) }, 1);
    // The cycle goes first: it does not force, and what was analysed once is not analysed again.
    const vigil = await operation.vigil(fleet);
    const sequential = await operation.sequential(fleet);
    const bound = operation.boundMs * SCALE;
    const seconds = (value: number) => `${(value / 1_000).toFixed(3)} s`;
    print(
      row(
        operation.name,
        vigil / bound,
        OVERHEAD,
        'below',
        `one after another ${seconds(sequential)}, Vigil ${seconds(vigil)}, bound ${seconds(bound)}, seed's parallel ${seconds(operation.seedParallelMs * SCALE)}, times x ${SCALE}`,
      ),
    );
  } finally {
    await fleet.stop();
    model?.stop();
  }
}

/** Not scaled: it is short as it is. */
const RESTART_MS = 500 * SCALE;
const restarts = await measureRestarts(RESTART_MS);
print(
  row(
    'seed 5: restarts, 20 x 0.5 s, c=5',
    restarts.vigil / restarts.bound,
    OVERHEAD,
    'below',
    `one after another ${(restarts.sequential / 1_000).toFixed(3)} s, Vigil ${(restarts.vigil / 1_000).toFixed(3)} s, bound ${(restarts.bound / 1_000).toFixed(3)} s, seed's parallel ${((2_000 * SCALE) / 1_000).toFixed(3)} s, times x ${SCALE}`,
  ),
);

const WORKSPACE_MS = 100;
const { sequential, vigil } = await measureWorkspace(WORKSPACE_MS);
print(
  row(
    'seed 8: workspace files, 5 x 0.1 s',
    vigil / WORKSPACE_MS,
    OVERHEAD,
    'below',
    `one after another ${sequential.toFixed(0)} ms, Vigil ${vigil.toFixed(1)} ms, bound ${WORKSPACE_MS} ms, seed's parallel ${WORKSPACE_MS} ms, times x 1`,
  ),
);

/** Not scaled: what Vigil does besides waiting stands against the seed's own second. */
const SYNC_MS = 1_000;
const sync = await measureSync(SYNC_MS);
print(
  row(
    'seed 9: GitHub repositories, 10 x 1 s, c=3',
    sync.vigil / sync.bound,
    OVERHEAD,
    'below',
    `one after another ${(sync.sequential / 1_000).toFixed(3)} s, Vigil ${(sync.vigil / 1_000).toFixed(3)} s, bound ${(sync.bound / 1_000).toFixed(3)} s, seed's parallel 3.300 s (below the bound: ten equal calls take four rounds of three), times x 1`,
  ),
);

const TASK_MS = 100;
for (const [name, measured] of [
  ['seed 4: assigned tasks of 10 agents x 0.1 s', await measureAssigned(TASK_MS)],
  ['seed 7: next 10 tasks with scores x 0.1 s', await measureNext(TASK_MS)],
] as const)
  print(
    row(
      name,
      measured.vigil / TASK_MS,
      OVERHEAD,
      'below',
      `one after another ${measured.sequential.toFixed(0)} ms, Vigil ${measured.vigil.toFixed(1)} ms, bound ${TASK_MS} ms (one statement, one transaction), times x 1`,
    ),
  );

const CHECK_MS = 50;
const checks = await measureChecks(CHECK_MS);
print(
  row(
    'seed 10: 100 dependency checks x 0.05 s',
    checks.vigil / 500,
    OVERHEAD - 1,
    'below',
    `one after another ${(checks.sequential / 1_000).toFixed(3)} s, Vigil ${checks.vigil.toFixed(3)} ms: one pass over counters in a graph of ${checks.tasks.toLocaleString('en')} tasks, no I/O; over seed's parallel 500 ms; times x 1`,
  ),
);
