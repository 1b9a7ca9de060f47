import type { ScatterOptions } from '../../src/actors/runtime/scatter.js';
import { VigilError } from '../../src/messages/errors.js';

/** Waits that are long enough never to be met in these tests. */
export const LONG_MS = 60_000;

export function options(
  over: Partial<ScatterOptions<number, number>> & Pick<ScatterOptions<number, number>, 'attempt'>,
) {
  return {
    limit: 4,
    itemTimeoutMs: LONG_MS,
    deadlineMs: LONG_MS,
    retryMs: 1,
    nameOf: (n: number) => `item-${n}`,
    ...over,
  };
}

export const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
export const sorted = (all: readonly (number | string | undefined)[]) => [...all].sort();
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** As an ask behaves: rejects when its time is over or it is taken back. */
export function silence(timeoutMs: number, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (error: VigilError) => {
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(() => end(new VigilError('TIMEOUT', 'no answer')), timeoutMs);
    signal.addEventListener('abort', () => end(new VigilError('CANCELLED', 'taken back')), { once: true });
  });
}
