import type { Step } from '../step.js';
import { stands } from '../view.js';
import { eventsOf, evidence, excess, type Rule } from './rule.js';

/**
 * Edits of one file that take back the edit before (A to B, B to A), three times while the loop stands. One undo is a
 * change of mind; going back and forth is indecision that produces nothing (own rule).
 */
export const editsUndone: Rule = {
  name: 'edits-undone',
  type: 'loop',
  check(view, thresholds) {
    const edits = view.calls.filter(
      (call) => call.action === 'edit' && !call.failed && call.from !== call.to,
    );
    const undoing = edits.filter((edit) => takesBack(edit, edits));
    const last = undoing.at(-1);
    if (last === undefined || !stands(view, last, thresholds)) return undefined;
    const sameFile = undoing.filter((edit) => edit.paths[0] === last.paths[0] && edit.turn === last.turn);
    if (sameFile.length < thresholds.editsUndone) return undefined;
    return evidence(this, {
      events: eventsOf(sameFile),
      count: sameFile.length,
      detail: `${sameFile.length} edits of ${last.paths[0] ?? 'a file'} take back the edit before`,
      severity: excess(sameFile.length, thresholds.editsUndone),
    });
  },
};

/** Whether the edit reverses the latest edit of its file before it. */
function takesBack(edit: Step, edits: readonly Step[]): boolean {
  const before = edits.filter((other) => other.index < edit.index && other.paths[0] === edit.paths[0]).at(-1);
  return (
    before !== undefined && before.from === edit.to && before.to === edit.from && before.turn === edit.turn
  );
}
