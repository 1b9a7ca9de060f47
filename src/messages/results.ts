import { z } from 'zod';
import { CoherenceReport, Phase, SteeringType, TrajectoryAnalysis } from './analysis.js';
import { ERROR_CODES, Failure } from './errors.js';
import { SyncItem } from './github.js';
import { Intervention } from './interventions.js';

const ResultHead = {
  requestId: z.string(),
  startedAt: z.string().describe('ISO time.'),
  finishedAt: z.string().describe('ISO time.'),
  failures: z.array(Failure).describe('Every item that did not succeed; none is dropped.'),
};

/** One line of a final result; the whole analysis stands on `vigil.result.analysis.<agent>`. */
export const AnalysisItem = z.object({
  agent: z.string(),
  phase: Phase,
  alignmentScore: z.number(),
  needsSteering: z.boolean(),
  steeringType: SteeringType.optional(),
  summary: z.string(),
  unchanged: z
    .boolean()
    .optional()
    .describe('The log had not changed: this is the verdict of the last analysis.'),
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

const Analyses = {
  requested: z.number().int().nonnegative().describe('Agents the request was for.'),
  items: z.array(AnalysisItem),
  itemsOmitted: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("Items left out because the result would not fit the broker's payload limit."),
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
  sync: z.object({
    ...ResultHead,
    requested: z.number().int().nonnegative().describe('Repositories the request was for.'),
    items: z.array(SyncItem),
    itemsOmitted: Analyses.itemsOmitted,
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
  payload: z.string().optional().describe('First 512 characters of the payload.'),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

/** `vigil.event.agent.<agent>.failed`: its actor crashed too often and was given up; its host runs it no more. */
export const AgentFailed = z.object({
  at: z.string().describe('ISO time.'),
  agent: z.string(),
  host: z.string().describe('Host that ran it.'),
  message: z.string().describe('The last error.'),
});
export type AgentFailed = z.infer<typeof AgentFailed>;

/** `vigil.event.agent.<agent>.waiting`: said once, until it goes on. */
export const AgentWaiting = z.object({
  at: z.string().describe('ISO time.'),
  agent: z.string(),
  requestId: z
    .string()
    .optional()
    .describe('The request whose analysis saw it; absent when it showed between two.'),
  summary: z.string().describe('What it waits for, in one line.'),
  recommendation: z.string().optional(),
});
export type AgentWaiting = z.infer<typeof AgentWaiting>;

/** `vigil.event.agent.<agent>.resumed`: it waits no longer. */
export const AgentResumed = z.object({
  at: z.string().describe('ISO time.'),
  agent: z.string(),
  requestId: z
    .string()
    .optional()
    .describe('The request whose analysis saw it; absent when it showed between two.'),
  waitedMs: z.number().int().nonnegative().describe('Since it was said to wait.'),
});
export type AgentResumed = z.infer<typeof AgentResumed>;

/** `vigil.event.host.<host>.joined`. */
export const HostJoined = z.object({
  at: z.string().describe('ISO time.'),
  host: z.string(),
  pid: z.number().int(),
  label: z.string().optional().describe('Its machine label.'),
});
export type HostJoined = z.infer<typeof HostJoined>;

/** `vigil.event.host.<host>.lost`: its agents are moved to the hosts that are left. */
export const HostLost = z.object({
  at: z.string().describe('ISO time.'),
  host: z.string(),
  why: z.string().describe('What it was noticed by.'),
  agents: z.number().int().nonnegative().describe('Agents that it ran.'),
});
export type HostLost = z.infer<typeof HostLost>;

/** `vigil.event.judge.budget`: until the day (UTC) is over, the rules judge alone. */
export const BudgetExhausted = z.object({
  at: z.string().describe('ISO time.'),
  spent: z.number().int().nonnegative().describe('Tokens spent on this day.'),
  budget: z.number().int().nonnegative().describe('Tokens allowed on a day.'),
});
export type BudgetExhausted = z.infer<typeof BudgetExhausted>;
