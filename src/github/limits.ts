import { setTimeout as sleep } from 'node:timers/promises';
import { VigilError } from '../messages/errors.js';
import type { GitHubQuota } from '../messages/figures.js';

export type Headers = Readonly<Record<string, string | number | undefined>>;

/** GitHub's advice for a secondary limit that does not say how long: "wait for at least one minute". */
const FALLBACK_MS = 60_000;
/** A limit resets within the hour; what claims more is wrong. */
const LONGEST_MS = 3_600_000;
/** A Date holds no later second. */
const MAX_SECONDS = 8_640_000_000_000;

/**
 * How long GitHub wants no request, or undefined when the answer is no limit
 * (docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api). Its own `date` is taken for now: the clock
 * here may be off.
 */
export function limitMs(status: number, headers: Headers, message: string, now: number): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const present = Date.parse(String(headers['date'])) || now;
  const after = headers['retry-after'];
  if (after !== undefined) {
    const seconds = Number(after);
    const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(String(after)) - present;
    return bounded(Number.isFinite(wait) ? wait : FALLBACK_MS);
  }
  if (String(headers['x-ratelimit-remaining']) === '0') {
    // A second more: the reset is told in whole seconds.
    const wait = Number(headers['x-ratelimit-reset']) * 1_000 - present + 1_000;
    return bounded(Number.isFinite(wait) ? wait : FALLBACK_MS);
  }
  return status === 429 || /secondary rate limit|abuse detection/i.test(message) ? FALLBACK_MS : undefined;
}

/** What the headers say of the primary limit for most requests; undefined when they say nothing sound of it. */
export function quotaOf(headers: Headers, now: number): GitHubQuota | undefined {
  const resource = headers['x-ratelimit-resource'] ?? 'core';
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
    Number(headers[`x-ratelimit-${name}`] ?? Number.NaN),
  ) as [number, number, number];
  const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (resource !== 'core' || ![limit, remaining].every(isCount) || !isCount(reset) || reset > MAX_SECONDS)
    return undefined;
  return {
    limit,
    remaining,
    resetAt: new Date(reset * 1_000).toISOString(),
    at: new Date(now).toISOString(),
  };
}

function bounded(ms: number): number {
  return Math.min(LONGEST_MS, Math.max(0, ms));
}

/**
 * Holds all requests while GitHub wants none. The throttling plugin delays only the request that was refused, and the
 * others would go on against the limit, which GitHub punishes.
 */
export class LimitGate {
  readonly #maxWaitMs: number;
  readonly #closed: AbortSignal;
  /** Monotonic. */
  #until = 0;

  constructor(maxWaitMs: number, closed: AbortSignal) {
    this.#maxWaitMs = maxWaitMs;
    this.#closed = closed;
  }

  close(ms: number): void {
    this.#until = Math.max(this.#until, performance.now() + ms);
  }

  /** @throws VigilError BUSY when the wait is longer than is waited for. */
  async pass(): Promise<void> {
    for (;;) {
      const ms = this.#until - performance.now();
      if (ms <= 0) return;
      if (ms > this.#maxWaitMs) {
        const at = new Date(Date.now() + ms).toISOString();
        throw new VigilError('BUSY', `GitHub's rate limit is used up until ${at}; nothing is asked before`);
      }
      await sleep(ms, undefined, { signal: this.#closed }).catch(() => {
        throw new VigilError('UNAVAILABLE', 'Vigil is stopping');
      });
    }
  }
}
