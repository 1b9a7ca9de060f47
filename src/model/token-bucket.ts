import type { Clock } from '../actors/runtime/clock.js';

/**
 * Tokens per minute, shared by all callers. Takes before the spending by an estimate, and settles by what was really
 * spent; a pause (a server's Retry-After) holds all callers back, not only the one that was told.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  readonly #clock: Clock;
  #level: number;
  #at: number;
  #pausedUntil = 0;

  /** @param perMinute tokens a minute, and as many at once. */
  constructor(perMinute: number, clock: Clock) {
    this.#perMs = perMinute / 60_000;
    this.#capacity = perMinute;
    this.#level = perMinute;
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Takes `tokens`; resolves when it may be spent. Aborting waits no longer and takes nothing. */
  async take(tokens: number, signal: AbortSignal): Promise<void> {
    // More than the bucket holds would wait for ever: such a request may go when the bucket is full.
    const wanted = Math.min(tokens, this.#capacity);
    for (;;) {
      signal.throwIfAborted();
      const wait = this.#waitFor(wanted);
      if (wait <= 0) {
        this.#level -= wanted;
        return;
      }
      await this.#pause(wait, signal);
    }
  }

  /** Gives back what was taken too much, or takes what was too little. */
  settle(taken: number, spent: number): void {
    this.#refill();
    this.#level = Math.min(this.#capacity, this.#level + Math.min(taken, this.#capacity) - spent);
  }

  /** Nobody takes anything for `ms`. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms);
  }

  /** How long nobody takes anything. */
  get pausedMs(): number {
    return Math.max(0, this.#pausedUntil - this.#clock.monotonic());
  }

  #waitFor(tokens: number): number {
    this.#refill();
    const paused = this.#pausedUntil - this.#clock.monotonic();
    const missing = tokens - this.#level;
    return Math.max(paused, missing > 0 ? missing / this.#perMs : 0);
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#level = Math.min(this.#capacity, this.#level + (now - this.#at) * this.#perMs);
    this.#at = now;
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.after(Math.ceil(ms), done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
