import { eventsOf, evidence, excess, type Rule } from '../../../src/judgement/rules/rule.js';
import { stands } from '../../../src/judgement/view.js';

/** Rewrites of one file in a row. */
const REWRITES = 4;

/**
 * One file written whole four times in a row: nothing that was learned from one version reaches the next. Anything else
 * that works in between, a read or a test, starts the count again.
 */
export const rewrittenFile: Rule<'rewritten-file'> = {
  name: 'rewritten-file',
  type: 'loop',
  check(view, thresholds) {
    const other = view.calls.findLastIndex((call) => call.tool !== 'Write' && !call.failed);
    const writes = view.calls.slice(other + 1).filter((call) => call.tool === 'Write');
    const last = writes.at(-1);
    if (last === undefined || !stands(view, last, thresholds)) return undefined;
    const same = writes.filter((call) => call.paths[0] === last.paths[0] && call.turn === last.turn);
    if (same.length < REWRITES) return undefined;
    return evidence(this, {
      events: eventsOf(same),
      count: same.length,
      detail: `${last.paths[0]} was written whole ${same.length} times in a row`,
      severity: excess(same.length, REWRITES),
    });
  },
};
