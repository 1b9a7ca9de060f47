import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { messageOf, VigilError } from '../messages/errors.js';

/** Never through a link in the last place, never waiting for a FIFO's writer, never as controlling terminal. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export interface OpenFile {
  readonly handle: FileHandle;
  /** As it was when it was opened. */
  readonly stats: Stats;
}

/**
 * Opens a log for reading.
 *
 * With a `root`, the file has to lie inside of it once all links are followed: an agent that puts a link to
 * `/etc/shadow` into its workspace gets nobody to read it. A link that stays inside is followed.
 *
 * @throws VigilError NOT_FOUND, FORBIDDEN (leaves the root, no permission) or UNREADABLE (no regular file).
 */
export async function safeOpen(path: string, root?: string): Promise<OpenFile> {
  const [real, realRoot] = await resolveInside(path, root);
  const handle = await open(real, FLAGS).catch((error: unknown) => {
    throw openError(path, error);
  });
  try {
    const inside = realRoot === undefined ? undefined : checkInside(path, real, handle, realRoot);
    const [stats] = await Promise.all([handle.stat(), inside]);
    if (!stats.isFile()) throw new VigilError('UNREADABLE', `${path} is not a regular file`);
    return { handle, stats };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Where the path and the root really lie. */
async function resolveInside(
  path: string,
  root: string | undefined,
): Promise<readonly [string, string | undefined]> {
  try {
    if (root === undefined) return [await realpath(path), undefined];
    const [real, realRoot] = await Promise.all([realpath(path), realpath(root)]);
    refuseOutside(path, real, realRoot);
    return [real, realRoot];
  } catch (error) {
    throw openError(path, error);
  }
}

function refuseOutside(path: string, real: string, realRoot: string): void {
  const prefix = realRoot.endsWith(sep) ? realRoot : realRoot + sep;
  if (!real.startsWith(prefix))
    throw new VigilError('FORBIDDEN', `${path} leads out of its workspace ${realRoot}`);
}

/**
 * A folder on the way may have been swapped for a link between resolving and opening, and swapped back since: only the
 * open file itself says where it lies. Linux tells; elsewhere its path has to resolve to this very file once more.
 */
async function checkInside(path: string, real: string, handle: FileHandle, realRoot: string): Promise<void> {
  try {
    const opened = await pathOfHandle(handle);
    if (opened !== undefined) {
      refuseOutside(path, opened, realRoot);
      return;
    }
    const again = join(await realpath(dirname(real)), basename(real));
    refuseOutside(path, again, realRoot);
    const [there, here] = await Promise.all([lstat(again), handle.stat()]);
    if (there.ino !== here.ino || there.dev !== here.dev)
      throw new VigilError('FORBIDDEN', `${path} was swapped while it was opened`);
  } catch (error) {
    throw openError(path, error);
  }
}

/** Undefined where the system does not say. A file that was removed meanwhile is marked so. */
async function pathOfHandle(handle: FileHandle): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const opened = await readlink(`/proc/self/fd/${handle.fd}`);
  return opened.replace(/ \(deleted\)$/, '');
}

function openError(path: string, error: unknown): VigilError {
  if (error instanceof VigilError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const options = { cause: error };
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new VigilError('NOT_FOUND', `${path} does not exist`, options);
  if (code === 'EACCES' || code === 'EPERM') {
    return new VigilError('FORBIDDEN', `${path} may not be read by this user`, options);
  }
  if (code === 'ELOOP')
    return new VigilError('FORBIDDEN', `${path} is a link that leads nowhere or in a circle`, options);
  if (code === 'ENXIO') return new VigilError('UNREADABLE', `${path} is not a regular file`, options);
  return new VigilError('UNREADABLE', `${path} cannot be opened: ${messageOf(error)}`, options);
}
