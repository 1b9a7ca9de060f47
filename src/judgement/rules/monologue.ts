import type { Step } from '../step.js';
import type { View } from '../view.js';
import { evidence, excess, type Rule } from './rule.js';

/** Where a log is plain lines, one of them is less than a message. */
const LINES_PER_MESSAGE = 4;

/**
 * Three identical messages of the agent, or three blank ones, with no action between them (OpenHands: monologue 3, empty
 * response loop 3). An automatic "continue" between them does not make them a conversation; a person's word does.
 */
export const monologue: Rule = {
  name: 'monologue',
  type: 'loop',
  check(view, thresholds) {
    const run = trailingMessages(view.trajectory.steps);
    const last = run.at(-1);
    if (last === undefined || last.turn !== view.trajectory.context.turn) return undefined;
    const threshold = thresholds.monologue * (isConversation(view) ? 1 : LINES_PER_MESSAGE);
    if (run.length < threshold) return undefined;
    return evidence(this, {
      events: run.map((step) => step.index),
      count: run.length,
      detail:
        last.key === ''
          ? `${run.length} empty messages in a row and no action`
          : `said the same ${run.length} times and did nothing: "${last.label}"`,
      severity: excess(run.length, threshold),
    });
  },
};

/** Nobody spoke and nothing was called: the messages are lines of a program's output. */
function isConversation(view: View): boolean {
  return view.trajectory.context.lastUserIndex >= 0 || view.trajectory.calls > 0;
}

/** The equal messages at the end of the main line. */
function trailingMessages(steps: readonly Step[]): readonly Step[] {
  const run: Step[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    if (step === undefined || step.side || isRuler(step)) continue;
    const first = run[0];
    if (step.kind !== 'message') break;
    if (first !== undefined && (step.key !== first.key || step.turn !== first.turn)) break;
    run.unshift(step);
  }
  return run;
}

/** "-----", "=====": set between lines, said by nobody. */
function isRuler(step: Step): boolean {
  return step.kind === 'message' && step.key !== '' && !/[\p{L}\p{N}]/u.test(step.label);
}
