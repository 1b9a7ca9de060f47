import { z } from 'zod';
import { CoherenceReport, Phase, SteeringType, TrajectoryAnalysis } from './analysis.js';
import { ERROR_CODES, Failure } from './errors.js';

const ResultHead = {
  requestId: z.string(),
  /** ISO times. */
  startedAt: z.string(),
  finishedAt: z.string(),
  failures: z.array(Failure),
};

/** One line of a final result; the whole analysis stands on `vigil.result.analysis.<agent>`. */
export const AnalysisItem = z.object({
  agent: z.string(),
  phase: Phase,
  alignmentScore: z.number(),
  needsSteering: z.boolean(),
  steeringType: SteeringType.optional(),
  summary: z.string(),
  /** The log had not changed: this is the verdict of the last analysis. */
  unchanged: z.boolean().optional(),
});
export type AnalysisItem = z.infer<typeof AnalysisItem>;

/** `vigil.result.analysis.<agent>`. */
export const AnalysisResult = z.object({
  requestId: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  analysis: TrajectoryAnalysis,
});
export type AnalysisResult = z.infer<typeof AnalysisResult>;

/** A steering that Vigil recommends or sent. */
export const Intervention = z.object({
  id: z.string(),
  requestId: z.string(),
  agent: z.string(),
  type: SteeringType,
  message: z.string(),
  emergency: z.boolean(),
  /** `notify`: published for people, nothing was sent to the agent. */
  delivery: z.enum(['notify']),
  at: z.string(),
});
export type Intervention = z.infer<typeof Intervention>;

const Analyses = {
  /** Agents the request was for. */
  requested: z.number().int().nonnegative(),
  items: z.array(AnalysisItem),
  /** Items left out because the result would not fit the broker's payload limit. */
  itemsOmitted: z.number().int().positive().optional(),
};

/** Bodies of the final results by request kind, beside requestId, times and failures. */
export const RESULTS = {
  analyze: z.object({ ...ResultHead, ...Analyses }),
  coherence: z.object({ ...ResultHead, items: z.array(CoherenceReport).max(1) }),
  cycle: z.object({
    ...ResultHead,
    ...Analyses,
    coherence: CoherenceReport.nullable(),
    interventions: z.array(Intervention),
  }),
  emergency: z.object({
    ...ResultHead,
    ...Analyses,
    reason: z.string().optional(),
    coherence: CoherenceReport.nullable(),
    interventions: z.array(Intervention),
  }),
} as const;

export type ResultKind = keyof typeof RESULTS;
export type ResultOf<K extends ResultKind> = z.infer<(typeof RESULTS)[K]>;

/** A trigger that was refused or could not be run at all: nothing was analysed. Same subject as its result. */
export const RefusedResult = z.object({
  ...ResultHead,
  items: z.array(z.never()).max(0),
  error: z.object({ code: z.enum(ERROR_CODES), message: z.string() }),
});
export type RefusedResult = z.infer<typeof RefusedResult>;

/** `vigil.event.deadletter`: a message that nobody could take. */
export const DeadLetter = z.object({
  at: z.string(),
  subject: z.string(),
  reason: z.enum(['invalid', 'mailbox_full', 'no_actor', 'late_reply', 'fenced', 'max_deliveries']),
  message: z.string(),
  /** First 512 characters of the payload. */
  payload: z.string().optional(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;
