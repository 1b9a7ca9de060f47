import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServer } from '../src/broker/find-server.js';
import { print, row } from './report.js';
import { type Driver, moleculerDriver, rawDriver, vigilDriver } from './runtime/drivers.js';
import { inProcessRows } from './runtime/in-process.js';
import { fleetRows } from './runtime/ten-thousand.js';

/**
 * The actor runtime against the bare `nats` package and against peers, in one run.
 *
 *   npm run bench:runtime -- [--json]
 */
const ACTORS = 1_000;
const ROUNDS = 60;
const REQUESTS = 40_000;
const IN_FLIGHT = 500;
const HEAP_TARGET = 4_096;

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Milliseconds of one scatter-gather. */
async function scatterTime(driver: Driver): Promise<number> {
  const startedAt = performance.now();
  await driver.scatter(ACTORS);
  return performance.now() - startedAt;
}

/** Requests a second with `IN_FLIGHT` under way. */
async function throughput(driver: Driver): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < REQUESTS) {
      const i = next++;
      if ((await driver.ask(i)) !== i) throw new Error('a reply went to the wrong request');
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return (REQUESTS / (performance.now() - startedAt)) * 1_000;
}

const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-nats-'));
const program = await findServer(undefined, folder);
if (program === undefined) throw new Error('no nats-server in PATH');
const server = spawn(program.path, ['-a', '127.0.0.1', '-p', '-1'], { stdio: ['ignore', 'ignore', 'pipe'] });
let said = '';
for (; !said.includes('Server is ready'); ) said += String((await once(server.stderr, 'data'))[0]);
const url = `nats://127.0.0.1:${/client connections on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]}`;

const drivers = {
  vigil: await vigilDriver(url, ACTORS),
  raw: await rawDriver(url, ACTORS),
  moleculer: await moleculerDriver(url, ACTORS),
};
try {
  const times = { vigil: [] as number[], raw: [] as number[], moleculer: [] as number[] };
  const names = ['vigil', 'raw', 'moleculer'] as const;
  // In turn, so that what the machine does meanwhile meets all of them; the first rounds warm up.
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      const ms = await scatterTime(drivers[name]);
      if (round >= ROUNDS / 3) times[name].push(ms);
    }
  }
  const [vigil, raw, moleculer] = names.map((name) => median(times[name])) as [number, number, number];
  print(
    row(
      `scatter-gather to ${ACTORS} actors vs raw nats`,
      vigil / raw,
      1.5,
      'below',
      `p50 ${vigil.toFixed(2)} ms, raw ${raw.toFixed(2)} ms`,
    ),
  );
  print(
    row(
      `scatter-gather to ${ACTORS} vs Moleculer`,
      moleculer / vigil,
      1.5,
      'above',
      `p50 ${vigil.toFixed(2)} ms, Moleculer ${moleculer.toFixed(2)} ms`,
    ),
  );

  const rates = { vigil: [] as number[], raw: [] as number[], moleculer: [] as number[] };
  for (let round = 0; round < 4; round++) {
    for (const name of names) {
      const rate = await throughput(drivers[name]);
      if (round > 0) rates[name].push(rate);
    }
  }
  const [own, plain, peer] = names.map((name) => median(rates[name])) as [number, number, number];
  const detail = `${Math.round(own)}/s, Moleculer ${Math.round(peer)}/s, nc.request ${Math.round(plain)}/s, ${IN_FLIGHT} in flight`;
  print(row('requests a second vs Moleculer', own / peer, 1.5, 'above', detail));
  const { bytes } = drivers.vigil;
  print(
    row(
      'heap of an idle actor with its subscription',
      bytes / HEAP_TARGET,
      1,
      'below',
      `${Math.round(bytes)} bytes; a bare subscription ${Math.round(drivers.raw.bytes)}`,
    ),
  );
} finally {
  for (const driver of Object.values(drivers)) await driver.stop();
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
for (const each of await inProcessRows()) print(each);
for (const each of await fleetRows()) print(each);
