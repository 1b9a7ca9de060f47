import { setMaxListeners } from 'node:events';
import { type Failure, toFailure, VigilError } from '../../messages/errors.js';

export interface ScatterOptions<T, R> {
  /** Most items under way at once. */
  readonly limit: number;
  /** For one item, with its retries, milliseconds. */
  readonly itemTimeoutMs: number;
  /** For all items together, milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Wait before an item is tried again; doubles up to 20 times this. */
  readonly retryMs?: number;
  /**
   * Asks a second time when the first try has not answered for this long, and takes the answer that comes first. Only
   * for items that several can answer; off when absent.
   */
  readonly hedgeAfterMs?: number | undefined;
  nameOf(item: T): string;
  /** One try. `timeoutMs` is what is left for the item. */
  attempt(item: T, timeoutMs: number, signal: AbortSignal): Promise<R>;
  /** Called as each item succeeds. What it throws or rejects with is that item's failure. */
  onResult?(item: T, result: R): void | Promise<void>;
  onFailure?(failure: Failure): void;
}

export interface Gathered<R> {
  readonly results: R[];
  readonly failures: Failure[];
}

/**
 * Scatter-gather: sends a request for each item, `limit` at a time, and gathers the answers within a deadline.
 *
 * Every item ends up in exactly one of `results` and `failures`. UNAVAILABLE and BUSY say that nothing was done, so
 * the item is tried again until its time is over; every other error is final. At the deadline, or when `signal`
 * aborts, what is under way is taken back and what has not begun is not begun; both are failures.
 */
export async function scatter<T, R>(
  items: readonly T[],
  options: ScatterOptions<T, R>,
): Promise<Gathered<R>> {
  if (!(options.limit >= 1)) throw new RangeError(`limit: expected 1 or more, got ${options.limit}`);
  const results: R[] = [];
  const failures: Failure[] = [];
  const abort = new AbortController();
  // Every item under way listens to it, and `limit` of them is no leak.
  setMaxListeners(0, abort.signal);
  const endsAt = performance.now() + options.deadlineMs;
  let endedBy: VigilError | undefined;
  const end = (error: VigilError) => {
    endedBy ??= error;
    abort.abort();
  };
  const deadline = setTimeout(
    () => end(new VigilError('TIMEOUT', `the request's deadline of ${options.deadlineMs} ms passed`)),
    options.deadlineMs,
  );
  const onCancel = () => end(new VigilError('CANCELLED', 'the request was taken back'));
  if (options.signal?.aborted === true) onCancel();
  else options.signal?.addEventListener('abort', onCancel, { once: true });

  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const item = items[next++] as T;
      try {
        if (endedBy !== undefined) throw endedBy;
        const result = await attemptUntil(
          item,
          Math.min(endsAt, performance.now() + options.itemTimeoutMs),
          options,
          abort.signal,
        );
        await options.onResult?.(item, result);
        results.push(result);
      } catch (error) {
        const failure = toFailure(
          abort.signal.aborted && endedBy !== undefined ? endedBy : error,
          options.nameOf(item),
        );
        failures.push(failure);
        options.onFailure?.(failure);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.limit, items.length) }, worker));
  } finally {
    clearTimeout(deadline);
    options.signal?.removeEventListener('abort', onCancel);
  }
  return { results, failures };
}

async function attemptUntil<T, R>(
  item: T,
  endsAt: number,
  options: ScatterOptions<T, R>,
  signal: AbortSignal,
): Promise<R> {
  const first = options.retryMs ?? 25;
  for (let wait = first; ; wait = Math.min(wait * 2, first * 20)) {
    try {
      return await hedged(item, endsAt, options, signal);
    } catch (error) {
      const retry = error instanceof VigilError && (error.code === 'UNAVAILABLE' || error.code === 'BUSY');
      if (!retry || signal.aborted || performance.now() + wait >= endsAt) throw error;
      await pause(wait * (0.75 + Math.random() / 2), signal);
      if (signal.aborted) throw error;
    }
  }
}

/** One try, or two at once when the first is slow and that is wanted; the one that loses is taken back. */
async function hedged<T, R>(
  item: T,
  endsAt: number,
  options: ScatterOptions<T, R>,
  signal: AbortSignal,
): Promise<R> {
  const attempt = (own: AbortSignal) =>
    options.attempt(item, Math.max(1, Math.ceil(endsAt - performance.now())), own);
  const { hedgeAfterMs } = options;
  if (hedgeAfterMs === undefined) return attempt(signal);
  const loser = new AbortController();
  const own = AbortSignal.any([signal, loser.signal]);
  const failedEarly = new AbortController();
  const first = attempt(own);
  first.catch(() => failedEarly.abort());
  const second = pause(hedgeAfterMs, AbortSignal.any([own, failedEarly.signal])).then(() => {
    if (own.aborted || failedEarly.signal.aborted) throw new VigilError('CANCELLED', 'not needed');
    return attempt(own);
  });
  try {
    return await Promise.any([first, second]);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  } finally {
    loser.abort();
  }
}

/** Waits, or less when `signal` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
