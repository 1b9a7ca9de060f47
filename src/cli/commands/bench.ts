import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, VigilError } from '../../messages/errors.js';
import { visible } from '../../messages/visible.js';
import type { Settings } from '../../settings/schema.js';
import { benchAnalysis } from '../bench/analysis.js';
import { benchBroker } from '../bench/broker.js';
import { benchDisk } from '../bench/disk.js';
import { type Measure, notMeasured } from '../bench/measure.js';
import { benchParse } from '../bench/parse.js';
import { openBenchPlace } from '../bench/place.js';
import { Client } from '../client.js';
import { EXIT } from '../exit-codes.js';
import { Progress } from '../progress.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { pc } from '../terminal.js';

export type BenchName = 'broker' | 'disk' | 'parse' | 'analysis';

/** A real log of Claude Code, shipped with the sample fleet. */
const SESSION = new URL('../../../../fleet/logs/spotter-tool_heavy.jsonl', import.meta.url);
const ANSWER_MS = 3_000;
const COLOURS = { good: pc.green, fair: pc.yellow, slow: pc.red, 'not measured': pc.dim } as const;

/** Measures this set-up for a few seconds: what is good, what is slow, what to do. @returns the exit code. */
export async function bench(
  names: readonly BenchName[],
  options: SettingsOptions & { readonly json?: boolean },
  stopAsked: Promise<'stop'>,
): Promise<number> {
  const stop = new AbortController();
  const { signal } = stop;
  void stopAsked.then(() => stop.abort());
  const { settings } = settingsOf(options);
  const progress = new Progress(options.json === true);
  const wanted = (name: BenchName) => names.length === 0 || names.includes(name);
  const place = await openBenchPlace(settings.dataDir);
  const { folder } = place;
  const measures: Measure[] = [];
  const measure = async (name: BenchName, text: string, work: () => Promise<Measure[]>) => {
    if (!wanted(name) || signal.aborted) return;
    progress.step(text);
    measures.push(...(await work().catch((error: unknown) => [notMeasured(name, reasonOf(error))])));
  };
  try {
    const session = readFileSync(SESSION);
    await measure('broker', 'Measuring the broker', () => withRunning(settings, benchBroker));
    await measure('disk', 'Measuring the disk', () => benchDisk(join(folder, 'disk')));
    await measure('parse', 'Measuring a parser', () => benchParse(folder, session));
    const active = wanted('analysis') ? await activeAgents(settings) : undefined;
    await measure('analysis', 'Measuring a fleet of its own', () =>
      benchAnalysis({ folder, session, settings, active, signal }),
    );
  } finally {
    progress.done();
    place.close();
  }
  // What was under way has cleaned up behind itself.
  if (signal.aborted) return EXIT.interrupted;
  if (options.json === true) console.log(JSON.stringify({ measures }, null, 2));
  else for (const line of measures.flatMap(linesOf)) console.log(line);
  return measures.every(({ state }) => state === 'not measured') ? EXIT.failure : EXIT.fine;
}

async function withRunning<T>(settings: Settings, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await Client.find(settings);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

async function activeAgents(settings: Settings): Promise<number | undefined> {
  try {
    return await withRunning(settings, async (client) => {
      const { agents } = await client.request('status', {}, ANSWER_MS);
      return agents.active;
    });
  } catch (error) {
    // None runs: its size is not of interest then.
    if (error instanceof VigilError) return undefined;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  return messageOf(error).replace(/\s*\n\s*/g, ' ');
}

function linesOf({ bench: name, name: what, value, unit, state, detail, mend }: Measure): string[] {
  const title = name === what ? name : `${name}: ${what}`;
  const figure = state === 'not measured' ? '-' : `${rounded(value)} ${unit}`;
  const line = `${COLOURS[state](state.padEnd(12))}  ${title.padEnd(22)}  ${figure.padStart(18)}  ${visible(detail)}`;
  return mend === undefined ? [line] : [line, `${' '.repeat(14)}${pc.dim(`-> ${mend}`)}`];
}

function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
