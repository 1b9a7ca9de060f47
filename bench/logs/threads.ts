import { join } from 'node:path';
import { LogCollector } from '../../src/logs/collector.js';
import { createParsePool } from '../../src/logs/parse-pool.js';
import { writeLarge } from './sources.js';

const FILES = 12;
const FILE_BYTES = 12 * 1024 * 1024;
const ROUNDS = 3;
/** Files that each new thread reads first, until its engine has compiled what it will compile. */
const WARM_UPS = 4;

/** Seconds that many files take to be read and parsed by one pool thread and by two, the best of some rounds in turn. */
export async function measureThreads(
  folder: string,
  content: Buffer,
): Promise<{ readonly one: number; readonly two: number; readonly bytes: number }> {
  const paths = Array.from({ length: FILES }, (_, number) => join(folder, `session-${number}.jsonl`));
  const bytes = paths.reduce((sum, path) => sum + writeLarge(path, content, FILE_BYTES), 0);
  const best = { one: Number.POSITIVE_INFINITY, two: Number.POSITIVE_INFINITY };
  for (let round = 0; round < ROUNDS; round += 1) {
    best.one = Math.min(best.one, await readAllOf(paths, 1));
    best.two = Math.min(best.two, await readAllOf(paths, 2));
  }
  return { ...best, bytes };
}

async function readAllOf(paths: readonly string[], threads: number): Promise<number> {
  const pool = createParsePool({ threads });
  try {
    for (let round = 0; round < WARM_UPS; round += 1)
      await Promise.all(paths.slice(0, threads).map((path) => readWhole(path, pool.parse)));
    const queue = paths.values();
    const start = performance.now();
    const reader = async (): Promise<void> => {
      for (const path of queue) await readWhole(path, pool.parse);
    };
    await Promise.all(Array.from({ length: threads * 2 }, reader));
    return (performance.now() - start) / 1000;
  } finally {
    await pool.close();
  }
}

async function readWhole(path: string, parse: ReturnType<typeof createParsePool>['parse']): Promise<void> {
  const collector = new LogCollector({ path, parse });
  const readPart = async (): Promise<boolean> => (await collector.read()).more;
  for (let more = true; more; ) more = await readPart();
}
