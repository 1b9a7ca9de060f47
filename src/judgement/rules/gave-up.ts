import { gaveUp as hasGivenUp } from '../view.js';
import { evidence, type Rule } from './rule.js';

/**
 * The session stopped for want of steps, retries, context or money, by its own word (SWE-agent's exit_cost, OpenHands'
 * maximum iteration): what it was asked for is probably not done, whatever came before.
 */
export const gaveUp: Rule = {
  name: 'gave-up',
  type: 'errors',
  check(view) {
    const sign = view.trajectory.gaveUp;
    if (sign === undefined || !hasGivenUp(view)) return undefined;
    return evidence(this, {
      events: [sign.index],
      count: 1,
      detail: `stopped before the work was done: ${sign.text}`,
      severity: 0.7,
    });
  },
};
