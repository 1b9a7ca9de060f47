import { z } from 'zod';

/** Every rule, by the name that evidence and settings use. */
export const RULE_NAMES = [
  'repeated-action',
  'repeated-failing-action',
  'failing-rerun',
  'monologue',
  'ping-pong',
  'cycle',
  'edits-undone',
  'failing-edits',
  'error-streak',
  'repeated-error',
  'error-share',
  'same-failure',
  'premature-success',
  'gave-up',
  'stall',
  'waiting',
  'budget',
  'constraint',
  'drift',
  'stray-edits',
] as const;
export const RuleName = z.enum(RULE_NAMES);
export type RuleName = z.infer<typeof RuleName>;

const MINUTE = 60_000;
const count = (min: number, fallback: number) => z.number().int().min(min).max(1000).default(fallback);
const share = (fallback: number) => z.number().min(0).max(1).default(fallback);
const millis = (fallback: number) => z.number().int().positive().default(fallback);

/**
 * When each rule speaks. The repetition counts are those of OpenHands (4, 3, 3, 6), so that results compare; the others
 * are set so that a late alarm is preferred to a false one.
 */
export const Thresholds = z.strictObject({
  /** Rules that are switched off. */
  off: z.array(RuleName).default([]),

  /** repeated-action: the same action with the same outcome, in a row. */
  repeatedAction: count(2, 4),
  /** The same, for actions that wait for something (polls): an unchanged answer is what waiting looks like. */
  repeatedPoll: count(2, 12),
  /** repeated-failing-action: the same action failing in a row; an error not seen before in the run does not count. */
  repeatedFailingAction: count(2, 3),
  /** failing-rerun: the same command failing the same way, with nothing but looking around in between. */
  failingRerun: count(2, 4),
  /** monologue: identical (or blank) messages with no action between. */
  monologue: count(2, 3),
  /** ping-pong: steps of ABABAB with the same outcomes. */
  pingPong: count(4, 6),
  /** cycle: full rounds of a cycle of 3 to `cycleMaxPeriod` steps. */
  cycleRounds: count(2, 3),
  cycleMaxPeriod: z.number().int().min(3).max(16).default(8),
  /** edits-undone: edits of one file that take back the edit before. */
  editsUndone: count(1, 3),
  /** failing-edits: of the last `failingEditsWindow` edits, this many failed. */
  failingEdits: count(3, 6),
  failingEditsWindow: count(3, 8),
  /** error-streak: failures since the last thing that worked (looking around aside). */
  errorStreak: count(3, 8),
  /** error-share: of the last `errorShareWindow` calls, this many failed. */
  errorShare: count(3, 10).describe('error-share: this many of the last `errorShareWindow` calls failed.'),
  errorShareWindow: count(3, 16).describe('error-share: calls looked at.'),
  /** same-failure: the same failing outcome among the last `sameFailureWindow` calls, whatever was edited between. */
  sameFailure: count(2, 4).describe(
    'same-failure: the same failing outcome this often, whatever was edited in between.',
  ),
  sameFailureWindow: count(2, 8).describe('same-failure: calls looked at.'),
  /** repeated-error: the same error outside of tool calls, with nothing new between. */
  repeatedError: count(2, 4),
  /** Steps of real progress after which a past loop or failure no longer stands. */
  recoverySteps: count(1, 3),

  /** stall: silence is never a stall before this. */
  stallFloorMs: millis(5 * MINUTE),
  /** stall: times the agent's own long gap (the 95th percentile). */
  stallFactor: z.number().min(1).default(6),
  /** stall: a tool call that still runs is no stall before this. */
  openCallMs: millis(45 * MINUTE),

  /** drift: steps in a row that touch nothing of the goal. */
  driftSteps: count(5, 20),
  /** drift: content words a goal needs before anything is measured against it. */
  driftGoalWords: count(1, 5),
  /** drift: steps that did touch the goal before. */
  driftOnGoal: count(1, 3),

  /** stray-edits: edits in a row of files that have nothing to do with the goal. */
  strayEdits: count(2, 8).describe(
    'stray-edits: edits in a row of files that have nothing to do with the goal.',
  ),

  /** Evidence this severe asks for steering. */
  steerAt: share(0.5),
  /** An alignment score below this is "not aligned". */
  alignedAt: share(0.6),

  /** Conductor: estimated similarity from which two agents do the same work. */
  duplicateSimilarity: share(0.7),
  /** Conductor: similarity from which an equal relative path means the same file. */
  sameWorkspaceSimilarity: share(0.35),
  /** Conductor: scores from which the fleet is coherent, or merely strained. */
  coherentAt: share(0.75),
  strainedAt: share(0.45),
});
export type Thresholds = z.infer<typeof Thresholds>;

export const DEFAULT_THRESHOLDS: Thresholds = Thresholds.parse({});

/**
 * Steps a trajectory has to remember: twice the largest threshold, times two for the messages between the calls, so that
 * no threshold can be set that the window is too short to reach.
 */
export function windowFor(thresholds: Thresholds): number {
  const largest = Math.max(
    thresholds.repeatedAction,
    thresholds.repeatedPoll,
    thresholds.repeatedFailingAction,
    thresholds.failingRerun,
    thresholds.monologue,
    thresholds.pingPong,
    thresholds.cycleRounds * thresholds.cycleMaxPeriod,
    thresholds.editsUndone,
    thresholds.failingEditsWindow,
    thresholds.errorStreak,
    thresholds.errorShareWindow,
    thresholds.sameFailureWindow,
    thresholds.repeatedError,
    thresholds.driftSteps,
  );
  return Math.max(64, largest * 4);
}
