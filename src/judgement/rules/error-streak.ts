import type { Step } from '../step.js';
import { stands, type View } from '../view.js';
import { sentTogether } from './batch.js';
import { eventsOf, evidence, excess, type Rule, withOutcome } from './rule.js';

/**
 * Eight failures since the last thing that worked. Looking around neither counts as success nor as an end of the streak,
 * as long as it is less than half of what was done; a successful edit or command ends it, so failing attempts with edits between them are work. Calls that were sent
 * together and failed for one reason count once (own rule, set high: strong models correct themselves).
 */
export const errorStreak: Rule = {
  name: 'error-streak',
  type: 'errors',
  check(view, thresholds) {
    const streak = latestStreak(view);
    const last = streak.at(-1);
    if (last === undefined || streak.length < thresholds.errorStreak) return undefined;
    if (!isDense(view, streak) || !stands(view, last, thresholds)) return undefined;
    return evidence(this, {
      events: eventsOf(streak),
      count: streak.length,
      detail: `${streak.length} failures and nothing that worked since; the last: ${withOutcome(last)}`,
      severity: excess(streak.length, thresholds.errorStreak),
    });
  },
};

/** At least half of what was done over the streak failed: an agent that mostly reads what it wants to read is not stuck. */
function isDense(view: View, streak: readonly Step[]): boolean {
  const [from, to] = [streak[0]?.index ?? 0, streak.at(-1)?.index ?? 0];
  const spanned = view.calls.filter(({ index }) => index >= from && index <= to).length;
  return streak.length * 2 >= spanned;
}

function latestStreak(view: View): readonly Step[] {
  let streak: Step[] = [];
  let longest: readonly Step[] = [];
  let previous: Step | undefined;
  for (const call of view.calls) {
    if (previous !== undefined && call.turn !== previous.turn) streak = [];
    if (call.failed && !sentTogether(previous, call)) streak.push(call);
    else if (!call.failed && ['edit', 'run', 'delegate', 'finish'].includes(call.action)) streak = [];
    if (streak.length >= longest.length || streak.length === 1) longest = [...streak];
    previous = call;
  }
  return longest;
}
