import { setTimeout as wait } from 'node:timers/promises';
import { decide, type RestartPolicy } from '../actors/runtime/restart-policy.js';
import type { Control, EndedHow, ProcessState } from '../messages/agent-wire.js';
import { VigilError } from '../messages/errors.js';
import { AgentProcess, type Command, type Exit, type Streams } from './agent-process.js';
import { statOf } from './process-group.js';

export type RestartWhen = 'on-failure' | 'always' | 'never';

export interface RunnerParts {
  readonly command: Command;
  readonly streams: Streams;
  readonly restart: RestartWhen;
  readonly policy: RestartPolicy;
  readonly graceMs: number;
  /** A process runs; before anything is said about it. */
  started(pid: number): Promise<void>;
  /** The state is another now. */
  changed(): void;
  /** Something for a person, and for the agent's own log. */
  happened(event: RunnerEvent): void | Promise<void>;
}

export interface RunnerEvent {
  readonly text: string;
  /** What comes of it. Apart, because it differs each time, and the same failure again is the same failure. */
  readonly next?: string;
  /** Only for the log. */
  readonly quiet?: boolean;
  readonly failed?: boolean;
  /** The agent ended its work by itself. */
  readonly finished?: boolean;
}

/**
 * Runs an agent's program, again and again where its policy says so, until it ends for good. One process at a time: the
 * next starts when the group of the one before is gone.
 */
export class AgentRunner {
  readonly #parts: RunnerParts;
  #state: Exclude<ProcessState, 'paused'> = 'starting';
  #process: AgentProcess | undefined;
  #paused = false;
  #stopAsked = false;
  #restartAsked = false;
  #restarts = 0;
  #lastExit: Exit | undefined;
  #endedHow: EndedHow | undefined;
  /** Told of the next process, or that there is none any more. */
  readonly #waiting: ((process: AgentProcess | undefined) => void)[] = [];
  /** Ends the wait before a restart. */
  #wake = new AbortController();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  get process(): AgentProcess | undefined {
    return this.#process;
  }

  /** The process that runs, or the next one; undefined when there is none any more. */
  async nextProcess(): Promise<AgentProcess | undefined> {
    if (this.#process !== undefined || this.#state === 'exited') return this.#process;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get restarts(): number {
    return this.#restarts;
  }

  get lastExit(): Exit | undefined {
    return this.#lastExit;
  }

  /** Of an agent that ended for good. */
  get endedHow(): EndedHow | undefined {
    return this.#endedHow;
  }

  /** Of a paused one. */
  get pausedBy(): 'control' | 'signal' {
    return this.#paused ? 'control' : 'signal';
  }

  /** Whoever paused it: a process stopped by another's signal is paused as well. */
  get state(): ProcessState {
    if (this.#state !== 'running' || this.#process === undefined) return this.#state;
    return this.#paused || statOf(this.#process.pid)?.state === 'T' ? 'paused' : 'running';
  }

  /** @returns the exit code to end with. @throws VigilError when the program cannot be started at all. */
  async run(): Promise<number> {
    let history: readonly number[] = [];
    for (;;) {
      const exit = await this.#runOnce();
      const finished = exit.code === 0;
      if (this.#stopAsked) return this.#end(exit, 'stopped', { text: say(exit), next: 'stopped as asked' });
      if (this.#restartAsked) {
        this.#restartAsked = false;
        await this.#parts.happened({ text: say(exit), next: 'restarted as asked' });
        this.#restarts++;
        continue;
      }
      const { restart, policy } = this.#parts;
      if (restart === 'never' || (restart === 'on-failure' && finished))
        return this.#end(exit, finished ? 'finished' : 'failed', {
          text: say(exit),
          failed: !finished,
          finished,
        });
      const next = decide(policy, history, performance.now(), Math.random());
      history = next.history;
      if (next.directive.action === 'escalate') {
        const gaveUp = `given up: ${policy.maxRestarts} restarts within ${policy.periodMs / 1_000} s did not help`;
        return this.#end(exit, 'given_up', { text: say(exit), next: gaveUp, failed: !finished });
      }
      const { delayMs } = next.directive;
      const again = `restart ${history.length} of ${policy.maxRestarts} in ${Math.round(delayMs)} ms`;
      await this.#parts.happened({ text: say(exit), next: again, failed: !finished });
      this.#change('restarting');
      if (!(await this.#waited(delayMs)))
        return this.#end(exit, 'stopped', { text: 'stopped before it was restarted' });
      this.#restarts++;
    }
  }

  /**
   * Does what it is told. Returns when it is begun.
   *
   * @throws VigilError CONFLICT when the state does not allow it.
   */
  control(action: Control['action']): void {
    const { process } = this;
    if (action === 'stop') this.stop('SIGTERM');
    else if (action === 'restart') this.#restartNow();
    else if (process === undefined || this.#state !== 'running')
      throw new VigilError('CONFLICT', `the agent is ${this.state}: there is nothing to ${action}`);
    else {
      this.#paused = action === 'pause';
      process.signal(this.#paused ? 'SIGSTOP' : 'SIGCONT');
      this.#parts.changed();
    }
  }

  /** Ends the agent for good: by this signal, and after the grace by force. */
  stop(signal: NodeJS.Signals): void {
    this.#stopAsked = true;
    this.#wake.abort();
    if (this.#process === undefined) return;
    this.#change('stopping');
    void this.#process.stop(signal);
  }

  kill(): void {
    this.#process?.kill();
  }

  #restartNow(): void {
    if (this.#stopAsked || this.#state === 'exited')
      throw new VigilError('CONFLICT', `the agent is ${this.state}; start it with "vigil run"`);
    this.#wake.abort();
    if (this.#process === undefined) return;
    this.#restartAsked = true;
    this.#change('stopping');
    void this.#process.stop();
  }

  async #runOnce(): Promise<Exit> {
    const { command, streams, graceMs, started, happened } = this.#parts;
    this.#change('starting');
    const process = await AgentProcess.start(command, streams, graceMs);
    this.#process = process;
    this.#paused = false;
    this.#change('running');
    this.#announce(process);
    await started(process.pid);
    await happened({ quiet: true, text: `started ${command.file}, process ${process.pid}` });
    // Asked while it started.
    if (this.#stopAsked) this.stop('SIGTERM');
    const exit = await process.ended;
    this.#process = undefined;
    this.#lastExit = exit;
    return exit;
  }

  async #end(exit: Exit, how: EndedHow, event: RunnerEvent): Promise<number> {
    this.#endedHow = how;
    await this.#parts.happened(event);
    this.#change('exited');
    this.#announce(undefined);
    return exit.code;
  }

  /** False when it is to end instead; a wait that was cut short for a restart is over. */
  async #waited(ms: number): Promise<boolean> {
    if (!this.#stopAsked) {
      this.#wake = new AbortController();
      await wait(ms, undefined, { signal: this.#wake.signal }).catch(ignoreAbort);
    }
    return !this.#stopAsked;
  }

  #announce(process: AgentProcess | undefined): void {
    for (const resolve of this.#waiting.splice(0)) resolve(process);
  }

  #change(state: Exclude<ProcessState, 'paused'>): void {
    this.#state = state;
    this.#parts.changed();
  }
}

function say({ code, signal }: Exit): string {
  return signal === null ? `exited with code ${code}` : `ended by ${signal} (code ${code})`;
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
