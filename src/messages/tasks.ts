import { z } from 'zod';
import { Id } from './ids.js';

export const TaskState = z.enum([
  'pending', // waits for other tasks, or for its next try
  'ready', // can be claimed
  'claimed', // an agent has it
  'running', // the agent has begun
  'done',
  'failed', // given up after its retries
  'cancelled',
]);
export type TaskState = z.infer<typeof TaskState>;

export const TaskPriority = z.enum(['critical', 'high', 'medium', 'low']);
export type TaskPriority = z.infer<typeof TaskPriority>;

/** Longest payload and result, as JSON. */
const MAX_BODY_CHARS = 65_536;
const DAY_MS = 86_400_000;

/** Any JSON: what comes is parsed already. */
const Body = z
  .unknown()
  .refine(
    (value) => value === undefined || JSON.stringify(value).length <= MAX_BODY_CHARS,
    `expected at most ${MAX_BODY_CHARS} characters of JSON`,
  );

const Capability = z
  .string()
  .regex(/^[A-Za-z0-9_.:/-]{1,64}$/, 'expected 1 to 64 of A-Z a-z 0-9 _ . : / -, for example "python"');
export const Capabilities = z.array(Capability).max(32);

const Phase = z.string().min(1).max(64);
const Key = z.string().min(1).max(128);
const isIsoTime = z.iso.datetime({ offset: true });
const IsoTime = z
  .string()
  .max(64)
  .refine((text) => isIsoTime.safeParse(text).success, 'expected an ISO time such as 2027-01-31T12:00:00Z');

/** What somebody wants done. */
export const TaskSpec = z.strictObject({
  id: Id.optional().describe('Made up when absent.'),
  title: z.string().min(1).max(200),
  description: z.string().max(20_000).optional(),
  phase: Phase.optional().describe('Part of the work, such as `review`; agents can claim by it.'),
  capabilities: Capabilities.default([]).describe(
    'What an agent needs to have, all of it, to claim the task.',
  ),
  priority: TaskPriority.default('medium'),
  deadline: IsoTime.optional().describe('ISO time; the nearer, the higher the score.'),
  dependsOn: z.array(Id).max(1_000).default([]).describe('Tasks that have to be done before. At most 1,000.'),
  maxRetries: z.number().int().min(0).max(100).optional().describe('Default: `tasks.maxRetries`.'),
  backoffMs: z
    .number()
    .int()
    .min(0)
    .max(DAY_MS)
    .optional()
    .describe('Wait before the first retry, doubles with each further one. Default: `tasks.backoffMs`.'),
  payload: Body.optional().describe('For the agent that does it. At most 64 kB of JSON.'),
  idempotencyKey: Key.optional().describe('A task that was added under the same key is not added again.'),
  source: z.string().min(1).max(200).optional().describe('Where it comes from, such as an issue.'),
});
export type TaskSpec = z.infer<typeof TaskSpec>;

/** A task as the record has it. */
export const Task = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string().optional(),
  phase: z.string().optional(),
  capabilities: z.array(z.string()),
  priority: TaskPriority,
  deadline: z.string().optional(),
  payload: z.unknown().optional(),
  source: z.string().optional(),
  state: TaskState,
  score: z.number().describe('The higher, the sooner it is handed out.'),
  openDependencies: z.number().int().describe('Tasks that it still waits for.'),
  agent: z.string().optional().describe('Who has it, or had it last.'),
  attempts: z.number().int().describe('Times it was claimed.'),
  failures: z.number().int().describe('Attempts that failed or whose lease ended.'),
  maxRetries: z.number().int(),
  createdAt: z.string().describe('ISO time.'),
  updatedAt: z.string(),
  finishedAt: z.string().optional(),
  result: z.unknown().optional(),
  error: z.string().optional().describe('Why the last attempt failed.'),
});
export type Task = z.infer<typeof Task>;

/** A task that was handed to an agent. */
export const ClaimedTask = z.object({
  ...Task.shape,
  token: z
    .number()
    .int()
    .describe('Shows that the lease is yours. Grows with every claim of the task and cannot be guessed.'),
  leaseMs: z.number().int().describe('How long it is yours from now, unless a heartbeat extends it.'),
});
export type ClaimedTask = z.infer<typeof ClaimedTask>;

/** One task that the request could not do. */
export const TaskFailure = z.object({ task: z.string(), code: z.string(), message: z.string() });
export type TaskFailure = z.infer<typeof TaskFailure>;

const LeaseMs = z
  .number()
  .int()
  .min(100)
  .max(DAY_MS)
  .optional()
  .describe('Length of the lease. Default: `tasks.leaseMs`.');

const Ids = z.array(Id).min(1).max(5_000);

/** A task and the token that its claim gave. */
const Held = z.strictObject({ id: Id, token: z.number().int().nonnegative() });
const Complete = Held.extend({ result: Body.optional().describe('At most 64 kB of JSON.') });
const Fail = Held.extend({
  reason: z.string().min(1).max(2_000),
  retry: z.boolean().default(true).describe('False: it would fail again, give it up now.'),
  backoffMs: z.number().int().min(0).max(DAY_MS).optional().describe('Wait before the next try.'),
});

export const ClaimRequest = z.strictObject({
  agent: Id.describe('Who claims.'),
  phase: Phase.optional().describe('Only tasks of this phase.'),
  capabilities: Capabilities.default([]).describe(
    'What the agent has; tasks that need more are passed over.',
  ),
  limit: z.number().int().min(1).max(1_000).default(1),
  leaseMs: LeaseMs,
  idempotencyKey: Key.optional().describe(
    'A claim under the same key (or `Nats-Msg-Id`) hands out again what the first one did and the agent still holds.',
  ),
});
export type ClaimRequest = z.infer<typeof ClaimRequest>;

export const TaskTerm = z.object({
  name: z.enum(['priority', 'age', 'deadline', 'unblocks', 'retries']),
  weight: z.number(),
  value: z.number().describe('0..1'),
  contribution: z.number(),
  why: z.string(),
});

const Changed = z.object({ changed: z.array(z.string()), failures: z.array(TaskFailure) });

/** Requests about tasks. */
export const TASK_REQUESTS = {
  'tasks.add': {
    request: z.strictObject({ tasks: z.array(TaskSpec).min(1).max(5_000) }),
    reply: z.object({
      added: z.array(z.string()).describe('All or none: one that is refused refuses the request.'),
      existing: z.array(z.string()).describe('Those whose idempotency key was known.'),
    }),
  },
  'tasks.get': { request: z.strictObject({ id: Id }), reply: Task },
  'tasks.list': {
    request: z.strictObject({
      state: TaskState.optional(),
      phase: Phase.optional(),
      agent: Id.optional(),
      after: z
        .string()
        .regex(/^\d{1,15}$/)
        .optional()
        .describe('`next` of the reply before.'),
      limit: z.number().int().min(1).max(1_000).default(100),
    }),
    reply: z.object({ tasks: z.array(Task), next: z.string().nullable() }),
  },
  'tasks.ready': {
    request: z.strictObject({
      phase: Phase.optional(),
      capabilities: Capabilities.optional().describe('Absent: whatever a task needs.'),
      limit: z.number().int().min(1).max(1_000).default(10),
    }),
    reply: z.object({ tasks: z.array(Task) }),
  },
  'tasks.check': {
    request: z.strictObject({ ids: Ids }),
    reply: z.object({
      tasks: z.array(z.object({ id: z.string(), state: TaskState, openDependencies: z.number().int() })),
      unknown: z.array(z.string()),
    }),
  },
  'tasks.assigned': {
    request: z.strictObject({ agents: Ids, limit: z.number().int().min(1).max(5_000).default(1_000) }),
    reply: z.object({
      agents: z.array(
        z.object({
          agent: z.string(),
          tasks: z.array(z.object({ id: z.string(), title: z.string(), state: TaskState })),
        }),
      ),
      truncated: z.boolean().describe('There are more tasks than `limit`.'),
    }),
  },
  'tasks.claim': { request: ClaimRequest, reply: z.object({ tasks: z.array(ClaimedTask) }) },
  'tasks.start': {
    request: Held.extend({ leaseMs: LeaseMs }),
    reply: z.object({ id: z.string(), leaseMs: z.number().int() }),
  },
  'tasks.heartbeat': {
    request: z.strictObject({ tasks: z.array(Held).min(1).max(1_000), leaseMs: LeaseMs }),
    reply: z.object({ extended: z.array(z.string()), failures: z.array(TaskFailure) }),
  },
  'tasks.complete': {
    request: Complete,
    reply: z.object({ id: z.string(), ready: z.array(z.string()).describe('Tasks that are ready now.') }),
  },
  'tasks.fail': {
    request: Fail,
    reply: z.object({
      id: z.string(),
      state: TaskState,
      retryInMs: z.number().int().optional().describe('When it can be claimed again.'),
    }),
  },
  'tasks.release': { request: Held, reply: z.object({ id: z.string() }) },
  'tasks.batch': {
    request: z.strictObject({
      complete: z.array(Complete).max(1_000).default([]),
      fail: z.array(Fail).max(1_000).default([]),
      release: z.array(Held).max(1_000).default([]),
      claim: ClaimRequest.optional(),
    }),
    reply: z.object({
      completed: z.array(z.string()),
      failed: z.array(z.string()),
      released: z.array(z.string()),
      ready: z.array(z.string()).describe('Tasks that are ready now, of which `claimed` may have some.'),
      claimed: z.array(ClaimedTask),
      failures: z.array(TaskFailure),
    }),
  },
  'tasks.cancel': {
    request: z.strictObject({
      ids: Ids,
      dependants: z.boolean().default(false).describe('Also whatever waits for them, directly or not.'),
      reason: z.string().min(1).max(2_000).optional(),
    }),
    reply: Changed,
  },
  'tasks.retry': { request: z.strictObject({ ids: Ids }), reply: Changed },
  'tasks.reprioritise': {
    request: z
      .strictObject({
        ids: Ids,
        priority: TaskPriority.optional(),
        deadline: IsoTime.nullable().optional().describe('null: none any longer.'),
      })
      .refine(
        ({ priority, deadline }) => priority !== undefined || deadline !== undefined,
        'name a priority or a deadline',
      ),
    reply: Changed,
  },
  'tasks.explain': {
    request: z.strictObject({ id: Id }),
    reply: z.object({
      task: Task,
      score: z.number().describe('As it is now; the stored one is up to a pass older.'),
      terms: z.array(TaskTerm),
      notes: z.array(z.string()).describe('Rules over the sum that applied.'),
      waitsFor: z.array(z.object({ id: z.string(), state: TaskState.or(z.literal('unknown')) })),
      unblocks: z.number().int().describe('Unfinished tasks that wait for it, directly or not.'),
    }),
  },
  'tasks.graph': {
    request: z.strictObject({
      phase: Phase.optional(),
      around: Id.optional().describe('Only this task, what it needs and what needs it, directly or not.'),
      finished: z.boolean().default(false).describe('Also tasks that are done or cancelled.'),
      limit: z.number().int().min(1).max(5_000).default(500),
    }),
    reply: z.object({
      tasks: z.array(
        z.object({ id: z.string(), title: z.string(), state: TaskState, priority: TaskPriority }),
      ),
      edges: z.array(z.tuple([z.string(), z.string()])).describe('A task, and one that waits for it.'),
      criticalPath: z.array(z.string()).describe('Longest chain of unfinished tasks, first to last.'),
      omitted: z.number().int().describe('Tasks left out for `limit`.'),
    }),
  },
} as const;

/** A task came into a state. */
export const TaskChanged = z.object({
  at: z.string(),
  task: z.string(),
  state: TaskState,
  agent: z.string().optional(),
  reason: z.string().optional(),
});
export type TaskChanged = z.infer<typeof TaskChanged>;

/** Many tasks came into a state at once. */
export const TasksChanged = z.object({ at: z.string(), state: TaskState, tasks: z.array(z.string()) });
export type TasksChanged = z.infer<typeof TasksChanged>;
