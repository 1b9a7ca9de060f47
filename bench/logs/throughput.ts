import { limitsFrom } from '../../src/logs/limits.js';
import { parseChunk } from '../../src/logs/parse-chunk.js';
import type { LogFormat } from '../../src/messages/agent-event.js';

export interface Throughput {
  /** MB/s of one thread: parsing to events; `JSON.parse` of each line; the same with its decoding from bytes. */
  readonly events: number;
  readonly json: number;
  readonly decodedJson: number;
}

/** As many as it takes until the engine has compiled what it will compile. */
const ROUNDS = 400;

/** All three over the same bytes in turn; of each the fastest round counts, as the one least disturbed. */
export function measureThroughput(bytes: Buffer, format: LogFormat): Throughput {
  const texts = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const runs = [
    (): void => parse(bytes, format),
    (): void => {
      for (const text of texts) JSON.parse(text);
    },
    (): void => decodeAndParse(bytes),
  ];
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, run] of runs.entries()) {
      const start = performance.now();
      run();
      best[index] = Math.min(best[index] ?? 0, performance.now() - start);
    }
  }
  const [events = 0, json = 0, decodedJson = 0] = best.map((ms) => bytes.length / 1000 / ms);
  return { events, json, decodedJson };
}

function parse(bytes: Buffer, format: LogFormat): void {
  parseChunk({
    format,
    state: undefined,
    bytes,
    atEnd: true,
    final: true,
    flush: true,
    modifiedAt: null,
    limits: limitsFrom(),
    baseIndex: 0,
  });
}

function decodeAndParse(bytes: Buffer): void {
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    if (end > start) JSON.parse(bytes.toString('utf8', start, end));
    start = end + 1;
  }
}
