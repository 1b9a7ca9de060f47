import { z } from 'zod';
import { ERROR_CODES } from './errors.js';

/** What an agent does, as one value. */
export const AgentStatusName = z.enum([
  'running',
  'waiting_input', // a person has to answer
  'waiting_permission', // a person has to allow something
  'idle', // alive, does nothing
  'finished', // ended its work
  'stuck', // works and does not get on, or stands still
  'crashed', // ended by a failure, or gone without a word
  'unknown', // nothing recent tells
]);
export type AgentStatusName = z.infer<typeof AgentStatusName>;

/** What a status rests on. */
export const StatusSource = z.enum(['heartbeat', 'log', 'process', 'verdict', 'hook']);
export type StatusSource = z.infer<typeof StatusSource>;

export const AgentStatus = z.object({
  state: AgentStatusName,
  since: z.string().describe('ISO time since which it is that.'),
  source: StatusSource.nullable().describe('What tells; null when nothing does.'),
  at: z.string().nullable().describe('ISO time of the latest sign it rests on.'),
  ageMs: z.number().int().nonnegative().nullable().describe('Age of that sign when this was written.'),
  unseen: z
    .boolean()
    .describe('It ended while it was watched, and nobody has acknowledged that yet (`agents.ack`).'),
});
export type AgentStatus = z.infer<typeof AgentStatus>;

/** Why an agent's program ended, as far as its runner knows. */
export const AgentFailure = z.object({
  exitCode: z.number().int().describe('128 and the number of the signal that ended it.'),
  lines: z.array(z.string()).describe('The last lines of its standard error, secrets left out.'),
  next: z.string().describe('What to do, in one line.'),
});
export type AgentFailure = z.infer<typeof AgentFailure>;

/** Steps of the ladder: one, two, three heartbeats missed. `unwatched`: the agent has no heartbeat. */
export const HealthLevel = z.enum(['ok', 'warning', 'degraded', 'unresponsive', 'unwatched']);
export type HealthLevel = z.infer<typeof HealthLevel>;

/** How an agent's heartbeat is. */
export const AgentHealth = z.object({
  level: HealthLevel,
  missed: z.number().int().nonnegative().describe('Heartbeats that should have come since the last one.'),
  lastHeartbeat: z.string().nullable().describe('ISO time at which the latest came in.'),
  instance: z.string().nullable(),
  instances: z.number().int().nonnegative().describe('Instances seen: starts of its runner.'),
  lost: z.number().int().nonnegative().describe('Gaps in the sequence numbers.'),
  duplicates: z.number().int().nonnegative(),
  reordered: z.number().int().nonnegative(),
  escalated: z.boolean().describe('Vigil restarts it no more; a person is asked.'),
  paused: z.boolean().describe('Under maintenance: left alone.'),
});
export type AgentHealth = z.infer<typeof AgentHealth>;

/** `vigil.event.agent.<agent>.<status>`: the status is another one now. */
export const AgentStatusChanged = z.object({
  at: z.string().describe('ISO time.'),
  agent: z.string(),
  status: AgentStatus,
  previous: AgentStatusName,
  failure: AgentFailure.optional().describe('With `crashed`: what its program said last, and what to do.'),
});
export type AgentStatusChanged = z.infer<typeof AgentStatusChanged>;

/** `vigil.event.agent.<agent>.acknowledged`: a person knows that it has ended. */
export const AgentAcknowledged = z.object({
  at: z.string().describe('ISO time.'),
  agent: z.string(),
  status: AgentStatus,
});
export type AgentAcknowledged = z.infer<typeof AgentAcknowledged>;

/** `vigil.event.agent.<agent>.health`: another step of the ladder. */
export const AgentHealthChanged = z.object({
  at: z.string().describe('ISO time.'),
  agent: z.string(),
  level: HealthLevel,
  previous: HealthLevel,
  missed: z.number().int().nonnegative(),
  silentMs: z.number().int().nonnegative().describe('Since the latest heartbeat.'),
});
export type AgentHealthChanged = z.infer<typeof AgentHealthChanged>;

/** `vigil.event.agent.<agent>.escalated`: Vigil gave up restarting it. */
export const AgentEscalated = z.object({
  at: z.string().describe('ISO time.'),
  agent: z.string(),
  restarts: z.number().int().nonnegative().describe('Restarts within the period.'),
  periodMs: z.number().int().positive(),
  message: z.string().describe('Why, and what to do.'),
});
export type AgentEscalated = z.infer<typeof AgentEscalated>;

export const Figure = z.enum(['rssBytes', 'cpuShare', 'tokensPerMinute', 'costPerMinute']);
export type Figure = z.infer<typeof Figure>;

/** `vigil.event.agent.<agent>.anomaly`: a figure is far from the agent's own history. */
export const AgentAnomaly = z.object({
  at: z.string().describe('ISO time.'),
  agent: z.string(),
  figure: Figure,
  value: z.number(),
  median: z.number().describe('Of the samples before.'),
  score: z.number().describe('Modified z-score: 0.6745 (value - median) / MAD.'),
  samples: z.number().int().positive(),
});
export type AgentAnomaly = z.infer<typeof AgentAnomaly>;

export const RestartOutcome = z.enum([
  'restarted', // it is up again, by its own heartbeat
  'acknowledged', // told, and has no heartbeat that could show more
  'failed',
  'timeout', // told or started, and not heard of in time
]);
export type RestartOutcome = z.infer<typeof RestartOutcome>;

/** `vigil.event.restart.<agent>`. */
export const RestartEvent = z.object({
  id: z.string(),
  agent: z.string(),
  at: z.string().describe('ISO time of the begin.'),
  finishedAt: z.string().describe('ISO time.'),
  by: z.enum(['ladder', 'person']),
  reason: z.string(),
  attempt: z.number().int().positive().describe('Of those within the period.'),
  outcome: RestartOutcome,
  way: z
    .enum(['control', 'command', 'none'])
    .describe("`control`: its runner was told. `command`: the agent's restart command was run."),
  tasksReleased: z
    .number()
    .int()
    .nonnegative()
    .describe('Tasks that it had claimed and that went back to the queue.'),
  code: z.enum(ERROR_CODES).optional().describe('Unless it is up again.'),
  message: z.string().optional().describe('Unless it is up again: what happened, and the mend.'),
});
export type RestartEvent = z.infer<typeof RestartEvent>;

/** `vigil.event.fleet.held`: a large part of the fleet fell silent at once; nobody is restarted until it is cleared up. */
export const FleetHeld = z.object({
  at: z.string().describe('ISO time.'),
  silent: z.number().int().nonnegative(),
  watched: z.number().int().nonnegative().describe('Agents whose heartbeat is expected.'),
  agents: z.array(z.string()).describe('Some of the silent ones.'),
  message: z.string(),
});
export type FleetHeld = z.infer<typeof FleetHeld>;

/** `vigil.event.fleet.released`. */
export const FleetReleased = z.object({
  at: z.string().describe('ISO time.'),
  silent: z.number().int().nonnegative(),
  watched: z.number().int().nonnegative(),
  by: z.enum(['return', 'person']).describe('`return`: the agents are back.'),
});
export type FleetReleased = z.infer<typeof FleetReleased>;

/** What `status` tells of the fleet's health. */
export const HealthSummary = z.object({
  heartbeats: z.number().int().nonnegative().describe('Taken in since the start.'),
  lost: z.number().int().nonnegative(),
  duplicates: z.number().int().nonnegative(),
  reordered: z.number().int().nonnegative(),
  fenced: z.number().int().nonnegative().describe('Of instances that were replaced.'),
  unknown: z.number().int().nonnegative().describe('Of agents that are not on record.'),
  invalid: z.number().int().nonnegative().describe('Not of the schema.'),
  watched: z.number().int().nonnegative(),
  warning: z.number().int().nonnegative(),
  degraded: z.number().int().nonnegative(),
  unresponsive: z.number().int().nonnegative(),
  escalated: z.number().int().nonnegative(),
  paused: z.number().int().nonnegative(),
  fleetPaused: z.boolean(),
  held: z.boolean().describe('Restarts are held: a large part of the fleet fell silent at once.'),
  restarting: z.number().int().nonnegative(),
  restartsWaiting: z.number().int().nonnegative(),
  restarts: z.number().int().nonnegative().describe('Since the start.'),
  pauses: z.number().int().nonnegative().describe('Times this process itself stood still.'),
});
export type HealthSummary = z.infer<typeof HealthSummary>;
