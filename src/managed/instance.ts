import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { VigilError } from '../messages/errors.js';
import { parseJson } from '../messages/json.js';
import { groupEnded, signalGroup, statOf } from './process-group.js';

/** One process for ever: ids are used again. `startedAt` is empty where the system does not tell. */
const Identity = z.object({ pid: z.number().int().positive(), startedAt: z.string() });
type Identity = z.infer<typeof Identity>;

const POLL_MS = 20;
/** How long the system may take to end a process that was killed. */
const KILL_MS = 5_000;

const Noted = z.object({ runner: Identity, agent: Identity.optional() });

/**
 * Who runs an agent on this machine: never two at a time. The note of a runner that was killed is what its successor
 * ends the processes by that it left behind.
 */
export class Instance {
  readonly #file: string;
  readonly #runner: Identity;

  private constructor(file: string, runner: Identity) {
    this.#file = file;
    this.#runner = runner;
  }

  /**
   * @param folder the agent's own, made when it is not there.
   * @param takeOver ends a runner that is there, by force: one that does not answer cannot be asked.
   * @throws VigilError CONFLICT when the agent is being run; BAD_REQUEST when the folder cannot be written.
   */
  static async claim(folder: string, agent: string, graceMs: number, takeOver = false): Promise<Instance> {
    const file = join(folder, 'running.json');
    const runner = identify(process.pid);
    const text = JSON.stringify({ runner });
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      while (!(await createdNew(file, text))) await clearAway(file, agent, graceMs, takeOver);
    } catch (error) {
      if (error instanceof VigilError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw new VigilError(
        'BAD_REQUEST',
        `${folder} cannot be written (${code}); name another folder with --log-dir`,
        {
          cause: error,
        },
      );
    }
    return new Instance(file, runner);
  }

  /** Notes the process that runs now. */
  async note(pid: number): Promise<void> {
    await writeFile(this.#file, JSON.stringify({ runner: this.#runner, agent: identify(pid) }), {
      mode: 0o600,
    });
  }

  async release(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}

async function createdNew(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the note of a runner that is no more, and ends what it left running. */
async function clearAway(file: string, agent: string, graceMs: number, takeOver: boolean): Promise<void> {
  const noted = Noted.safeParse(parseJson(await readIfThere(file))).data;
  if (noted !== undefined) {
    if (takeOver && isRunning(noted.runner)) await endRunner(noted.runner);
    if (isRunning(noted.runner))
      throw new VigilError(
        'CONFLICT',
        `agent ${agent} is run by process ${noted.runner.pid} already; end that one first, or take its place with --take-over`,
      );
    if (noted.agent !== undefined && isRunning(noted.agent)) {
      const { pid } = noted.agent;
      signalGroup(pid, 'SIGTERM');
      signalGroup(pid, 'SIGCONT');
      if (!(await groupEnded(pid, graceMs))) signalGroup(pid, 'SIGKILL');
    }
  }
  await rm(file, { force: true });
}

/** First the runner, so that it does not start its program anew; a stopped one ends by this as well. */
async function endRunner(runner: Identity): Promise<void> {
  try {
    process.kill(runner.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  const endsAt = performance.now() + KILL_MS;
  while (isRunning(runner) && performance.now() < endsAt) await wait(POLL_MS);
}

function identify(pid: number): Identity {
  return { pid, startedAt: statOf(pid)?.startedAt ?? '' };
}

function isRunning({ pid, startedAt }: Identity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  if (startedAt === '') return true;
  const now = statOf(pid);
  return now?.startedAt === startedAt && now.state !== 'Z';
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
