import * as failures from './failures.js';
import * as harmless from './harmless.js';
import * as loops from './loops.js';
import * as states from './states.js';
import type { Transform } from './transform.js';

/** Every transformation by its name. */
export const TRANSFORMS: Readonly<Record<string, Transform>> = {
  'repeated-failure': loops.repeatedFailure,
  'repeated-failure-at-end': loops.repeatedFailureAtEnd,
  'repeated-success': loops.repeatedSuccess,
  'ping-pong': loops.pingPong,
  cycle: loops.cycle,
  'dressed-failure': loops.dressedFailure,
  'idle-rerun': loops.idleRerun,
  'undone-edits': loops.undoneEdits,
  monologue: loops.monologue,
  'unmatched-edits': failures.unmatchedEdits,
  'growing-errors': failures.growingErrors,
  'premature-success': failures.prematureSuccess,
  'limit-reached': failures.limitReached,
  'asks-and-is-answered': states.asksAndIsAnswered,
  'asks-into-the-void': states.asksIntoTheVoid,
  'asks-by-tool': states.asksByTool,
  'falls-silent': states.fallsSilent,
  'leaves-its-goal': states.leavesItsGoal,
  'breaks-a-ban': states.breaksABan,
  'runs-what-is-forbidden': states.runsWhatIsForbidden,
  overspends: states.overspends,
  'changing-poll': harmless.changingPoll,
  'patient-poll': harmless.patientPoll,
  'retries-with-variation': harmless.retriesWithVariation,
  'batch-over-files': harmless.batchOverFiles,
  'edit-and-test': harmless.editAndTest,
  flake: harmless.flake,
  'long-command': harmless.longCommand,
  courtesy: harmless.courtesy,
  rhetorical: harmless.rhetorical,
  'lifted-ban': harmless.liftedBan,
  'kept-ban': harmless.keptBan,
  'asked-again': harmless.askedAgain,
  detour: harmless.detour,
  'true-claim': harmless.trueClaim,
  'read-again': harmless.readAgain,
};
