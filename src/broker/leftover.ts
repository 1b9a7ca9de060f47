import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { parseJson } from '../messages/json.js';

const run = promisify(execFile);

const STOP_TIMEOUT_MS = 5_000;

const Running = z.object({ pid: z.number().int().positive(), port: z.number().int().positive() });

const fileIn = (folder: string) => join(folder, 'running.json');

/** @param folder of the broker's files. */
export async function noteServer(
  folder: string,
  pid: number | undefined,
  port: number | undefined,
): Promise<void> {
  await writeFile(fileIn(folder), JSON.stringify({ pid, port }), { mode: 0o600 });
}

export async function forgetServer(folder: string): Promise<void> {
  await rm(fileIn(folder), { force: true });
}

/**
 * A supervisor that was killed leaves its broker running, which keeps taking triggers meanwhile. It holds the store,
 * so it is ended before a new one starts on the same port; what it acknowledged is in its store.
 *
 * @param folder of the broker's files.
 * @returns the port it had.
 */
export async function endLeftover(folder: string): Promise<number | undefined> {
  const text = await readFile(fileIn(folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const running = Running.safeParse(parseJson(text)).data;
  if (running === undefined) return undefined;
  if (await isServerOf(running.pid, folder)) {
    signal(running.pid, 'SIGTERM');
    const endsAt = performance.now() + STOP_TIMEOUT_MS;
    while (isAlive(running.pid)) {
      if (performance.now() > endsAt) signal(running.pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await forgetServer(folder);
  return running.port;
}

/** Whether there is such a process, and it has not ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** A killed process that nobody has reaped yet (its parent is gone, and init is slow) holds nothing any more. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

/** Process ids are used again: only a process that runs with our configuration file is ours to end. */
async function isServerOf(pid: number, folder: string): Promise<boolean> {
  return isAlive(pid) && (await commandLineOf(pid)).includes(join(folder, 'nats.conf'));
}

/** Empty when there is no such process, or no way to tell. */
async function commandLineOf(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') return await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { timeout: 10_000 })).stdout;
  } catch {
    return '';
  }
}

/** A process that has ended meanwhile needs no signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
