import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { createStore } from '../../src/store/store.js';
import { followedCommands } from './followed-commands.js';
import { commands, finish } from './queue-commands.js';
import { BACKOFF_MS, LEASE_MS, QueueModel } from './queue-model.js';
import { QueueUnderTest } from './queues.js';

const RUNS = Number(process.env['TASKS_FUZZ'] ?? 100);

t.test(`${RUNS} random sequences of requests and kills do what the model does`, async (t) => {
  const template = mkdtempSync(join(tmpdir(), 'vigil-queue-template-'));
  createStore(template).close();
  t.teardown(() => rmSync(template, { recursive: true, force: true }));
  const settings = { leaseMs: LEASE_MS, backoffMs: BACKOFF_MS, sweepMs: 600_000 };
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(commands(40, followedCommands), async (sequence) => {
      const model = new QueueModel();
      const real = await QueueUnderTest.open(settings, template);
      try {
        await fc.asyncModelRun(() => ({ model, real }), sequence);
        await finish(model, real);
        steps += [...sequence].length;
      } finally {
        await real.close();
      }
    }),
    { numRuns: RUNS, endOnFailure: RUNS > 1_000 },
  );
  t.ok(steps > RUNS, `${steps} steps`);
  t.comment(`${RUNS} sequences, ${steps} steps`);
});
