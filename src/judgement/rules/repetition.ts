import type { Step } from '../step.js';
import type { Thresholds } from '../thresholds.js';
import { signatureOf, stands, type View } from '../view.js';

/**
 * The latest run of calls in which each equals the one `period` before it, at least `length` long, that still stands.
 * Calls with a person's word between them are never equal.
 */
export function standingRun(
  view: View,
  period: number,
  length: number,
  thresholds: Thresholds,
  same: (a: Step, b: Step) => boolean = sameOutcome,
): readonly Step[] | undefined {
  const { calls } = view;
  let end = calls.length - 1;
  while (end >= period) {
    let start = end;
    while (start >= period && equal(calls[start], calls[start - period], same)) start--;
    // `start` is the last call without an equal; the run begins a period before the first that has one.
    const run = start === end ? [] : calls.slice(start - period + 1, end + 1);
    const last = run.at(-1);
    if (last !== undefined && run.length >= length) return stands(view, last, thresholds) ? run : undefined;
    end = start === end ? end - 1 : start;
  }
  return undefined;
}

function equal(a: Step | undefined, b: Step | undefined, same: (a: Step, b: Step) => boolean): boolean {
  return a !== undefined && b !== undefined && a.turn === b.turn && same(a, b);
}

/** The same action led to the same outcome: nothing was gained by doing it again. */
export function sameOutcome(a: Step, b: Step): boolean {
  return signatureOf(a) === signatureOf(b);
}
