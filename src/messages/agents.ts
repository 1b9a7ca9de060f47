import { z } from 'zod';
import { AgentSpend } from './cost.js';
import { AgentFailure, AgentHealth, AgentStatus } from './health.js';
import { Id } from './ids.js';
import { SteerMode } from './interventions.js';

const Path = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.includes('\0'), 'must not contain NUL');

/** Run without a shell, on a host with the agent's label, or by the supervisor. It may go on for as long as the agent does. */
export const RestartCommand = z.strictObject({
  command: z.array(z.string().min(1).max(4_096)).min(1).max(256).describe('Program and arguments.'),
  cwd: Path.optional().describe("Working directory; the workspace, or the supervisor's own, when absent."),
});
export type RestartCommand = z.infer<typeof RestartCommand>;

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
  cwd: Path.optional().describe(
    'Folder that it works in, for people: its repository and branch are shown. Where its log says so, that counts.',
  ),
  managed: z.boolean().optional().describe('Run by `vigil run`, which restarts it when it is told to.'),
  restart: RestartCommand.optional().describe(
    'Starts the agent anew when nobody answers for it. Only from the settings, not over the wire.',
  ),
});
export type AgentSpec = z.infer<typeof AgentSpec>;

/** `active`: watched. `inactive`: kept on record, not analysed. */
export const AgentState = z.enum(['active', 'inactive']);
export type AgentState = z.infer<typeof AgentState>;

/** Where an agent works. */
export const Place = z.object({
  repository: z.string().nullable().describe('`owner/name`, or the name of the folder; null outside of one.'),
  branch: z.string().nullable().describe('Null outside of a repository, and where no branch is checked out.'),
  folder: z.string(),
});
export type Place = z.infer<typeof Place>;

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
  status: AgentStatus,
  health: AgentHealth,
  failure: AgentFailure.optional().describe(
    'Of an agent whose program failed; by `agents.get` only, lists leave it out.',
  ),
  place: Place.nullable().describe('Where it works; null when nothing says so.'),
  spend: AgentSpend,
});
export type AgentRecord = z.infer<typeof AgentRecord>;
