import type { Evidence, SteeringType } from '../../messages/analysis.js';
import type { Step } from '../step.js';
import type { RuleName, Thresholds } from '../thresholds.js';
import type { View } from '../view.js';

/** One way to see that an agent needs help. Pure: the same view gives the same answer. */
export interface Rule<Name extends string = RuleName> {
  readonly name: Name;
  readonly type: SteeringType;
  check(view: View, thresholds: Thresholds): Evidence | undefined;
}

const MAX_EVENTS = 32;

/** Evidence of a rule; events are sorted, distinct and the latest 32. */
export function evidence(
  rule: Pick<Rule<string>, 'name' | 'type'>,
  found: { readonly events: readonly number[]; count: number; detail: string; severity: number },
): Evidence {
  const events = [...new Set(found.events)].sort((a, b) => a - b).slice(-MAX_EVENTS);
  return { rule: rule.name, type: rule.type, ...found, events };
}

/** 0.6 at the threshold, 1 at twice the threshold. */
export function excess(count: number, threshold: number): number {
  return Math.min(1, 0.6 + (0.4 * Math.max(0, count - threshold)) / threshold);
}

/** Event indexes of calls and their results. */
export function eventsOf(steps: readonly Step[]): readonly number[] {
  return steps.flatMap((step) => (step.result >= 0 ? [step.index, step.result] : [step.index]));
}

/** `label` with its latest outcome, for a detail line. */
export function withOutcome(step: Step): string {
  return step.outcomeLabel === '' ? `"${step.label}"` : `"${step.label}" -> "${step.outcomeLabel}"`;
}
