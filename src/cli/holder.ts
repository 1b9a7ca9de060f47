import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { VigilError } from '../messages/errors.js';
import type { Settings } from '../settings/schema.js';
import { lockFile } from '../store/lock.js';
import { Client } from './client.js';
import { notedRunning, type Running } from './running.js';

const ANSWER_MS = 3_000;

/**
 * The process of the supervisor that holds a data directory, as far as it can be proved: the note that it leaves may be old, and
 * its process id another program's by now. Undefined while that is not so.
 *
 * @param dataDir absolute.
 */
export async function holderOf(dataDir: string, settings: Settings): Promise<number | undefined> {
  const running = notedRunning(dataDir);
  if (running === undefined) return undefined;
  const open = hasOpen(running.pid, lockFile(dataDir));
  if (open !== undefined) return open ? running.pid : undefined;
  return (await answers(running, settings)) ? running.pid : undefined;
}

/** Whether a process has a file open; undefined where that cannot be seen: no /proc, or another user's process. */
function hasOpen(pid: number, file: string): boolean | undefined {
  const path = realpathSync(file);
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return process.platform === 'linux' ? false : undefined;
    if (code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}

/** Whether the supervisor that answers there says that it is this process. */
async function answers(running: Running, settings: Settings): Promise<boolean> {
  let client: Client | undefined;
  try {
    client = await Client.connect(running, settings);
    const { pid } = await client.request('status', {}, ANSWER_MS);
    return pid === running.pid;
  } catch (error) {
    if (error instanceof VigilError) return false;
    throw error;
  } finally {
    await client?.connection.close();
  }
}
