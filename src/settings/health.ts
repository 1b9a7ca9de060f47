import { z } from 'zod';
import type { ProcessState } from '../messages/agent-wire.js';

const ms = (min: number, max: number) => z.number().int().min(min).max(max);
const count = (min: number, max: number) => z.number().int().min(min).max(max);
const DAY_MS = 86_400_000;

/** A runner that starts, restarts or ends its program may be busy with that. */
const EXPECTED_MS = { starting: 10_000, running: 1_000, paused: 1_000, restarting: 10_000, stopping: 10_000 };

const interval = (state: keyof typeof EXPECTED_MS) =>
  ms(50, DAY_MS).default(EXPECTED_MS[state]).describe(`Least time between heartbeats of state \`${state}\`.`);

/** Heartbeats, restarts and status of agents. */
export const HealthSettings = z.strictObject({
  restart: z
    .enum(['off', 'managed', 'all'])
    .default('managed')
    .describe(
      'Whom Vigil restarts by itself when it falls silent: nobody, agents of `vigil run`, or all that have a heartbeat.',
    ),
  expectedMs: z
    .strictObject({
      starting: interval('starting'),
      running: interval('running'),
      paused: interval('paused'),
      restarting: interval('restarting'),
      stopping: interval('stopping'),
    } satisfies Partial<Record<ProcessState, z.ZodType>>)
    .prefault({})
    .describe('By state; where a heartbeat states a longer interval, that one counts.'),
  maxExpectedMs: ms(50, 7 * DAY_MS)
    .default(600_000)
    .describe('Longest interval that is believed of a heartbeat.'),
  toleranceMs: ms(0, 600_000)
    .default(300)
    .describe('How late a heartbeat may be before it counts as missed; at most half its interval.'),
  checkMs: ms(10, 60_000).default(500).describe('Between two looks for late agents.'),
  reconnectGraceMs: ms(0, 3_600_000)
    .default(15_000)
    .describe('After a reconnect to the broker, for agents that have to reconnect as well.'),
  probeMs: ms(50, 60_000)
    .default(2_000)
    .describe('The broker has to answer within this before anybody is taken for unresponsive.'),
  maxConcurrent: count(1, 1_000).default(5).describe('Restarts at once.'),
  controlMs: ms(50, 600_000).default(5_000).describe('For the answer to `control: restart`.'),
  upMs: ms(50, 3_600_000)
    .default(30_000)
    .describe('For the first heartbeat of an agent that was restarted; its grace to end included.'),
  coolDownMs: ms(0, DAY_MS)
    .default(60_000)
    .describe('From one restart of an agent to the next; doubles with each further one in the period.'),
  maxCoolDownMs: ms(0, DAY_MS).default(900_000).describe('Longest such wait.'),
  jitter: z.number().min(0).max(1).default(0.2).describe('Share of it by which it is longer at random.'),
  maxRestarts: count(0, 1_000)
    .default(3)
    .describe('Restarts of an agent within `periodMs`; at one more a person is asked instead.'),
  periodMs: ms(1_000, 30 * DAY_MS)
    .default(3_600_000)
    .describe('Over which restarts are counted.'),
  holdShare: z
    .number()
    .min(0.05)
    .max(1)
    .default(0.5)
    .describe('When more than this share of the watched agents falls silent at once, restarts are held.'),
  holdLeast: count(1, 100_000).default(3).describe('Silent agents below which nothing is held.'),
  holdWindowMs: ms(100, DAY_MS).default(120_000).describe('What "at once" means.'),
  flushMs: ms(50, 600_000).default(5_000).describe('How often heartbeats are written to the database.'),
  sampleMs: ms(50, DAY_MS)
    .default(30_000)
    .describe("Between two samples of an agent's figures, for its history and for anomalies."),
  keepHistoryMs: ms(60_000, 90 * DAY_MS)
    .default(DAY_MS)
    .describe('How long samples stay in the database.'),
  anomalyScore: z
    .number()
    .min(1)
    .max(1_000)
    .default(5)
    .describe(
      'Modified z-score from which a figure is odd; 3.5 is what the literature proposes for outliers.',
    ),
  anomalySamples: count(3, 1_000).default(3).describe('Odd samples in a row before it is reported.'),
  statusMs: ms(50, 600_000).default(1_000).describe("Between two looks at the agents' status."),
  staleMs: ms(1_000, 30 * DAY_MS)
    .default(600_000)
    .describe('A verdict or log event older than this tells nothing of now.'),
  activeMs: ms(1_000, 30 * DAY_MS)
    .default(120_000)
    .describe('An agent without heartbeat whose log grew within this is running.'),
});
export type HealthSettings = z.infer<typeof HealthSettings>;
