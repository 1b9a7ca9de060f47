import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, VigilError } from '../messages/errors.js';

const run = promisify(execFile);

export interface ServerProgram {
  readonly path: string;
  /** [major, minor, patch]. */
  readonly version: readonly [number, number, number];
}

/** Oldest nats-server whose JetStream, key-value and services Vigil has been run on. */
const OLDEST = [2, 9, 0] as const;

/** Package managers put it where a user's PATH often does not look. */
const USUAL_FOLDERS = ['/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/opt/homebrew/bin'];

/**
 * The nats-server to start: the one set, else the first in PATH, the usual folders and `ownFolder` (where Vigil keeps
 * the one it got itself).
 *
 * @throws VigilError BROKER when the one set, or each that is found, cannot be run or is too old.
 */
export async function findServer(
  set: string | undefined,
  ownFolder: string,
  path = process.env['PATH'] ?? '',
): Promise<ServerProgram | undefined> {
  if (set !== undefined) return probe(set);
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...USUAL_FOLDERS, ownFolder];
  const name = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
  let unusable: VigilError | undefined;
  for (const folder of folders) {
    const candidate = join(folder, name);
    if (!(await isExecutable(candidate))) continue;
    try {
      return await probe(candidate);
    } catch (error) {
      // A later one may do; when none does, the first is the one to mend.
      if (!(error instanceof VigilError)) throw error;
      unusable ??= error;
    }
  }
  if (unusable !== undefined) throw unusable;
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function probe(path: string): Promise<ServerProgram> {
  let text: string;
  try {
    text = (await run(path, ['--version'], { timeout: 10_000 })).stdout;
  } catch (error) {
    throw new VigilError(
      'BROKER',
      `nats-server at ${path} cannot be run (${messageOf(error).split('\n')[0]}); set nats.server to one that can`,
    );
  }
  const match = /v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null)
    throw new VigilError(
      'BROKER',
      `${path} --version says ${JSON.stringify(text.slice(0, 80))}: not a nats-server`,
    );
  const version = [Number(match[1]), Number(match[2]), Number(match[3])] as const;
  if (isOlder(version, OLDEST)) {
    throw new VigilError(
      'BROKER',
      `nats-server at ${path} is ${version.join('.')}; Vigil needs ${OLDEST.join('.')} or newer: update it, or set nats.server to another`,
    );
  }
  return { path, version };
}

export function isOlder(version: readonly number[], than: readonly number[]): boolean {
  for (let i = 0; i < than.length; i++) {
    const difference = (version[i] ?? 0) - (than[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
