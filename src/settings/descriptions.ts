import { z } from 'zod';
import type { RestartPolicy } from '../actors/runtime/restart-policy.js';
import type { Thresholds } from '../judgement/thresholds.js';

/** Texts of settings whose schema belongs to another folder. */
type Texts<T> = { readonly [K in keyof T]?: string };

export const RESTART_TEXTS: Texts<RestartPolicy> = {
  maxRestarts: 'Restarts within `periodMs`; at one more the supervisor gives up and its parent decides.',
  periodMs: 'Over which restarts are counted.',
  backoffMs: 'Wait before the first restart in a period; doubles with each further one.',
  maxBackoffMs: 'Longest wait before a restart.',
  jitter: 'Share of the wait that is random, so that many actors do not restart in step.',
};

export const RULE_TEXTS: Texts<Thresholds> = {
  off: 'Rules that are switched off.',
  repeatedAction: 'repeated-action: the same action with the same outcome, in a row.',
  repeatedPoll:
    'repeated-action, for actions that wait for something: polls with an unchanged answer, in a row.',
  repeatedFailingAction: 'repeated-failing-action: the same action failing in a row.',
  failingRerun:
    'failing-rerun: the same command failing the same way, with nothing but looking around between.',
  monologue: 'monologue: identical or blank messages with no action between.',
  pingPong: 'ping-pong: steps of ABABAB with the same outcomes.',
  cycleRounds: 'cycle: full rounds of a cycle of steps.',
  cycleMaxPeriod: 'cycle: steps of the longest cycle looked for.',
  editsUndone: 'edits-undone: edits of one file that take back the edit before.',
  failingEdits: 'failing-edits: this many of the last `failingEditsWindow` edits failed.',
  failingEditsWindow: 'failing-edits: edits looked at.',
  errorStreak: 'error-streak: failures since the last thing that worked (looking around aside).',
  repeatedError: 'repeated-error: the same error outside of tool calls, with nothing new between.',
  recoverySteps: 'Steps of real progress after which a past loop or failure no longer stands.',
  stallFloorMs: 'stall: silence is never a stall before this.',
  stallFactor: "stall: times the agent's own long gap (the 95th percentile).",
  openCallMs: 'stall: a tool call that still runs is no stall before this.',
  driftSteps: 'drift: steps in a row that touch nothing of the goal.',
  driftGoalWords: 'drift: content words a goal needs before anything is measured against it.',
  driftOnGoal: 'drift: steps that did touch the goal before.',
  steerAt: 'Evidence this severe asks for steering.',
  alignedAt: 'An alignment score below this is "not aligned".',
  duplicateSimilarity: 'Conductor: estimated similarity from which two agents do the same work.',
  sameWorkspaceSimilarity: 'Conductor: similarity from which an equal relative path means the same file.',
  coherentAt: 'Conductor: coherence score from which the fleet is coherent.',
  strainedAt: 'Conductor: coherence score from which the fleet is strained, below it incoherent.',
};

/** The same schema with its fields' texts. */
export function described<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  texts: { readonly [K in keyof Shape]?: string },
): z.ZodObject<Shape, z.core.$strict> {
  const fields = Object.entries(schema.shape).map(([name, field]) => {
    const text = texts[name];
    return [name, text === undefined ? field : (field as z.ZodType).describe(text)];
  });
  return z.strictObject(Object.fromEntries(fields) as Shape);
}
