/**
 * The time that Vigil was awake and reachable, over all its runs: what leases are counted in. A supervisor that slept, was
 * stopped, or had lost its broker heard no heartbeats meanwhile, so that time counts for nobody; and a step of the wall
 * clock is no time at all.
 */
export class AwakeClock {
  readonly #monotonic: () => number;
  readonly #isReachable: () => boolean;
  /** Longest time between two looks that is believed. */
  readonly #maxGapMs: number;
  #awake: number;
  #lookedAt: number;

  /**
   * @param awake where an earlier run stopped, milliseconds.
   * @param maxGapMs a longer time between two calls of `now` was a pause, and counts as this much.
   */
  constructor(options: {
    awake: number;
    maxGapMs: number;
    monotonic: () => number;
    isReachable: () => boolean;
  }) {
    this.#awake = options.awake;
    this.#maxGapMs = options.maxGapMs;
    this.#monotonic = options.monotonic;
    this.#isReachable = options.isReachable;
    this.#lookedAt = options.monotonic();
  }

  /** Never goes back. */
  now(): number {
    const at = this.#monotonic();
    const gap = Math.max(0, at - this.#lookedAt);
    this.#lookedAt = at;
    if (this.#isReachable()) this.#awake += Math.min(gap, this.#maxGapMs);
    return this.#awake;
  }
}
