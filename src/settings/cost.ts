import { z } from 'zod';
import { Price } from '../messages/cost.js';

const Budget = {
  tokens: z.number().int().positive().optional().describe('Tokens in, out and of caches, together.'),
  usd: z.number().positive().optional().describe('US dollars, by the estimate.'),
};

/** What agents use, and what that costs. */
export const CostSettings = z.strictObject({
  prices: z
    .array(Price)
    .max(500)
    .default([])
    .describe(
      'Prices of models, US dollars per million tokens; the first that fits counts, before the list prices.',
    ),
  listPrices: z
    .boolean()
    .default(true)
    .describe('Estimate by the dated list prices that Vigil ships where `cost.prices` has none.'),
  agentPerDay: z.strictObject(Budget).prefault({}),
  fleetPerDay: z.strictObject(Budget).prefault({}),
  keepDays: z
    .number()
    .int()
    .min(1)
    .max(3_650)
    .default(90)
    .describe(
      'How long the usage of a day stays on record: from that day, or from when it was read if that was later. What was removed is not taken again from a log, unless its agent is forgotten and registered anew.',
    ),
});
export type CostSettings = z.infer<typeof CostSettings>;
