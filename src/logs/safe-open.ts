import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { messageOf, VigilError } from '../messages/errors.js';

/** Never through a link in the last place, never waiting for a FIFO's writer, never as controlling terminal. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens a log for reading.
 *
 * With a `root`, the file has to lie inside of it once all links are followed: an agent that puts a link to
 * `/etc/shadow` into its workspace gets nobody to read it. A link that stays inside is followed.
 *
 * @throws VigilError NOT_FOUND, FORBIDDEN (leaves the root, no permission) or UNREADABLE (no regular file).
 */
export async function safeOpen(path: string, root?: string): Promise<FileHandle> {
  const real = await resolveInside(path, root);
  const handle = await open(real, FLAGS).catch((error: unknown) => {
    throw openError(path, error);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new VigilError('UNREADABLE', `${path} is not a regular file`);
    if (root !== undefined) await checkStillInside(path, real, root);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function resolveInside(path: string, root: string | undefined): Promise<string> {
  try {
    const real = await realpath(path);
    if (root !== undefined) await refuseOutside(path, real, root);
    return real;
  } catch (error) {
    throw openError(path, error);
  }
}

async function refuseOutside(path: string, real: string, root: string): Promise<void> {
  const realRoot = await realpath(root);
  const prefix = realRoot.endsWith(sep) ? realRoot : realRoot + sep;
  if (!real.startsWith(prefix)) {
    throw new VigilError('FORBIDDEN', `${path} leads out of its workspace ${root}`);
  }
}

/** A folder on the way may have been swapped for a link between resolving and opening: then it resolves elsewhere now. */
async function checkStillInside(path: string, real: string, root: string): Promise<void> {
  const folder = await realpath(dirname(real));
  await refuseOutside(path, join(folder, basename(real)), root);
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
