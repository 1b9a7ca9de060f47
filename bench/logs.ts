import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LogCursor } from '../src/logs/log-cursor.js';
import { type AppendedLog, measureAppending } from './logs/appending.js';
import { bytesOf, CLAUDE, CODEX, writeLarge } from './logs/sources.js';
import { measureThreads } from './logs/threads.js';
import { measureThroughput } from './logs/throughput.js';
import { print, row } from './report.js';

/**
 * What reading logs costs: against `JSON.parse` of the same lines, with two threads against one, in memory, and after
 * an append. On real logs, and on files made of them in a temporary folder, which is removed.
 *
 *   npm run bench:logs -- [--json] [--gigabytes 2]
 */
const at = process.argv.indexOf('--gigabytes');
const GIGABYTES = at === -1 ? 2 : Number(process.argv[at + 1]);
const MEGABYTE = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-logs-'));
const rate = (megabytes: number): string => `${megabytes.toFixed(0)} MB/s`;

interface WholeFile {
  readonly megabytes: number;
  readonly bytes: number;
  readonly events: number;
  readonly ms: number;
  readonly cursor: LogCursor;
}

/** Reads the file in a process of its own, whose memory is the file's alone. */
async function readWhole(path: string): Promise<WholeFile> {
  const script = fileURLToPath(new URL('./logs/whole-file.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, path]);
  return JSON.parse(stdout) as WholeFile;
}

try {
  for (const [name, paths, format] of [
    ['Claude Code', CLAUDE, 'claude-code'],
    ['Codex', CODEX, 'codex'],
  ] as const) {
    const { events, json, decodedJson } = measureThroughput(bytesOf(paths), format);
    print(
      row(
        `logs: ${name} to events, one thread`,
        events / decodedJson,
        0.7,
        'above',
        `${rate(events)}; each line decoded and JSON.parse ${rate(decodedJson)}, JSON.parse alone ${rate(json)}`,
      ),
    );
  }

  const { one, two, bytes } = await measureThreads(folder, bytesOf(CLAUDE));
  print(
    row(
      'logs: two pool threads against one',
      one / two,
      1.7,
      'above',
      `${(bytes / 1e6).toFixed(0)} MB in 12 files: ${one.toFixed(2)} s, ${two.toFixed(2)} s`,
    ),
  );

  const large = join(folder, 'large.jsonl');
  const size = writeLarge(large, bytesOf(CLAUDE), GIGABYTES * 1024 * MEGABYTE);
  const whole = await readWhole(large);
  print(
    row(
      'logs: memory of reading a large file',
      whole.megabytes / 300,
      1,
      'below',
      `${whole.megabytes.toFixed(0)} MB of 300 at its peak, process and all; file ${(size / 1e9).toFixed(2)} GB, ${whole.events} events, ${(whole.ms / 1000).toFixed(1)} s, ${rate(whole.bytes / 1000 / whole.ms)}`,
    ),
  );

  const small = join(folder, 'small.jsonl');
  copyFileSync(CLAUDE[1] ?? '', small);
  const logs: AppendedLog[] = [
    { path: small, cursor: (await readWhole(small)).cursor },
    { path: large, cursor: whole.cursor },
  ];
  const [little, much] = await measureAppending(logs);
  if (little === undefined || much === undefined) throw new Error('nothing was measured');
  const sizes = `1 kB appended to ${(size / 1e9).toFixed(2)} GB and to 0.3 MB`;
  print(
    row(
      'logs: append, bytes read',
      much.bytes / little.bytes,
      1.05,
      'below',
      `${sizes}: ${much.bytes}, ${little.bytes}`,
    ),
  );
  print(
    row(
      'logs: append, time',
      much.ms / little.ms,
      1.2,
      'below',
      `${sizes}: ${much.ms.toFixed(3)} ms, ${little.ms.toFixed(3)} ms`,
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
