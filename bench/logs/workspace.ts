import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogCollector } from '../../src/logs/collector.js';
import { parseChunk } from '../../src/logs/parse-chunk.js';
import { readAll } from '../../src/logs/workspace.js';

const NAMES = ['output.log', 'agent.log', 'conversation.log', 'stdout.log', 'stderr.log'];
const LINES = 20;

const ROUNDS = 9;
const WARM_ROUNDS = 30;

/**
 * The usual files of a workspace, each with a latency in front of its content. The median of some rounds: a tick of
 * the timer alone is a fiftieth of the bound. @returns milliseconds.
 */
export async function measureWorkspace(
  latencyMs: number,
): Promise<{ readonly sequential: number; readonly vigil: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-workspace-'));
  try {
    for (const name of NAMES) {
      const lines = Array.from(
        { length: LINES },
        (_, second) => `2026-01-01 10:00:${second + 10} INFO ${name}\n`,
      );
      writeFileSync(join(folder, name), lines.join(''));
    }
    // The figures are of code that ran before.
    for (let round = 0; round < WARM_ROUNDS; round += 1) await read(folder, NAMES.length, 0);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await read(folder, NAMES.length, latencyMs));
    times.sort((one, other) => one - other);
    return { sequential: await read(folder, 1, latencyMs), vigil: times[ROUNDS >> 1] ?? 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function read(folder: string, maxConcurrent: number, latencyMs: number): Promise<number> {
  const collectors = NAMES.map(
    (name) =>
      new LogCollector({
        path: join(folder, name),
        root: folder,
        parse: async (request) => {
          await sleep(latencyMs);
          return parseChunk(request);
        },
      }),
  );
  const start = performance.now();
  const { events, failures } = await readAll(collectors, { maxConcurrent, final: true });
  const ms = performance.now() - start;
  if (events.length !== NAMES.length * LINES || failures.length > 0)
    throw new Error(`workspace: ${events.length} events, failures ${JSON.stringify(failures)}`);
  return ms;
}
