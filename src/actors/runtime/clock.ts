/** Time as the runtime sees it. Injected, so that tests hold it. */
export interface Clock {
  /** Monotonic milliseconds: never steps, whatever happens to the wall clock. For intervals only. */
  monotonic(): number;
  /** Runs `action` once after `ms`; the returned function cancels it. */
  after(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
