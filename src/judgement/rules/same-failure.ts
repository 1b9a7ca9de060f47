import type { Step } from '../step.js';
import { stands } from '../view.js';
import { sentTogether } from './batch.js';
import { eventsOf, evidence, excess, type Rule, withOutcome } from './rule.js';

/**
 * The same failing outcome four times among the last eight calls, whatever the commands were called and whatever was
 * edited in between: the changes do not reach the cause. Calls that were sent together count once (own rule; a
 * failure that changes with each edit is work, one that stays the same word for word is not).
 */
export const sameFailure: Rule = {
  name: 'same-failure',
  type: 'errors',
  check(view, thresholds) {
    const calls = view.calls.filter(
      (call, i) => call.action !== 'poll' && !(call.failed && sentTogether(view.calls[i - 1], call)),
    );
    const last = calls.findLast((call) => call.failed && call.gist !== 0);
    if (last === undefined) return undefined;
    const before = calls.filter((call) => call.index <= last.index).slice(-thresholds.sameFailureWindow);
    const alike = before.filter((call) => isSame(call, last));
    if (alike.length < thresholds.sameFailure || !stands(view, last, thresholds)) return undefined;
    return evidence(this, {
      events: eventsOf(alike),
      count: alike.length,
      detail: `the same failure ${alike.length} times within ${before.length} steps: ${withOutcome(last)}`,
      severity: excess(alike.length, thresholds.sameFailure),
    });
  },
};

function isSame(call: Step, last: Step): boolean {
  return call.failed && call.turn === last.turn && call.outcome === last.outcome;
}
