import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { brokerFolder } from '../../broker/broker.js';
import { endLeftover } from '../../broker/leftover.js';
import { lockFile, takeLock } from '../../store/lock.js';

/** Where a bench has its files: on the disk of the data directory, beside what is in it. */
export interface BenchPlace {
  readonly folder: string;
  /** Nothing of it stays. */
  close(): void;
}

/** The data directory of the Vigil that is measured. */
export function benchDataDir(folder: string): string {
  return join(folder, 'vigil');
}

/**
 * Always the same place, so that what a bench that was killed has left is found by the next one: its broker is ended, its
 * files are removed.
 *
 * @throws VigilError STORE when another bench runs there, or the folder cannot be used.
 */
export async function openBenchPlace(dataDir: string): Promise<BenchPlace> {
  const place = join(resolve(dataDir), '.bench');
  const { lock, made } = take(place, dataDir);
  const folder = join(place, 'work');
  const close = () => {
    rmSync(place, { recursive: true, force: true });
    lock.close();
    // A data directory that was made for it goes, too.
    if (made !== undefined) removeEmpty(dirname(place), made);
  };
  try {
    await endLeftover(brokerFolder(benchDataDir(folder)));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  } catch (error) {
    close();
    throw error;
  }
  return { folder, close };
}

function take(place: string, dataDir: string) {
  for (;;) {
    const made = mkdirSync(place, { recursive: true, mode: 0o700 });
    const lock = takeLock(place, `another bench runs on ${dataDir}; wait for its end`);
    // One that just ended has taken the folder away, and with it the file that we have locked.
    if (existsSync(lockFile(place))) return { lock, made: made === place ? undefined : made };
    lock.close();
  }
}

/** From `path` up to `top`, as far as nobody else has put anything there. */
function removeEmpty(path: string, top: string): void {
  try {
    for (let at = path; at.length >= top.length; at = dirname(at)) rmdirSync(at);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}
