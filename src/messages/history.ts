import { z } from 'zod';
import { LogFormat, Tokens } from './agent-event.js';
import { CoherenceReport, LastAction, SteeringType, TrajectoryAnalysis } from './analysis.js';
import { Id } from './ids.js';

const Score = z.number().min(0).max(1);

/** What was judged of an agent lately, in short. */
export const Trend = z.object({
  agent: z.string(),
  summary: z.string().describe('Of the latest verdict; empty before the first.'),
  goal: z.string().describe('First 160 characters.'),
  scores: z.array(Score).describe('Alignment scores of the latest verdicts, oldest first.'),
  lastAction: LastAction.optional(),
  format: LogFormat.optional(),
  usage: Tokens.optional().describe('Tokens that the agent has used.'),
  restarts: z.number().int().nonnegative().describe('Restarts on record, by Vigil or by a person.'),
});
export type Trend = z.infer<typeof Trend>;

/** A verdict as it was given. */
export const PastVerdict = z.object({
  seq: z.number().int().positive().describe('Grows with each verdict of any agent.'),
  at: z.string().describe('ISO time.'),
  verdict: TrajectoryAnalysis.describe('Its `eventCount` says how much of the log was known.'),
});
export type PastVerdict = z.infer<typeof PastVerdict>;

/** Requests about what was judged over time. */
export const HISTORY_REQUESTS = {
  'history.fleet': {
    request: z.strictObject({
      points: z.number().int().min(1).max(100).default(24).describe('Scores of each agent.'),
      after: Id.optional().describe('Only agents whose id sorts after this one.'),
      limit: z.number().int().min(1).max(1_000).default(200),
    }),
    reply: z.object({ agents: z.array(Trend), next: z.string().nullable() }),
  },
  'history.agent': {
    request: z.strictObject({ agent: Id, points: z.number().int().min(1).max(1_000).default(500) }),
    reply: z.object({
      latest: z
        .object({ at: z.string().describe('ISO time.'), verdict: TrajectoryAnalysis })
        .nullable()
        .describe('The latest verdict in full.'),
      points: z
        .array(
          z.object({ at: z.string().describe('ISO time.'), score: Score, type: SteeringType.nullable() }),
        )
        .describe('Verdicts, oldest first.'),
    }),
  },
  'history.verdicts': {
    request: z.strictObject({
      agent: Id,
      after: z.number().int().min(0).default(0).describe('Only verdicts behind this `seq`.'),
      limit: z.number().int().min(1).max(200).default(100),
    }),
    reply: z.object({
      verdicts: z.array(PastVerdict).describe('Those at which the log had changed, oldest first.'),
      next: z.number().int().nullable().describe('`after` of the next page.'),
    }),
  },
  'history.coherence': {
    request: z.strictObject({ points: z.number().int().min(1).max(1_000).default(500) }),
    reply: z.object({
      latest: z.object({ at: z.string().describe('ISO time.'), report: CoherenceReport }).nullable(),
      points: z
        .array(z.object({ at: z.string().describe('ISO time.'), score: Score }))
        .describe('Oldest first.'),
    }),
  },
} as const;
