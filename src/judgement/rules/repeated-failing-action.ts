import type { Step } from '../step.js';
import { sameFailure } from '../view.js';
import { standingRun } from './repetition.js';
import { eventsOf, evidence, excess, type Rule, withOutcome } from './rule.js';

/**
 * The same action failing three times in a row (OpenHands: repeating action and error, 3). Errors need not be equal, but
 * one that was not seen before in the run is news and does not count: a build that gets further each time is work.
 */
export const repeatedFailingAction: Rule = {
  name: 'repeated-failing-action',
  type: 'loop',
  check(view, thresholds) {
    const threshold = thresholds.repeatedFailingAction;
    const run = standingRun(view, 1, threshold, thresholds, sameFailing);
    const last = run?.at(-1);
    if (run === undefined || last === undefined || last.action === 'poll') return undefined;
    const news = run.filter(
      (step, i) => i > 0 && !run.slice(0, i).some((before) => sameFailure(before, step)),
    ).length;
    const count = run.length - news;
    if (count < threshold) return undefined;
    return evidence(this, {
      events: eventsOf(run),
      count,
      detail: `failed ${run.length} times in a row: ${withOutcome(last)}`,
      severity: excess(count, threshold),
    });
  },
};

function sameFailing(a: Step, b: Step): boolean {
  return a.failed && b.failed && a.act === b.act;
}
