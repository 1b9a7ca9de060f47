import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { VigilError } from '../messages/errors.js';
import type { Settings } from '../settings/schema.js';

/** How commands find the supervisor that runs on a data directory. */
const Running = z.object({
  pid: z.number().int(),
  url: z.string(),
  prefix: z.string(),
  nkeyFile: z.string().optional(),
  credsFile: z.string().optional(),
  /** The key of managed agents; absent where the broker is not ours. */
  agentNkeyFile: z.string().optional(),
  /** The dashboard's URL, with its token; absent when it is switched off. */
  dashboard: z.string().optional(),
});
export type Running = z.infer<typeof Running>;

const fileOf = (dataDir: string) => resolve(dataDir, 'supervisor.json');

export function noteRunning(dataDir: string, running: Running): void {
  writeFileSync(fileOf(dataDir), `${JSON.stringify(running)}\n`, { mode: 0o600 });
}

export function forgetRunning(dataDir: string): void {
  rmSync(fileOf(dataDir), { force: true });
}

/** What was noted on a data directory; it may be of a supervisor that was killed. Undefined when nothing readable is there. */
export function notedRunning(dataDir: string): Running | undefined {
  try {
    return Running.safeParse(JSON.parse(readFileSync(fileOf(dataDir), 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @throws VigilError BROKER when none was started here and no broker is set. */
export function findRunning(settings: Settings): Running {
  const { nats, prefix, dataDir } = settings;
  if (nats.url !== undefined) {
    return { pid: 0, url: nats.url, prefix, nkeyFile: nats.nkeyFile, credsFile: nats.credsFile };
  }
  let text: string;
  try {
    text = readFileSync(fileOf(dataDir), 'utf8');
  } catch (error) {
    throw new VigilError(
      'BROKER',
      `no supervisor runs on ${resolve(dataDir)}; start one with "vigil start", or name its broker with --nats-url`,
      { cause: error },
    );
  }
  return Running.parse(JSON.parse(text));
}
