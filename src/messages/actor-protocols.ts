import { z } from 'zod';
import { AgentSpec, Place, RestartCommand } from './agents.js';
import { Profile, TrajectoryAnalysis } from './analysis.js';
import { UsageMark, UsageRow } from './cost.js';
import { Failure } from './errors.js';
import { PoolFigures } from './figures.js';
import { Id } from './ids.js';
import { Tail, TailRequest, TreeNode } from './requests.js';
import { LogSign } from './signs.js';

/** What an agent's actor understands. */
export const AGENT_PROTOCOL = {
  /** Reads what is new and judges. `unchanged`: the log has not grown, the verdict is that of the last analysis. */
  analyze: {
    request: z.object({
      requestId: z.string(),
      force: z.boolean().default(false),
      /** What the record has of its usage; all is told when that is absent, or of another ledger. */
      usageAfter: UsageMark.optional(),
    }),
    reply: z.object({
      analysis: TrajectoryAnalysis,
      unchanged: z.boolean(),
      host: z.string(),
      /** What it has used, by day and model: the rows that have changed since `usageAfter`. */
      usage: z.array(UsageRow).max(1_000).default([]),
      /** What the record has once it has these rows. */
      usageMark: UsageMark.optional(),
      place: Place.nullable().default(null),
    }),
  },
  /** Reads what is new and tells what the end of the log says: soon, and no verdict. */
  glance: { request: z.object({}), reply: LogSign },
  /** Reads what is new and tells what the conductor compares. */
  profile: { request: z.object({}), reply: Profile },
  /** The end of its event stream, for a person to read. */
  tail: { request: TailRequest, reply: Tail },
} as const;

const Run = { requestId: Id, deadlineMs: z.number().positive() };

/** A guardian analyses the agents of one request; it writes each verdict as it comes and answers when all are in. */
export const GUARDIAN_PROTOCOL = {
  run: {
    request: z.object({
      ...Run,
      /** All active ones when absent. */
      agents: z.array(z.string()).optional(),
      force: z.boolean(),
      maxConcurrent: z.number().int().positive(),
    }),
    reply: z.object({ requested: z.number().int().nonnegative(), failures: z.array(Failure) }),
  },
} as const;

/** A conductor judges the fleet for one request; it writes its report and answers. */
export const CONDUCTOR_PROTOCOL = {
  run: {
    request: z.object({ ...Run, maxConcurrent: z.number().int().positive() }),
    reply: z.object({ failures: z.array(Failure) }),
  },
} as const;

/** What a host's own actor understands. */
export const HOST_PROTOCOL = {
  /** The supervision tree of the agents' actors; at most `limit` of them, those in trouble first. */
  tree: { request: z.object({ limit: z.number().int().min(0).max(1_000) }), reply: TreeNode },
  /** Runs an agent's restart command on this machine; answers when it has ended or goes on. */
  command: {
    request: z.object({ agent: Id, restart: RestartCommand }),
    reply: z.object({ pid: z.number().int(), exitCode: z.number().int().nullable(), output: z.string() }),
  },
} as const;

/** Value of an agent's key in the placement bucket; the key's revision is the fencing token. */
export const Placement = z.object({
  /** Host that runs the agent's actor. */
  host: Id,
  spec: AgentSpec,
});
export type Placement = z.infer<typeof Placement>;

/** Value of a host's key in the host bucket: its lease. */
export const HostLease = z.object({
  id: Id,
  pid: z.number().int(),
  label: Id.optional(),
  /** Grows with each renewal, so that a renewal is told from a repeat. */
  beat: z.number().int().nonnegative(),
  agents: z.number().int().nonnegative(),
  /** As they were at this renewal. */
  pools: z.array(PoolFigures).max(16).default([]),
});
export type HostLease = z.infer<typeof HostLease>;
