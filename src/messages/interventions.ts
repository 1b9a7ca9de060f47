import { z } from 'zod';
import { SteeringType } from './analysis.js';
import { Id } from './ids.js';

/** What Vigil does about an agent that needs steering. */
export const SteerMode = z.enum([
  'notify', // tells people
  'ask', // tells the agent once a person has approved
  'auto', // tells the agent
]);
export type SteerMode = z.infer<typeof SteerMode>;

/** How far an intervention got. */
export const InterventionState = z.enum([
  'notified', // published for people; nothing is sent
  'pending', // waits for a person's decision
  'queued', // to be sent
  'waiting', // nobody took it; waits for the agent's runner or hook
  'delivered', // the agent's runner or hook has it
  'undelivered', // given up
  'rejected', // a person said no
  'expired', // nobody decided in time, or the agent ended first
]);
export type InterventionState = z.infer<typeof InterventionState>;

export const Effect = z.object({
  at: z.string().describe('ISO time of the analysis that saw it.'),
  outcome: z
    .enum(['helped', 'unchanged', 'worse'])
    .describe('`helped`: the trouble is gone; `worse`: it stays, and the score fell.'),
  before: z.number().describe('Alignment score of the verdict that asked for it.'),
  after: z.number().describe('Alignment score of the first verdict on what the agent did since.'),
});
export type Effect = z.infer<typeof Effect>;

/** A steering that Vigil recommends, or that was sent to an agent; published anew with each step it takes. */
export const Intervention = z.object({
  id: z.string(),
  requestId: z.string().describe('The request whose analysis asked for it; its own id when a person did.'),
  agent: z.string(),
  type: z.enum([...SteeringType.options, 'manual']).describe('`manual`: a person wrote it.'),
  message: z.string(),
  emergency: z.boolean(),
  delivery: z.enum([...SteerMode.options, 'manual']).describe('How it is to reach the agent.'),
  dryRun: z.boolean().optional().describe('It would have been sent; it was not.'),
  state: InterventionState,
  at: z.string().describe('ISO time.'),
  updatedAt: z.string().describe('ISO time of the latest step.'),
  via: z.enum(['stdin', 'file', 'hook']).optional().describe('How it was delivered.'),
  reason: z.string().optional().describe('Why it was not.'),
  effect: Effect.optional(),
});
export type Intervention = z.infer<typeof Intervention>;

const Message = z.string().min(1).max(20_000);

/** Requests about interventions. */
export const STEERING_REQUESTS = {
  'agents.steer': {
    request: z.strictObject({
      agent: Id,
      message: Message.describe('What the agent is told; reaches it as one line.'),
      dryRun: z.boolean().default(false).describe('Only record what would be sent.'),
    }),
    reply: Intervention,
  },
  'interventions.list': {
    request: z.strictObject({
      agent: Id.optional(),
      state: InterventionState.optional(),
      before: z
        .string()
        .max(64)
        .optional()
        .describe('Only those older than this one: `next` of the reply before.'),
      limit: z.number().int().min(1).max(1_000).default(50),
    }),
    reply: z.object({ interventions: z.array(Intervention), next: z.string().nullable() }),
  },
  'interventions.decide': {
    request: z.strictObject({
      id: Id,
      approve: z.boolean(),
      message: Message.optional().describe('To be sent in the place of what was proposed.'),
    }),
    reply: Intervention,
  },
  'interventions.take': {
    request: z.strictObject({ agent: Id }),
    reply: z.object({
      interventions: z.array(Intervention).describe('Oldest first; taken, they are delivered.'),
    }),
  },
} as const;
