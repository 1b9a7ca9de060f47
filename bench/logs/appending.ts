import { appendFileSync } from 'node:fs';
import { LogCollector } from '../../src/logs/collector.js';
import type { LogCursor } from '../../src/logs/log-cursor.js';
import { parseChunk } from '../../src/logs/parse-chunk.js';

export interface Appending {
  /** Of one read after one kilobyte was appended. */
  readonly bytes: number;
  readonly ms: number;
}

export interface AppendedLog {
  readonly path: string;
  readonly cursor: LogCursor;
}

const ROUNDS = 200;
const RECORD = `${JSON.stringify({ type: 'user', sessionId: 's', message: { role: 'user', content: 'x'.repeat(925) } })}\n`;

/** Appends a kilobyte to each log in turn and reads it, many times; the median counts. */
export async function measureAppending(logs: readonly AppendedLog[]): Promise<Appending[]> {
  const collectors = logs.map(
    ({ path, cursor }) => new LogCollector({ path, cursor, parse: async (request) => parseChunk(request) }),
  );
  const reads = logs.map((): Appending[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, collector] of collectors.entries()) {
      appendFileSync(collector.path, RECORD);
      const start = performance.now();
      const { bytesRead, events } = await collector.read();
      const ms = performance.now() - start;
      if (events.length !== 1) throw new Error(`${collector.path}: ${events.length} events for one record`);
      reads[index]?.push({ bytes: bytesRead, ms });
    }
  }
  return reads.map((each) => {
    const times = each.map((read) => read.ms).sort((one, other) => one - other);
    const bytes = each.reduce((sum, read) => sum + read.bytes, 0) / each.length;
    return { bytes, ms: times[times.length >> 1] ?? 0 };
  });
}
