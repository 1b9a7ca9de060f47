import { evidence, excess, type Rule } from './rule.js';

/**
 * Twenty steps in a row that share no word, file or identifier with the goal, nor with anything met while working on it,
 * after at least three that did. Goals of fewer than five content words measure nothing (own rule; the latest it can be
 * on purpose: a detour for the goal's sake nearly always names something of it).
 */
export const drift: Rule = {
  name: 'drift',
  type: 'drift',
  check(view, thresholds) {
    const { focus, context, steps } = view.trajectory;
    if (context.goalWords.size < thresholds.driftGoalWords || focus.onGoal < thresholds.driftOnGoal)
      return undefined;
    if (focus.offRun < thresholds.driftSteps) return undefined;
    const away = steps.filter((step) => step.onGoal === false).slice(-focus.offRun);
    const last = away.at(-1);
    if (last === undefined) return undefined;
    return evidence(this, {
      events: away.map((step) => step.index),
      count: focus.offRun,
      detail: `${focus.offRun} steps in a row touch nothing of the goal; the last: "${last.label}"`,
      severity: excess(focus.offRun, thresholds.driftSteps),
    });
  },
};
