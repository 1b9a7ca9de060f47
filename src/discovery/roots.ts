import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { VigilError } from '../messages/errors.js';

/** A place in which sessions are looked for. */
export interface Root {
  /** A folder, without symbolic links. It need not be there yet. */
  readonly path: string;
  /** Only this file in it. */
  readonly file?: string;
}

export interface UsualPlaces {
  readonly home: string;
  /** `CODEX_HOME`. */
  readonly codexHome: string | undefined;
}

/** Where Claude Code and Codex keep their sessions. A program that was never used here has no folder. */
export function usualRoots({ home, codexHome }: UsualPlaces): Root[] {
  const codex = codexHome === undefined || codexHome === '' ? join(home, '.codex') : codexHome;
  return [join(home, '.claude', 'projects'), join(codex, 'sessions')].map((path) => ({ path: real(path) }));
}

/** @throws VigilError NOT_FOUND when one of the paths is not there. */
export function rootsOf(paths: readonly string[]): Root[] {
  return paths.map((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined)
      throw new VigilError('NOT_FOUND', `${path} does not exist; name a folder of sessions`);
    const whole = real(resolve(path));
    return stats.isDirectory() ? { path: whole } : { path: dirname(whole), file: basename(whole) };
  });
}

/** As it is, while it is not there. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return path;
    throw error;
  }
}
