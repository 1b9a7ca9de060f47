import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { brokerFolder } from '../../broker/broker.js';
import { endLeftover, isAlive } from '../../broker/leftover.js';
import { VigilError } from '../../messages/errors.js';
import { isLocked, lockFile } from '../../store/lock.js';
import { EXIT } from '../exit-codes.js';
import { holderOf } from '../holder.js';
import { Progress } from '../progress.js';
import { forgetRunning, notedRunning } from '../running.js';
import { type SettingsOptions, settingsOf } from '../settings.js';

export interface StopOptions extends SettingsOptions {
  readonly timeout?: number;
  readonly force?: boolean;
  readonly json?: boolean;
}

const DEFAULT_TIMEOUT_S = 60;
const POLL_MS = 50;
/** After SIGKILL: the kernel is quick. */
const KILL_MS = 10_000;

/** Ends the supervisor of the data directory in order, and waits until it is gone. @returns the exit code. */
export async function stop(options: StopOptions): Promise<number> {
  const { settings } = settingsOf(options);
  const dataDir = resolve(settings.dataDir);
  const seconds = options.timeout ?? DEFAULT_TIMEOUT_S;
  if (!(seconds >= 0)) throw new VigilError('BAD_REQUEST', '--timeout: expected seconds, 0 or more');
  const began = performance.now();
  const endsAt = began + seconds * 1_000;
  if (!isLocked(dataDir)) throw noneRuns(dataDir);
  const progress = new Progress(options.json === true);
  progress.step('Stopping');
  try {
    const pid = await within(endsAt, async () => {
      const holder = await holderOf(dataDir, settings);
      if (holder !== undefined) return holder;
      // It may be just starting, or just ending.
      if (!isLocked(dataDir)) throw noneRuns(dataDir);
      return undefined;
    });
    if (pid === undefined)
      throw new VigilError(
        'TIMEOUT',
        `a process holds ${dataDir}, and which one could not be told for sure; find it with: fuser ${lockFile(dataDir)}`,
      );
    signal(pid, 'SIGTERM');
    // It lets go of the lock a moment before it ends.
    const isGone = () => (isAlive(pid) ? undefined : true);
    let forced = false;
    if ((await within(endsAt, isGone)) === undefined) {
      if (options.force !== true)
        throw new VigilError(
          'TIMEOUT',
          `process ${pid} was told to stop and still runs after ${seconds} s; wait for it, or end it with: vigil stop --force`,
        );
      forced = true;
      signal(pid, 'SIGKILL');
      if ((await within(performance.now() + KILL_MS, isGone)) === undefined)
        throw new VigilError('TIMEOUT', `process ${pid} does not end, not even by SIGKILL`);
      // What a supervisor does itself when it ends in order.
      await endLeftover(brokerFolder(dataDir));
      forgetRunning(dataDir);
    }
    progress.done();
    const took = Math.round((performance.now() - began) / 100) / 10;
    if (options.json === true) console.log(JSON.stringify({ pid, forced, seconds: took }));
    else console.log(`process ${pid} ${forced ? 'was killed' : 'has stopped'} after ${took} s`);
    return EXIT.fine;
  } finally {
    progress.done();
  }
}

function noneRuns(dataDir: string): VigilError {
  const left = notedRunning(dataDir);
  const note = left === undefined ? '' : ` (process ${left.pid}, noted there, was killed)`;
  return new VigilError('NOT_FOUND', `no supervisor runs on ${dataDir}${note}`);
}

/** One that has ended meanwhile needs no signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return;
    if (code === 'EPERM')
      throw new VigilError('FORBIDDEN', `process ${pid} is another user's; stop it as that user`);
    throw error;
  }
}

/** What `look` finds, or undefined when the time is over; it is asked at least once. */
async function within<T>(
  endsAt: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T | undefined> {
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() > endsAt) return found;
    await wait(POLL_MS);
  }
}
