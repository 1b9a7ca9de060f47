import type { Clock } from '../../src/actors/runtime/clock.js';

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now = 0;
  /** In the order in which they were set, which decides between those of one time. */
  readonly #timers = new Set<Timer>();

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    const timer: Timer = { at: this.#now + ms, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that have been set and neither run nor cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass: runs what is due, in order, and after each lets promises settle. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settled();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.action();
      await settled();
    }
    this.#now = until;
  }

  /** Jumps without running anything: what a process sees that stood still. */
  jump(ms: number): void {
    this.#now += ms;
  }

  #next(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
    }
    return first;
  }
}

/** Resolves when no promise is left that could go on by itself. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
