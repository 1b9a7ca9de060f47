import { z } from 'zod';
import { AgentEvent } from './agent-event.js';
import { AgentRecord, AgentSpec } from './agents.js';
import { CostReply, CostRequest, CostToday } from './cost.js';
import { Failure } from './errors.js';
import { GitHubQuota, PoolFigures } from './figures.js';
import { REPO_REQUESTS } from './github.js';
import { HealthSummary, RestartEvent } from './health.js';
import { HISTORY_REQUESTS } from './history.js';
import { Id } from './ids.js';
import { STEERING_REQUESTS } from './interventions.js';
import { RESULTS } from './results.js';
import { TASK_REQUESTS } from './tasks.js';
import { TRIGGERS } from './triggers.js';

export const TreeNode: z.ZodType<TreeNode> = z.lazy(() =>
  z.object({
    kind: z.string(),
    id: z.string(),
    host: z.string().optional(),
    state: z.string(),
    restarts: z.number().int().nonnegative(),
    mailbox: z.number().int().nonnegative().optional(),
    lastError: z.string().optional(),
    children: z.array(TreeNode).optional(),
    omitted: z.number().int().positive().optional(),
  }),
);
/** One node of the supervision tree. */
export interface TreeNode {
  kind: string;
  id: string;
  host?: string | undefined;
  state: string;
  restarts: number;
  mailbox?: number | undefined;
  lastError?: string | undefined;
  children?: TreeNode[] | undefined;
  /** Children left out. */
  omitted?: number | undefined;
}

const Status = z.object({
  version: z.string(),
  at: z.string().describe("ISO time by the supervisor's clock."),
  startedAt: z.string(),
  pid: z.number().int(),
  agents: z.object({ active: z.number().int(), inactive: z.number().int(), unplaced: z.number().int() }),
  hosts: z.array(
    z.object({
      id: z.string(),
      agents: z.number().int(),
      pid: z.number().int(),
      label: z.string().optional(),
      pools: z.array(PoolFigures).describe('As the host told with its latest lease.'),
    }),
  ),
  pools: z.array(PoolFigures).describe("The supervisor's own."),
  github: z.object({
    quota: GitHubQuota.optional().describe('Absent until GitHub has answered once.'),
    refusal: z.string().optional().describe('Why GitHub refuses the token.'),
  }),
  requests: z.object({ running: z.number().int(), waitingResults: z.number().int() }),
  cycles: z.object({ run: z.number().int(), skipped: z.number().int() }),
  broker: z.object({
    connected: z.boolean(),
    disconnects: z.number().int().describe('Times the connection was lost since the start.'),
    complaints: z
      .number()
      .int()
      .describe('What the broker refused or complained of: slow consumer, permissions.'),
    last: z.string().optional().describe('The latest complaint.'),
  }),
  judge: z.object({
    kind: z.enum(['rules', 'llm']),
    tokensToday: z.number().int().nonnegative().describe('Spent on a model since midnight UTC.'),
    tokensPerDay: z.number().int().nonnegative().describe('The budget of a day.'),
  }),
  deadLetters: z.number().int(),
  cost: CostToday.describe('What the agents have used since midnight UTC.'),
  health: HealthSummary,
  tree: TreeNode,
});
export type Status = z.infer<typeof Status>;

/** Some agents, or the whole fleet. */
const Whose = {
  ids: z.array(Id).min(1).max(5_000).optional(),
  fleet: z.boolean().optional().describe('All agents, also those that register later.'),
};
const saysWhose = ({ ids, fleet }: { ids?: unknown; fleet?: boolean | undefined }) =>
  (ids === undefined) === (fleet === true);
const EITHER = 'expected ids, or fleet: true';

/** Which of an agent's events are wanted. */
export const TailRequest = z.strictObject({
  last: z.number().int().min(1).max(1_000).default(50).describe('At most this many, the latest.'),
  after: z
    .number()
    .int()
    .min(-1)
    .optional()
    .describe('Only events behind this index: `next - 1` of the reply before, to follow an agent.'),
  before: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      'Only events before this index: that of the oldest one known, to go back. May be fewer than `last`; none at the start.',
    ),
});
export type TailRequest = z.infer<typeof TailRequest>;

/** The end of an agent's event stream. */
export const Tail = z.object({
  events: z
    .array(AgentEvent)
    .describe('In order; a gap before the first one means that older ones were left out.'),
  next: z.number().int().nonnegative().describe('Index that the next event will have.'),
  notes: z.array(z.string()).describe('What was odd about the log, one sentence each.'),
});
export type Tail = z.infer<typeof Tail>;

/** `vigil.rpc.<endpoint>`: request and reply of each endpoint. An error reply carries `{error: {code, message}}`. */
export const REQUESTS = {
  analyze: { request: TRIGGERS.analyze, reply: RESULTS.analyze },
  emergency: { request: TRIGGERS.emergency, reply: RESULTS.emergency },
  cycle: { request: TRIGGERS.cycle, reply: RESULTS.cycle },
  coherence: { request: TRIGGERS.coherence, reply: RESULTS.coherence },
  sync: { request: TRIGGERS.sync, reply: RESULTS.sync },
  'agents.register': {
    request: z.strictObject({ agents: z.array(AgentSpec).min(1).max(5_000) }),
    reply: z.object({ registered: z.array(z.string()), updated: z.array(z.string()) }),
  },
  'agents.list': {
    request: z.strictObject({
      state: z.enum(['active', 'inactive']).optional(),
      after: Id.optional().describe('Only agents whose id sorts after this one.'),
      limit: z.number().int().min(1).max(1_000).default(200),
    }),
    reply: z.object({ agents: z.array(AgentRecord), next: z.string().nullable() }),
  },
  'agents.get': { request: z.strictObject({ id: Id }), reply: AgentRecord },
  'agents.remove': {
    request: z.strictObject({ ids: z.array(Id).min(1).max(5_000) }),
    reply: z.object({ removed: z.array(z.string()) }),
  },
  ...STEERING_REQUESTS,
  'agents.restart': {
    request: z.strictObject({
      ids: z.array(Id).min(1).max(5_000),
      reason: z.string().min(1).max(500).optional(),
      deadlineMs: z
        .number()
        .int()
        .min(100)
        .max(3_600_000)
        .default(60_000)
        .describe('What has not begun by then is not begun any more.'),
    }),
    reply: z.object({
      restarts: z.array(RestartEvent).describe('Those that were begun, with their outcome.'),
      failures: z.array(Failure).describe('Every agent that is not up again.'),
    }),
  },
  'agents.pause': {
    request: z
      .strictObject({ ...Whose, reason: z.string().min(1).max(500).optional() })
      .refine(saysWhose, EITHER),
    reply: z.object({ paused: z.array(z.string()), fleet: z.boolean(), unknown: z.array(z.string()) }),
  },
  'agents.resume': {
    request: z.strictObject(Whose).refine(saysWhose, EITHER),
    reply: z.object({
      resumed: z.array(z.string()),
      fleet: z.boolean().describe('The fleet was paused.'),
      released: z.boolean().describe('Restarts were held, and are not any more.'),
    }),
  },
  'agents.ack': {
    request: z.strictObject(Whose).refine(saysWhose, EITHER),
    reply: z.object({
      acknowledged: z.array(z.string()).describe('Those that had ended unseen.'),
      unknown: z.array(z.string()),
    }),
  },
  'agents.note': {
    request: z.strictObject({
      id: Id,
      standing: z.enum(['waiting_input', 'waiting_permission']),
      summary: z.string().min(1).max(500).describe('What a person has to do, in one line.'),
    }),
    reply: z.object({}),
  },
  cost: { request: CostRequest, reply: CostReply },
  ...HISTORY_REQUESTS,
  ...REPO_REQUESTS,
  ...TASK_REQUESTS,
  'logs.tail': { request: z.strictObject({ agent: Id, ...TailRequest.shape }), reply: Tail },
  status: { request: z.strictObject({}), reply: Status },
} as const;

export type Endpoint = keyof typeof REQUESTS;
export type RequestOf<E extends Endpoint> = z.infer<(typeof REQUESTS)[E]['request']>;
export type ReplyOf<E extends Endpoint> = z.infer<(typeof REQUESTS)[E]['reply']>;

/** Body of an error reply; its headers are `Nats-Service-Error` and `Nats-Service-Error-Code`. */
export const ErrorReply = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
