import { sameOutcome, standingRun } from './repetition.js';
import { eventsOf, evidence, excess, type Rule, withOutcome } from './rule.js';

/** Two actions in turn, ABABAB, each with the same outcome every time (OpenHands: alternating pattern, 6 steps). */
export const pingPong: Rule = {
  name: 'ping-pong',
  type: 'loop',
  check(view, thresholds) {
    const run = standingRun(view, 2, thresholds.pingPong, thresholds);
    const [a, b] = run?.slice(-2) ?? [];
    if (run === undefined || a === undefined || b === undefined) return undefined;
    if (sameOutcome(a, b) || run.some((step) => step.action === 'poll')) return undefined;
    return evidence(this, {
      events: eventsOf(run),
      count: run.length,
      detail: `${run.length} steps back and forth with the same outcomes: ${withOutcome(a)} and ${withOutcome(b)}`,
      severity: excess(run.length, thresholds.pingPong),
    });
  },
};
