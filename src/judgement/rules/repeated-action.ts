import { standingRun } from './repetition.js';
import { eventsOf, evidence, excess, type Rule, withOutcome } from './rule.js';

/**
 * The same action with the same outcome, four times in a row (OpenHands: repeating action and observation, 4). Outcomes
 * are compared once times and ids are normalised. For actions that wait (polls) the threshold is its own and high: an
 * unchanged answer is what waiting looks like.
 */
export const repeatedAction: Rule = {
  name: 'repeated-action',
  type: 'loop',
  check(view, thresholds) {
    const run = standingRun(view, 1, thresholds.repeatedAction, thresholds);
    const last = run?.at(-1);
    if (run === undefined || last === undefined) return undefined;
    const threshold = last.action === 'poll' ? thresholds.repeatedPoll : thresholds.repeatedAction;
    if (run.length < threshold) return undefined;
    return evidence(this, {
      events: eventsOf(run),
      count: run.length,
      detail: `${run.length} times the same action with the same outcome: ${withOutcome(last)}`,
      severity: excess(run.length, threshold),
    });
  },
};
