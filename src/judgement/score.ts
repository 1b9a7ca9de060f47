import type { Evidence, SteeringType } from '../messages/analysis.js';
import type { Focus } from './focus.js';
import type { Thresholds } from './thresholds.js';

/** How much of the alignment a kind of trouble costs at full severity. */
const WEIGHTS: Readonly<Record<SteeringType, number>> = {
  loop: 0.6,
  drift: 0.6,
  constraint: 0.6,
  errors: 0.5,
  stall: 0.4,
  budget: 0.3,
  waiting: 0.1, // an agent that asks is not off its goal
};

/** The goal's share in the score; small, because word overlap is a weak sign. */
const OVERLAP_WEIGHT = 0.1;

/**
 * Which trouble to name when there are several: first what needs a person now, then what does harm, then what wastes.
 * Silence comes late because every other finding explains it.
 */
const PRECEDENCE: readonly SteeringType[] = [
  'waiting',
  'constraint',
  'loop',
  'errors',
  'drift',
  'budget',
  'stall',
];

/**
 * Alignment score, 0..1:
 *
 *     1 - sum over types of (weight x highest severity of that type) - 0.1 x share of steps off the goal
 *
 * Several rules of one type say the same thing in different words, so only the most severe counts. The share off the
 * goal counts only steps that name something, and only once there are ten of them.
 */
export function alignmentScore(evidence: readonly Evidence[], focus: Focus): number {
  let cost = 0;
  for (const type of PRECEDENCE) cost += WEIGHTS[type] * highest(evidence, type);
  const measured = focus.onGoal + focus.offGoal;
  if (measured >= 10) cost += (OVERLAP_WEIGHT * focus.offGoal) / measured;
  return Math.round(Math.min(1, Math.max(0, 1 - cost)) * 1000) / 1000;
}

/** The kind of steering asked for: the first in precedence with evidence severe enough. */
export function steeringType(
  evidence: readonly Evidence[],
  thresholds: Thresholds,
): SteeringType | undefined {
  return PRECEDENCE.find((type) => {
    const severity = highest(evidence, type);
    return severity > 0 && severity >= thresholds.steerAt;
  });
}

/** The most severe evidence of a type. */
export function leading(evidence: readonly Evidence[], type: SteeringType): Evidence | undefined {
  return evidence
    .filter((item) => item.type === type)
    .reduce<Evidence | undefined>(
      (best, item) => (best && best.severity >= item.severity ? best : item),
      undefined,
    );
}

function highest(evidence: readonly Evidence[], type: SteeringType): number {
  return leading(evidence, type)?.severity ?? 0;
}
