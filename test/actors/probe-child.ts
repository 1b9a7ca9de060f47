import type { ChildSpec } from '../../src/actors/runtime/supervision.js';
import { type Gate, gate } from './until.js';

export interface ProbeOptions {
  readonly restart?: ChildSpec['restart'];
  readonly shutdownMs?: number;
  /** What happened to several children, in order. */
  readonly log?: string[];
}

/** A child under test: notes what its supervisor does with it and ends when the test says so. */
export class ProbeChild {
  readonly spec: ChildSpec;
  starts = 0;
  /** It and its starts under way; more than one is never right. */
  live = 0;
  peak = 0;
  /** Next starts: `fail` rejects, `wait` waits for `started`. */
  startMode: 'ok' | 'fail' | 'wait' = 'ok';
  stopMode: 'ok' | 'hang' | 'fail' = 'ok';
  /** Opens when a start that waits may go on. */
  started: Gate<void> | undefined;
  #exited: (error?: Error) => void = () => {};
  #up = false;
  /** Ended while its start was under way. */
  #early = false;

  constructor(id: string, options: ProbeOptions = {}) {
    const { restart = 'permanent', shutdownMs = 100, log = [] } = options;
    this.spec = {
      kind: 'probe',
      id,
      restart,
      shutdownMs,
      start: (exited) => {
        log.push(`start ${id}`);
        return this.#start(exited);
      },
      stop: async () => {
        log.push(`stop ${id}`);
        if (this.stopMode === 'hang') return new Promise(() => {});
        if (this.stopMode === 'fail') throw new Error(`${id} cannot stop`);
        this.#down();
      },
      kill: () => {
        log.push(`kill ${id}`);
        this.started?.fail(new Error('killed'));
        this.#down();
      },
    };
  }

  get id(): string {
    return this.spec.id;
  }

  /** Ends by itself; of an incarnation that is over, that says nothing any more. */
  exit(error?: Error): void {
    const exited = this.#exited;
    this.#early = this.started !== undefined;
    this.#down();
    exited(error);
  }

  async #start(exited: (error?: Error) => void): Promise<void> {
    this.starts++;
    this.live++;
    this.peak = Math.max(this.peak, this.live);
    this.#exited = exited;
    this.#early = false;
    try {
      if (this.startMode === 'fail') throw new Error(`${this.id} cannot start`);
      if (this.startMode === 'wait') {
        this.started = gate();
        await this.started.promise;
      }
      if (this.#early) this.live--;
      else this.#up = true;
    } catch (error) {
      this.live--;
      throw error;
    } finally {
      this.started = undefined;
    }
  }

  #down(): void {
    if (!this.#up) return;
    this.#up = false;
    this.live--;
  }
}
