/** Over about how long the load is averaged. */
const AVERAGED_MS = 30_000;

/** The share of threads that were busy, averaged with exponentially fading weight, as a system's load is. */
export class Load {
  readonly #now: () => number;
  #average = 0;
  #share = 0;
  #at: number;

  /** @param now milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#at = now();
  }

  /** From now on `share` of the threads is busy. */
  set(share: number): void {
    this.#advance();
    this.#share = share;
  }

  /** 0 to 1. */
  get average(): number {
    this.#advance();
    return this.#average;
  }

  #advance(): void {
    const now = this.#now();
    const kept = Math.exp((this.#at - now) / AVERAGED_MS);
    this.#average = this.#average * kept + this.#share * (1 - kept);
    this.#at = now;
  }
}
