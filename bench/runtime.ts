import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServer } from '../src/broker/find-server.js';
import { print, row } from './report.js';
import { inProcessRows } from './runtime/in-process.js';
import { fleetRows } from './runtime/ten-thousand.js';

/**
 * The actor runtime against the bare `nats` package and against peers, in one run.
 *
 *   npm run bench:runtime -- [--json]
 */
const ACTORS = 1_000;
const WARM_UP = 60;
const TURNS = 12;
const ROUNDS_PER_TURN = 10;
const REQUESTS = 60_000;
const HEAP_TARGET = 4_096;
const NAMES = ['vigil', 'raw', 'moleculer'] as const;

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function command<T>(child: ChildProcess, message: object): Promise<T> {
  const answer = once(child, 'message');
  child.send(message);
  return (await answer)[0] as T;
}

const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-nats-'));
const program = await findServer(undefined, folder);
if (program === undefined) throw new Error('no nats-server in PATH');
const server = spawn(program.path, ['-a', '127.0.0.1', '-p', '-1'], { stdio: ['ignore', 'ignore', 'pipe'] });
let said = '';
for (; !said.includes('Server is ready'); ) said += String((await once(server.stderr, 'data'))[0]);
const url = `nats://127.0.0.1:${/client connections on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]}`;

const children = new Map<string, ChildProcess>();
const bytes = new Map<string, number>();
try {
  for (const name of NAMES) {
    const child = fork(new URL('./runtime/driver-process.js', import.meta.url), [name, url, String(ACTORS)]);
    children.set(name, child);
    bytes.set(name, ((await once(child, 'message')) as [{ bytes: number }])[0].bytes);
  }
  const times = new Map<string, number[]>(NAMES.map((name) => [name, []]));
  for (const child of children.values()) await command(child, { scatter: WARM_UP });
  // In turn, so that what the machine does meanwhile meets all of them.
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [name, child] of children)
      times.get(name)?.push(...(await command<number[]>(child, { scatter: ROUNDS_PER_TURN })));
  }
  const [own, raw, peer] = NAMES.map((name) => median(times.get(name) ?? [])) as [number, number, number];
  print(
    row(
      `scatter-gather to ${ACTORS} actors vs raw nats`,
      own / raw,
      1.5,
      'below',
      `p50 ${own.toFixed(2)} ms, raw ${raw.toFixed(2)} ms`,
    ),
  );
  print(
    row(
      `scatter-gather to ${ACTORS} vs Moleculer`,
      peer / own,
      1.5,
      'above',
      `p50 ${own.toFixed(2)} ms, Moleculer ${peer.toFixed(2)} ms`,
    ),
  );

  const rates = new Map<string, number[]>(NAMES.map((name) => [name, []]));
  for (let turn = 0; turn < 5; turn++) {
    for (const [name, child] of children) {
      const rate = await command<number>(child, { requests: REQUESTS });
      if (turn > 0) rates.get(name)?.push(rate);
    }
  }
  const [ownRate, plainRate, peerRate] = NAMES.map((name) => median(rates.get(name) ?? [])) as [
    number,
    number,
    number,
  ];
  const detail = `${Math.round(ownRate)}/s, Moleculer ${Math.round(peerRate)}/s, nc.request ${Math.round(plainRate)}/s, 500 in flight`;
  print(row('requests a second vs Moleculer', ownRate / peerRate, 1.5, 'above', detail));
  const heap = bytes.get('vigil') ?? Number.NaN;
  print(
    row(
      'heap of an idle actor with its subscription',
      heap / HEAP_TARGET,
      1,
      'below',
      `${Math.round(heap)} bytes; a bare subscription ${Math.round(bytes.get('raw') ?? 0)}`,
    ),
  );
} finally {
  for (const child of children.values()) {
    const ended = once(child, 'exit');
    child.send({ stop: true });
    await ended;
  }
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
for (const each of await inProcessRows()) print(each);
for (const each of await fleetRows()) print(each);
