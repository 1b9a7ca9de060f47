import { stands } from '../view.js';
import { sentTogether } from './batch.js';
import { eventsOf, evidence, excess, type Rule, withOutcome } from './rule.js';

/**
 * Of the last sixteen calls ten failed, and no fewer of the later than of the earlier half: the share of errors grows, or
 * stays high. Counts what an error streak cannot see, failures with something in between that works. Calls that were sent
 * together and failed for one reason count once; polls do not count (own rule).
 */
export const errorShare: Rule = {
  name: 'error-share',
  type: 'errors',
  check(view, thresholds) {
    const counted = view.calls.filter(
      (call, i) => call.action !== 'poll' && !(call.failed && sentTogether(view.calls[i - 1], call)),
    );
    const last = counted.findLast((call) => call.failed);
    if (last === undefined || !stands(view, last, thresholds)) return undefined;
    const latest = counted
      .filter((call) => call.turn === last.turn && call.index <= last.index)
      .slice(-thresholds.errorShareWindow);
    const failed = latest.filter((call) => call.failed);
    const later = latest.slice(Math.floor(latest.length / 2)).filter((call) => call.failed).length;
    if (failed.length < thresholds.errorShare || later * 2 < failed.length) return undefined;
    return evidence(this, {
      events: eventsOf(failed),
      count: failed.length,
      detail: `${failed.length} of the last ${latest.length} steps failed; the last: ${withOutcome(last)}`,
      severity: excess(failed.length, thresholds.errorShare),
    });
  },
};
