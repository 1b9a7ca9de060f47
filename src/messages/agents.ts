import { z } from 'zod';
import { Id } from './ids.js';
import { SteerMode } from './interventions.js';

const Path = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.includes('\0'), 'must not contain NUL');

/** What Vigil has to know of an agent to watch it. */
export const AgentSpec = z.strictObject({
  id: Id,
  goal: z
    .string()
    .min(1)
    .max(20_000)
    .optional()
    .describe("What the agent is to achieve; taken from the log's first request when absent."),
  constraints: z
    .array(z.string().min(1).max(2_000))
    .max(100)
    .optional()
    .describe('Standing instructions beside those in the conversation.'),
  logs: z
    .array(Path)
    .max(16)
    .default([])
    .describe('Log files, absolute or relative to the workspace. At most 16.'),
  stream: z
    .boolean()
    .optional()
    .describe('Its lines come over `vigil.agent.<id>.output`: there are no files to read.'),
  workspace: Path.optional().describe(
    'Root that the log paths must stay in; a symlink that leaves it is refused.',
  ),
  label: Id.optional().describe('Machine label: the agent is placed only on a host with it.'),
  steer: SteerMode.optional().describe('What is done when it needs steering; `steering.mode` when absent.'),
  tokenBudget: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Most tokens the agent may use before `budget` is raised.'),
});
export type AgentSpec = z.infer<typeof AgentSpec>;

/** `active`: watched. `inactive`: kept on record, not analysed. */
export const AgentState = z.enum(['active', 'inactive']);
export type AgentState = z.infer<typeof AgentState>;

/** An agent as the record has it. */
export const AgentRecord = z.object({
  ...AgentSpec.shape,
  state: AgentState,
  registeredAt: z.string().describe('ISO time.'),
  host: z.string().nullable().describe('Host that runs its actor; null while unplaced.'),
  lastAnalysis: z
    .object({
      at: z.string(),
      phase: z.string(),
      alignmentScore: z.number(),
      needsSteering: z.boolean(),
      steeringType: z.string().optional(),
    })
    .nullable(),
});
export type AgentRecord = z.infer<typeof AgentRecord>;
