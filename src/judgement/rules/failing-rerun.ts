import type { Step } from '../step.js';
import { sameFailure, stands } from '../view.js';
import { eventsOf, evidence, excess, type Rule, withOutcome } from './rule.js';

/**
 * The same command, in whatever dress, failing the same way four times with only looking around, or other failures, in
 * between: nothing changed that could make it pass. Anything that worked and may have changed something (an edit, another command) starts
 * the count again, so "edit, test, edit, test" never counts.
 */
export const failingRerun: Rule = {
  name: 'failing-rerun',
  type: 'loop',
  check(view, thresholds) {
    const runs = new Map<number, Step[]>();
    let longest: readonly Step[] = [];
    let turn = -1;
    for (const call of view.calls) {
      if (call.turn !== turn || mayChange(call)) runs.clear();
      turn = call.turn;
      if (!call.failed || call.action === 'poll') continue;
      const run = [...(runs.get(call.act) ?? []).filter((before) => sameFailure(before, call)), call];
      runs.set(call.act, run);
      if (run.length >= thresholds.failingRerun && stands(view, call, thresholds)) longest = run;
    }
    const last = longest.at(-1);
    if (last === undefined) return undefined;
    return evidence(this, {
      events: eventsOf(longest),
      count: longest.length,
      detail: `failed the same way ${longest.length} times with nothing changed in between: ${withOutcome(last)}`,
      severity: excess(longest.length, thresholds.failingRerun),
    });
  },
};

function mayChange(call: Step): boolean {
  return !call.failed && !['read', 'search', 'plan', 'poll', 'ask'].includes(call.action);
}
