import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServer } from '../src/broker/find-server.js';
import { print, row } from './report.js';
import { Contestant } from './runtime/contestant.js';
import { inProcessRows } from './runtime/in-process.js';
import { fleetRows } from './runtime/ten-thousand.js';

/**
 * The actor runtime against the bare `nats` package and against peers, in one run.
 *
 *   npm run bench:runtime -- [--json]
 */
const ACTORS = 1_000;
const SCATTER = { warmUp: 60, turns: 12, rounds: 10 };
const REQUESTS = { warmUp: 60_000, turns: 32, requests: 20_000 };
const HEAP_TARGET = 4_096;
/** Neighbours are compared with each other. */
const NAMES = ['raw', 'vigil', 'moleculer'] as const;
type Figures = Record<(typeof NAMES)[number], number[]>;

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Of the ratios of each turn the one in the middle: both sides of a ratio met the same machine. */
const ratio = (over: number[], under: number[]) =>
  median(over.map((value, turn) => value / (under[turn] ?? 0)));

const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-nats-'));
const program = await findServer(undefined, folder);
if (program === undefined) throw new Error('no nats-server in PATH');

const contestants = new Map<keyof Figures, Contestant>();

/** Short turns, so that what the machine does meanwhile meets all of them; every other one the other way round. */
async function inTurns(turns: number, measure: (each: Contestant) => Promise<number>): Promise<Figures> {
  const figures: Figures = { raw: [], vigil: [], moleculer: [] };
  for (let turn = 0; turn < turns; turn++) {
    const order = turn % 2 === 0 ? [...contestants] : [...contestants].reverse();
    for (const [name, each] of order) figures[name].push(await measure(each));
  }
  return figures;
}

try {
  for (const name of NAMES) contestants.set(name, await Contestant.start(name, program.path, ACTORS));

  for (const each of contestants.values()) await each.scatter(SCATTER.warmUp);
  const times = await inTurns(SCATTER.turns, async (each) => median(await each.scatter(SCATTER.rounds)));
  const ms = (name: keyof Figures) => `${median(times[name]).toFixed(2)} ms`;
  print(
    row(
      `scatter-gather to ${ACTORS} actors vs raw nats`,
      ratio(times.vigil, times.raw),
      1.5,
      'below',
      `p50 ${ms('vigil')}, raw ${ms('raw')}`,
    ),
  );
  print(
    row(
      `scatter-gather to ${ACTORS} vs Moleculer`,
      ratio(times.moleculer, times.vigil),
      1.5,
      'above',
      `p50 ${ms('vigil')}, Moleculer ${ms('moleculer')}`,
    ),
  );

  for (const each of contestants.values()) await each.requests(REQUESTS.warmUp);
  const rates = await inTurns(REQUESTS.turns, (each) => each.requests(REQUESTS.requests));
  const rate = (name: keyof Figures) => `${Math.round(median(rates[name]))}/s`;
  print(
    row(
      'requests a second vs Moleculer',
      ratio(rates.vigil, rates.moleculer),
      1.5,
      'above',
      `${rate('vigil')}, Moleculer ${rate('moleculer')}, nc.request ${rate('raw')}, 500 in flight`,
    ),
  );

  const heap = contestants.get('vigil')?.bytes ?? Number.NaN;
  const bare = contestants.get('raw')?.bytes ?? Number.NaN;
  print(
    row(
      'heap of an idle actor with its subscription',
      heap / HEAP_TARGET,
      1,
      'below',
      `${Math.round(heap)} bytes; a bare subscription ${Math.round(bare)}`,
    ),
  );
} finally {
  for (const each of contestants.values()) await each.stop();
  rmSync(folder, { recursive: true, force: true });
}
for (const each of await inProcessRows()) print(each);
for (const each of await fleetRows()) print(each);
