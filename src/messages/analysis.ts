import { z } from 'zod';
import { LogFormat, Tokens } from './agent-event.js';

export const Phase = z.enum(['starting', 'exploring', 'planning', 'implementing', 'verifying', 'finished']);
export type Phase = z.infer<typeof Phase>;

export const SteeringType = z.enum([
  'loop', // repetition without progress
  'stall', // nothing new against the agent's own rhythm
  'errors', // growing or repeated failure
  'drift', // work away from the goal
  'constraint', // a standing instruction broken
  'budget', // more spent than allowed
  'waiting', // a person has to answer
]);
export type SteeringType = z.infer<typeof SteeringType>;

/** Why a rule spoke: the events it rests on. */
export const Evidence = z.object({
  rule: z.string().describe('Name of the rule.'),
  type: SteeringType,
  events: z
    .array(z.number().int().nonnegative())
    .describe("Indexes into the agent's event stream, ascending, at most 32."),
  count: z.number().int().positive().describe('How often it repeated, or how many events support it.'),
  detail: z.string().describe('One line for a person.'),
  severity: z.number().min(0).max(1).describe('0..1: how far past its threshold; 1 is beyond doubt.'),
});
export type Evidence = z.infer<typeof Evidence>;

/** The tool call that an agent made last. */
export const LastAction = z.object({
  tool: z.string().describe("The tool's name as the log has it."),
  text: z.string().describe('What it was asked to do, in one line.'),
  at: z.string().optional().describe('ISO time, where the log states one.'),
  outcome: z.enum(['open', 'ok', 'failed', 'refused']).describe('`open`: it has no result yet.'),
});
export type LastAction = z.infer<typeof LastAction>;

/** Guardian's verdict on one agent. */
export const TrajectoryAnalysis = z.object({
  agent: z.string(),
  phase: Phase,
  aligned: z.boolean(),
  alignmentScore: z.number().min(0).max(1).describe('0 (works against the goal or not at all) .. 1 (on it).'),
  needsSteering: z.boolean(),
  steeringType: SteeringType.optional(),
  waitsFor: z.enum(['input', 'permission']).optional().describe('With `waiting`: what a person has to give.'),
  recommendation: z
    .string()
    .optional()
    .describe('What to tell the agent, in one or two sentences. Present when it needs steering.'),
  summary: z.string().describe('What the agent does now, in one line.'),
  goal: z.string(),
  constraints: z.array(z.string()).describe('Standing constraints of the whole conversation.'),
  evidence: z.array(Evidence),
  judge: z.enum(['rules', 'llm']),
  eventCount: z.number().int().nonnegative(),
  sessionSeconds: z
    .number()
    .nonnegative()
    .describe('From the first to the last dated event, seconds; 0 when the log states no times.'),
  lastEventAt: z
    .string()
    .optional()
    .describe('ISO time of the newest event, by the log itself or by when it was seen to grow.'),
  lastAction: LastAction.optional(),
  format: LogFormat.optional().describe('Of the log; of the first one where there are several.'),
  usage: Tokens.optional(),
  judgeUsage: Tokens.optional().describe('What the model judge spent on this analysis.'),
  notes: z
    .array(z.string())
    .optional()
    .describe('What was odd about the log (cut, garbage, unknown records), for a person.'),
});
export type TrajectoryAnalysis = z.infer<typeof TrajectoryAnalysis>;

/**
 * What the conductor needs to know of an agent to compare it with the others; small and bounded, because it travels
 * for every agent of the fleet.
 */
export const Profile = z.object({
  agent: z.string(),
  phase: Phase,
  alignmentScore: z.number().min(0).max(1),
  aligned: z.boolean(),
  needsSteering: z.boolean(),
  steeringType: SteeringType.optional(),
  goal: z.string().describe('First 200 characters of the goal.'),
  signature: z
    .array(z.number().int().nonnegative())
    .describe(
      'MinHash signature of goal words, files and commands: 64 unsigned 32-bit numbers; empty when nothing is known.',
    ),
  edited: z.array(z.string()).describe('Files edited lately, newest last, at most 50.'),
  finished: z.boolean(),
});
export type Profile = z.infer<typeof Profile>;

/** Conductor's verdict on the fleet. */
export const CoherenceReport = z.object({
  coherenceScore: z.number().min(0).max(1).describe('0..1; the formula is with `coherence()`.'),
  status: z.enum(['coherent', 'strained', 'incoherent', 'empty']),
  agents: z.number().int().nonnegative(),
  duplicates: z.array(
    z.object({ agents: z.array(z.string()), similarity: z.number().min(0).max(1), evidence: z.string() }),
  ),
  conflicts: z.array(z.object({ agents: z.array(z.string()), files: z.array(z.string()) })),
  alignment: z.object({
    mean: z.number().min(0).max(1),
    min: z.number().min(0).max(1),
    notAligned: z.number().int().nonnegative(),
    needSteering: z.number().int().nonnegative(),
  }),
  phases: z.record(z.string(), z.number().int().nonnegative()).describe('Agents per phase.'),
  recommendations: z.array(z.string()),
});
export type CoherenceReport = z.infer<typeof CoherenceReport>;
