import { claimsSuccess } from '../claims.js';
import { isCheck } from '../command.js';
import type { Step } from '../step.js';
import type { View } from '../view.js';
import { eventsOf, evidence, type Rule, withOutcome } from './rule.js';

/** Failures after which ending the session needs no claim to be too early. */
const FAILURES_BEFORE_END = 2;

/**
 * The agent ends or says that it is done, while the last checks failed and nothing worked or was mended since: its
 * success rests on nothing (MAST: premature end 6.2 %, no or incomplete verification 8.2 % of failures). A message counts
 * when it claims success and admits no trouble, after one failed check (test, build, run of the program); a call that
 * ends the session counts without a word after two failed commands. A live agent's message counts once it has settled:
 * most "fixed!" are followed by the next step.
 */
export const prematureSuccess: Rule = {
  name: 'premature-success',
  type: 'errors',
  check(view) {
    const end = endOf(view);
    if (end === undefined) return undefined;
    const failed = failedBefore(view, end.index);
    const last = failed.at(-1);
    if (last === undefined) return undefined;
    const enough = failed.length >= FAILURES_BEFORE_END || isCheck(last.label);
    const early = end.claims ? enough : end.finishes && failed.length >= FAILURES_BEFORE_END;
    if (!early) return undefined;
    return evidence(this, {
      events: [...eventsOf(failed), end.index],
      count: failed.length,
      detail: `${end.claims ? 'claims success' : 'ends'} although the last check failed: ${withOutcome(last)}`,
      severity: 0.7,
    });
  },
};

interface End {
  readonly index: number;
  readonly claims: boolean;
  readonly finishes: boolean;
}

function endOf(view: View): End | undefined {
  const { finish, last, lastMessageIndex, lastMessageHead, lastMessageTail, context, steps } =
    view.trajectory;
  const call = steps.findLast((step) => step.kind === 'call' && !step.side);
  if (finish !== undefined && call?.index === finish.index && !call.failed) {
    return { index: finish.index, claims: claimsSuccess(finish.text), finishes: true };
  }
  if (last !== 'message' || context.interrupted || lastMessageIndex < context.lastUserIndex) return undefined;
  if (!view.settled && context.ended === undefined) return undefined;
  return {
    index: lastMessageIndex,
    claims: claimsSuccess(`${lastMessageHead}\n${lastMessageTail}`),
    finishes: false,
  };
}

/** The failed commands at the end of the work, back to the last that worked, in the same turn. */
function failedBefore(view: View, end: number): readonly Step[] {
  const failed: Step[] = [];
  for (let i = view.calls.length - 1; i >= 0; i--) {
    const call = view.calls[i];
    if (call === undefined || call.index >= end || !changesOrChecks(call)) continue;
    if (!call.failed || call.turn !== view.trajectory.context.turn) break;
    failed.unshift(call);
  }
  return failed;
}

function changesOrChecks({ action }: Step): boolean {
  return action === 'run' || action === 'edit' || action === 'delegate';
}
