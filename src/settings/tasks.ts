import { z } from 'zod';
import { ScoreSettings } from '../tasks/score.js';

const ms = (min: number, max: number) => z.number().int().min(min).max(max);
const count = (min: number, max: number) => z.number().int().min(min).max(max);
const DAY_MS = 86_400_000;

/** The task queue. */
export const TaskSettings = z.strictObject({
  leaseMs: ms(100, DAY_MS)
    .default(300_000)
    .describe('How long a claimed task belongs to its agent without a heartbeat.'),
  maxLeaseMs: ms(100, DAY_MS).default(3_600_000).describe('Longest lease that an agent may ask for.'),
  sweepMs: ms(10, 600_000).default(1_000).describe('Between two looks for leases that have ended.'),
  sweepBatch: count(1, 100_000).default(1_000).describe('Tasks that one look takes back, at most.'),
  maxRetries: count(0, 100).default(3).describe('Retries of a task that fails or whose lease ends.'),
  backoffMs: ms(0, DAY_MS)
    .default(10_000)
    .describe('Wait before the first retry of a task that failed; doubles with each further one.'),
  maxBackoffMs: ms(0, DAY_MS).default(3_600_000).describe('Longest wait before a retry.'),
  missing: z
    .enum(['refuse', 'await'])
    .default('refuse')
    .describe('A task that depends on one that nobody has added: `refuse` it, or `await` the other.'),
  maxUnfinished: count(1, 100_000_000)
    .default(1_000_000)
    .describe('Tasks that are not done, all together; more are answered BUSY.'),
  maxClasses: count(1, 100_000)
    .default(1_000)
    .describe('Distinct pairs of phase and needed capabilities; a task with one more is answered BUSY.'),
  events: z
    .enum(['off', 'ends', 'all'])
    .default('ends')
    .describe('States of tasks that are published: none, done, failed and cancelled, or each.'),
  maxEvents: count(0, 100_000)
    .default(100)
    .describe('Tasks that one request brings into a state with an event for each; more share events.'),
  scoreMs: ms(10, DAY_MS).default(5_000).describe('Between two passes that score ready tasks anew.'),
  scoreBatch: count(1, 1_000_000)
    .default(5_000)
    .describe('Tasks that one pass scores; the next pass goes on where it ended.'),
  score: ScoreSettings.prefault({}),
});
export type TaskSettings = z.infer<typeof TaskSettings>;
