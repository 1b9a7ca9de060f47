import { evidence, excess, type Rule } from './rule.js';

/** Many edits of one file are one change, wherever it is. */
const LEAST_FILES = 3;

/**
 * Eight edits in a row of files that share no word with the goal, nor with anything met while working on it, in at least
 * three files: work outside the goal's files. Speaks earlier than `drift`, because an edit weighs more than a look (own
 * rule). As with `drift`, only after the agent has shown that it can be on the goal, and never against a goal of a few
 * words.
 */
export const strayEdits: Rule = {
  name: 'stray-edits',
  type: 'drift',
  check(view, thresholds) {
    const { context, focus } = view.trajectory;
    if (context.goalWords.size < thresholds.driftGoalWords || focus.onGoal < thresholds.driftOnGoal)
      return undefined;
    const edits = view.calls.filter(
      (call) => call.action === 'edit' && !call.failed && call.onGoal !== null && call.turn === context.turn,
    );
    const lastOnGoal = edits.findLastIndex((call) => call.onGoal === true);
    const stray = edits.slice(lastOnGoal + 1);
    const last = stray.at(-1);
    const files = new Set(stray.map((call) => call.paths[0] ?? ''));
    if (last === undefined || stray.length < thresholds.strayEdits || files.size < LEAST_FILES)
      return undefined;
    return evidence(this, {
      events: stray.map((call) => call.index),
      count: stray.length,
      detail: `${stray.length} edits in a row of files that have nothing to do with the goal; the last: "${last.label}"`,
      severity: excess(stray.length, thresholds.strayEdits),
    });
  },
};
