import { type ChildProcess, fork } from 'node:child_process';
import { messageOf } from '../../messages/errors.js';
import type { ChildSpec } from '../runtime/supervision.js';

const READY_TIMEOUT_MS = 30_000;

export interface HostProcessOptions {
  readonly slot: number;
  /** Module that runs the host: it gets the options as its first message and answers `ready`. */
  readonly module: URL;
  /** Options of a new incarnation; its id is new each time, so that an old process is never taken for it. */
  options(): { readonly id: string };
  readonly shutdownMs: number;
  /** The process is gone, however it ended. */
  ended(hostId: string, why: string): void;
  /** A line that the process wrote to standard error. */
  said(line: string): void;
}

/** A host process of this machine, as a child of a supervisor. */
export interface LocalHost extends ChildSpec {
  /**
   * Its lease ran out while the process is still there: it hangs. Ended by force, so that it is started anew and can
   * never wake up beside its successor.
   */
  leaseLost(hostId: string): void;
}

export function hostProcess(options: HostProcessOptions): LocalHost {
  let child: ChildProcess | undefined;
  let hostId = '';
  return {
    kind: 'host',
    id: `slot-${options.slot}`,
    restart: 'permanent',
    shutdownMs: options.shutdownMs,
    start: async (exited) => {
      const own = options.options();
      hostId = own.id;
      const started = fork(options.module, [], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        serialization: 'json',
        detached: true,
      });
      child = started;
      started.stderr?.setEncoding('utf8').on('data', (text: string) => options.said(text.slice(0, 2_000)));
      await ready(started, own, (error) => {
        options.ended(own.id, error?.message ?? 'ended');
        exited(error);
      });
    },
    stop: async () => {
      const ending = child;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
      if (ending.connected) ending.send({ type: 'stop' });
      else ending.kill('SIGTERM');
      await ended;
      options.ended(hostId, 'stopped');
    },
    kill: () => {
      child?.kill('SIGKILL');
    },
    describe: () => ({ host: hostId }),
    leaseLost: (lost) => {
      if (lost === hostId && child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    },
  };
}

/** Sends the options and waits until the host has joined; afterwards `gone` is told of its end. */
function ready(
  child: ChildProcess,
  options: unknown,
  gone: (error: Error | undefined) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isReady = false;
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`host was not ready within ${READY_TIMEOUT_MS} ms`));
    }, READY_TIMEOUT_MS);
    child.on('message', (message: unknown) => {
      if (typeof message !== 'object' || message === null || !('type' in message)) return;
      if (message.type === 'ready') {
        isReady = true;
        clearTimeout(late);
        resolve();
      } else if (message.type === 'failed' && 'message' in message) {
        clearTimeout(late);
        reject(new Error(String(message.message)));
      }
    });
    child.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      const error = new Error(`host process ended (${signal ?? `exit ${code}`})`);
      if (isReady) gone(error);
      else reject(error);
    });
    child.send({ type: 'start', options }, (error) => {
      if (error !== null) reject(new Error(`host process: ${messageOf(error)}`));
    });
  });
}
