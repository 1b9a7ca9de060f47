import type { RuleName } from '../thresholds.js';
import { budget } from './budget.js';
import { constraint } from './constraint.js';
import { cycle } from './cycle.js';
import { drift } from './drift.js';
import { editsUndone } from './edits-undone.js';
import { errorShare } from './error-share.js';
import { errorStreak } from './error-streak.js';
import { failingEdits } from './failing-edits.js';
import { failingRerun } from './failing-rerun.js';
import { gaveUp } from './gave-up.js';
import { monologue } from './monologue.js';
import { pingPong } from './ping-pong.js';
import { prematureSuccess } from './premature-success.js';
import { repeatedAction } from './repeated-action.js';
import { repeatedError } from './repeated-error.js';
import { repeatedFailingAction } from './repeated-failing-action.js';
import type { Rule } from './rule.js';
import { sameFailure } from './same-failure.js';
import { stall } from './stall.js';
import { strayEdits } from './stray-edits.js';
import { waiting } from './waiting.js';

/** Every rule by its name; the type makes a rule without a name, or a name without a rule, an error. */
export const RULES: Readonly<Record<RuleName, Rule>> = {
  'repeated-action': repeatedAction,
  'repeated-failing-action': repeatedFailingAction,
  'failing-rerun': failingRerun,
  monologue,
  'ping-pong': pingPong,
  cycle,
  'edits-undone': editsUndone,
  'failing-edits': failingEdits,
  'error-streak': errorStreak,
  'repeated-error': repeatedError,
  'error-share': errorShare,
  'same-failure': sameFailure,
  'premature-success': prematureSuccess,
  'gave-up': gaveUp,
  stall,
  waiting,
  budget,
  constraint,
  drift,
  'stray-edits': strayEdits,
};
