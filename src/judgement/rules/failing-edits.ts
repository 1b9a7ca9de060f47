import { stands } from '../view.js';
import { sentTogether } from './batch.js';
import { eventsOf, evidence, excess, type Rule, withOutcome } from './rule.js';

/**
 * Of the latest eight edits, six failed: the agent does not see the files as they are. The SWE-agent paper finds that
 * recovery falls from 90 % to 57 % after a single failed edit; a few failures are normal, this many are not. Files are
 * not told apart, because some editors do not name the file they edit. Edits that were sent together count once.
 */
export const failingEdits: Rule = {
  name: 'failing-edits',
  type: 'errors',
  check(view, thresholds) {
    const edits = view.calls.filter(
      (call, i) => call.action === 'edit' && !(call.failed && sentTogether(view.calls[i - 1], call)),
    );
    const last = edits.filter((edit) => edit.failed).at(-1);
    if (last === undefined || !stands(view, last, thresholds)) return undefined;
    const latest = edits.filter((edit) => edit.turn === last.turn).slice(-thresholds.failingEditsWindow);
    const failed = latest.filter((edit) => edit.failed);
    if (failed.length < thresholds.failingEdits) return undefined;
    return evidence(this, {
      events: eventsOf(failed),
      count: failed.length,
      detail: `${failed.length} of the last ${latest.length} edits failed: ${withOutcome(last)}`,
      severity: excess(failed.length, thresholds.failingEdits),
    });
  },
};
