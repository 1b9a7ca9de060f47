import { z } from 'zod';

/** How a pool of worker threads is doing. */
export const PoolFigures = z.object({
  name: z.string().max(64).describe('What its threads do: parse, score, graph.'),
  threads: z.number().int().nonnegative(),
  running: z.number().int().nonnegative().describe('Tasks on a thread.'),
  waiting: z.number().int().nonnegative().describe('Tasks that wait for one.'),
  utilisation: z
    .number()
    .min(0)
    .max(1)
    .describe('Share of the threads that were busy, averaged over about the last half minute.'),
  bytes: z.number().int().nonnegative().describe('Handed over with the tasks that run or wait.'),
});
export type PoolFigures = z.infer<typeof PoolFigures>;

/** What GitHub said of its primary rate limit with its latest answer. */
export const GitHubQuota = z.object({
  limit: z.number().int().nonnegative().describe('Requests in an hour.'),
  remaining: z.number().int().nonnegative(),
  resetAt: z.string().describe('ISO time at which `remaining` is `limit` again.'),
  at: z.string().describe('ISO time of the answer.'),
});
export type GitHubQuota = z.infer<typeof GitHubQuota>;
