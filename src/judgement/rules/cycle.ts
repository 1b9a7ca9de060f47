import type { Evidence } from '../../messages/analysis.js';
import type { Step } from '../step.js';
import { signatureOf } from '../view.js';
import { standingRun } from './repetition.js';
import { eventsOf, evidence, excess, type Rule } from './rule.js';

/**
 * A longer round of 3 to 8 steps, gone through at least three times with the same outcomes (own rule; detectors that
 * know only repeats and ping-pong miss "read, edit, test, undo" for ever). The shortest period wins.
 */
export const cycle: Rule = {
  name: 'cycle',
  type: 'loop',
  check(view, thresholds) {
    for (let period = 3; period <= thresholds.cycleMaxPeriod; period++) {
      const run = standingRun(view, period, period * thresholds.cycleRounds, thresholds);
      if (run !== undefined && isRound(run, period)) return found(run, period, thresholds.cycleRounds);
    }
    return undefined;
  },
};

/** Not a shorter repetition in disguise, and not waiting. */
function isRound(run: readonly Step[], period: number): boolean {
  const round = run.slice(-period);
  return new Set(round.map(signatureOf)).size > 2 && !round.some((step) => step.action === 'poll');
}

function found(run: readonly Step[], period: number, threshold: number): Evidence {
  const rounds = Math.floor(run.length / period);
  const round = run.slice(-period).map((step) => `"${step.label.slice(0, 50)}"`);
  return evidence(cycle, {
    events: eventsOf(run),
    count: rounds,
    detail: `${rounds} rounds of the same ${period} steps with the same outcomes: ${round.join(', ')}`.slice(
      0,
      400,
    ),
    severity: excess(rounds, threshold),
  });
}
