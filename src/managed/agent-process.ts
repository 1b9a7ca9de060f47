import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { VigilError } from '../messages/errors.js';
import { groupEnded, isGroupAlive, signalGroup } from './process-group.js';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How a run of the agent ended. */
export interface Exit {
  /** As a shell has it: the program's own code, or 128 + the number of the signal. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

/** Where a process's streams go. */
export interface Streams {
  stdout(source: AsyncIterable<Uint8Array>): Promise<void>;
  stderr(source: AsyncIterable<Uint8Array>): Promise<void>;
}

/** How long output may still come when no process of the group is left: one that left the group holds the pipe. */
const LAST_OUTPUT_MS = 1_000;

/** One run of an agent's program, in a process group of its own that ends with it. */
export class AgentProcess {
  readonly pid: number;
  readonly stdin: Writable;
  /** Resolves when the program has ended, its group is gone and its output is taken down. */
  readonly ended: Promise<Exit>;
  readonly #graceMs: number;
  #stopping: Promise<void> | undefined;

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    pid: number,
    streams: Streams,
    graceMs: number,
  ) {
    this.pid = pid;
    this.stdin = child.stdin;
    this.#graceMs = graceMs;
    // A program that closes its input is not at fault; whoever writes is told by the callback of the write.
    child.stdin.on('error', () => {});
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code: exitCode(code, signal), signal }));
    });
    const captured = Promise.all([streams.stdout(child.stdout), streams.stderr(child.stderr)]);
    this.ended = this.#end(exited, captured, () => {
      child.stdout.destroy();
      child.stderr.destroy();
    });
  }

  /** @throws VigilError NOT_FOUND or FORBIDDEN when there is no such program. */
  static async start(command: Command, streams: Streams, graceMs: number): Promise<AgentProcess> {
    const child = spawn(command.file, [...command.args], {
      env: { ...command.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    return new Promise((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => reject(cannotStart(command.file, error)));
      child.once('spawn', () => {
        // A spawned child has an id; the type knows also those that were not.
        resolve(new AgentProcess(child, child.pid ?? 0, streams, graceMs));
      });
    });
  }

  /** Sends a signal to the whole group. False when none of it is left. */
  signal(name: NodeJS.Signals): boolean {
    return signalGroup(this.pid, name);
  }

  /** Ends the group: `signal`, then, after the grace, by force. A paused one is continued, so that it can end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#stopping ??= this.#stop(signal);
    return this.#stopping;
  }

  kill(): void {
    this.signal('SIGKILL');
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    this.signal('SIGCONT');
    if (!(await groupEnded(this.pid, this.#graceMs))) this.kill();
  }

  async #end(exited: Promise<Exit>, captured: Promise<unknown>, letGo: () => void): Promise<Exit> {
    const exit = await exited;
    // What the program left behind goes with it.
    if (isGroupAlive(this.pid)) await this.stop();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), LAST_OUTPUT_MS);
    late.signal.addEventListener('abort', letGo, { once: true });
    await captured;
    clearTimeout(timer);
    return exit;
  }
}

function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function cannotStart(file: string, error: NodeJS.ErrnoException): VigilError {
  if (error.code === 'ENOENT')
    return new VigilError(
      'NOT_FOUND',
      `no program ${JSON.stringify(file)} in PATH; check the command behind "--"`,
      {
        cause: error,
      },
    );
  return new VigilError(
    'FORBIDDEN',
    `${JSON.stringify(file)} cannot be run (${error.code}); check its rights`,
    {
      cause: error,
    },
  );
}
