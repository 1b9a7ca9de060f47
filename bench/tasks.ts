import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BenchFleet } from './fleet.js';
import { print, row } from './report.js';
import { HAS_REDIS, type OwnQueue, QUEUES, withOwnQueue } from './tasks/queues.js';

/**
 * The task queue: beside job queues of npm with the same work in the same run, with a million tasks, and with fifty agents
 * over NATS.
 *
 *   npm run bench:tasks -- [--json]
 */
const TASKS = 20_000;
const BATCH = 10;
const MANY = 1_000_000;
const FEW = 1_000;
const CLAIMS = 500;
const OVER_NATS = 100_000;
const CLIENTS = 50;

/** Hand out and finish: each peer as it does it best. */
async function besidePeers(): Promise<void> {
  const rates = new Map<string, number>();
  for (const queue of QUEUES) rates.set(queue.name, await queue.measure(TASKS, BATCH));
  const own = rates.get('Vigil') ?? 0;
  const peers = [...rates].filter(([name]) => name !== 'Vigil');
  const fastest = Math.max(...peers.map(([, rate]) => rate));
  const notes = QUEUES.map(({ name, note }) => `${name} ${Math.round(rates.get(name) ?? 0)}/s (${note})`);
  if (!HAS_REDIS) notes.push('BullMQ left out: there is no redis-server (apt-get install redis-server)');
  print(
    row(
      `claim and finish ${TASKS} tasks, ${BATCH} at a time`,
      own / fastest,
      1,
      'above',
      `against the fastest peer: ${notes.join(', ')}`,
    ),
  );
}

async function claimTimes({ leases }: OwnQueue): Promise<{ p50: number; p99: number }> {
  const times: number[] = [];
  for (let i = 0; i < CLAIMS; i++) {
    const startedAt = performance.now();
    await leases.claim({ agent: `agent-${i % CLIENTS}`, capabilities: [], limit: 1 });
    times.push(performance.now() - startedAt);
  }
  times.sort((one, other) => one - other);
  return {
    p50: times[Math.floor(times.length / 2)] as number,
    p99: times[Math.floor(times.length * 0.99)] as number,
  };
}

async function withMany(): Promise<void> {
  const few = await withOwnQueue(FEW, claimTimes);
  const { times: many, checks } = await withOwnQueue(MANY, async (own) => ({
    times: await claimTimes(own),
    checks: timeChecks(own),
  }));
  const text = (name: string, { p50, p99 }: typeof few) =>
    `${name}: p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms`;
  const detail = `${text(`${FEW} tasks`, few)}; ${text(`${MANY} tasks`, many)}; ${CLAIMS} claims of one task`;
  print(row(`claim among ${MANY} tasks, p50`, many.p50 / few.p50, 2, 'below', detail));
  print(row(`claim among ${MANY} tasks, p99`, many.p99 / few.p99, 2, 'below', detail));
  print(
    row(
      '100 dependency checks, one statement',
      checks / 500,
      0.05,
      'below',
      `${checks.toFixed(3)} ms among ${MANY} tasks, seed's parallel 500 ms`,
    ),
  );
}

function timeChecks({ store }: OwnQueue): number {
  const ids = Array.from({ length: 100 }, (_, i) => `t${i * 9_973}`);
  const startedAt = performance.now();
  const found = store.tasks.edges.check(ids);
  const ms = performance.now() - startedAt;
  if (found.length !== ids.length) throw new Error(`${found.length} of ${ids.length} checks`);
  return ms;
}

async function overNats(): Promise<void> {
  const fleet = await BenchFleet.start({ hosts: { count: 0 } }, {});
  try {
    for (let from = 0; from < OVER_NATS; from += 5_000) {
      const tasks = Array.from({ length: 5_000 }, (_, i) => ({
        id: `t${from + i}`,
        title: `Task ${from + i}`,
      }));
      await fleet.client.request('vigil.rpc.tasks.add', JSON.stringify({ tasks }), { timeout: 60_000 });
    }
    const script = fileURLToPath(new URL('./tasks/clients.js', import.meta.url));
    const { url, nkeyFile = '' } = fleet.agent;
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      url,
      nkeyFile,
      String(CLIENTS),
      String(BATCH),
    ]);
    const { claimed, twice, seconds, p50, p99 } = JSON.parse(stdout) as Record<string, number>;
    if (claimed !== OVER_NATS || twice !== 0)
      throw new Error(`${claimed} of ${OVER_NATS} claimed, ${twice} of them more than once`);
    print(
      row(
        `${CLIENTS} agents over NATS claim ${OVER_NATS} tasks`,
        claimed / OVER_NATS,
        1,
        'above',
        `each exactly once, and finished: ${Math.round(OVER_NATS / (seconds as number))} claims/s, ${BATCH} a request, request p50 ${p50?.toFixed(1)} ms, p99 ${p99?.toFixed(1)} ms`,
      ),
    );
  } finally {
    await fleet.stop();
  }
}

await besidePeers();
await overNats();
await withMany();
