import { z } from 'zod';
import { Id } from './ids.js';

const Count = z.number().int().nonnegative();

/** What one agent used of one model on one day, whole: it only grows, so that the same row may come twice. */
export const UsageRow = z.object({
  day: z
    .string()
    .regex(/^(?:\d{4}-\d\d-\d\d)?$/)
    .describe('ISO date (UTC); empty where the log states no time.'),
  model: z.string().max(128).describe('As the log names it; empty when it does not.'),
  stated: z.boolean().describe('The log states what these calls cost.'),
  calls: Count,
  input: Count.describe('Tokens that came from no cache.'),
  output: Count,
  cacheRead: Count,
  cacheWrite: Count,
  usd: z.number().nonnegative().describe('Of `stated`: the sum of what the log says.'),
});
export type UsageRow = z.infer<typeof UsageRow>;

/** How far an agent's ledger was told: an actor that began anew has another ledger. */
export const UsageMark = z.object({
  ledger: Id,
  /** Changes of the ledger by then. */
  changes: Count,
});
export type UsageMark = z.infer<typeof UsageMark>;

/** Price of a model, US dollars per million tokens. */
export const Price = z.strictObject({
  model: z
    .string()
    .min(1)
    .max(128)
    .describe('Its name as logs have it, without a provider in front; a `*` at the end stands for any rest.'),
  input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  cacheRead: z.number().nonnegative().optional().describe('That of input when absent.'),
  cacheWrite: z.number().nonnegative().optional().describe('That of input when absent.'),
});
export type Price = z.infer<typeof Price>;

/** Tokens, and money as far as it is known. */
export const Spend = z.object({
  calls: Count,
  input: Count.describe('Tokens that came from no cache.'),
  output: Count,
  cacheRead: Count,
  cacheWrite: Count,
  tokens: Count.describe('All of them together.'),
  usd: z
    .number()
    .nonnegative()
    .nullable()
    .describe(
      'US dollars; null when nothing of it has a price. An estimate, unless `usdStated` is all of it.',
    ),
  usdStated: z.number().nonnegative().describe('The part that logs state themselves.'),
  unpriced: Count.describe('Tokens of models without a price; `usd` leaves them out.'),
});
export type Spend = z.infer<typeof Spend>;

/** An agent's spend in short: it travels with every agent of a list. */
export const AgentSpend = z.object({
  tokens: Count.describe('In, out and cache, as far as the record goes back.'),
  usd: z.number().nonnegative().nullable().describe('An estimate; null when nothing of it has a price.'),
  tokensToday: Count.describe('Since midnight UTC.'),
  usdToday: z.number().nonnegative().nullable(),
  unpriced: Count.describe('Tokens without a price; `usd` leaves them out.'),
});
export type AgentSpend = z.infer<typeof AgentSpend>;

export const SpendBy = z.enum(['agent', 'repository', 'day', 'model']);
export type SpendBy = z.infer<typeof SpendBy>;

const Day = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'expected a date such as 2026-01-31');

/** `vigil.rpc.cost`. */
export const CostRequest = z.strictObject({
  by: SpendBy.default('agent'),
  since: Day.optional().describe('First day (UTC). What has no date counts only without it.'),
  agent: Id.optional().describe('Only this agent.'),
  limit: z.number().int().min(1).max(1_000).default(100).describe('Rows, the largest first; days in order.'),
});

export const CostReply = z.object({
  total: Spend,
  rows: z.array(z.object({ key: z.string().describe('Empty for what is not known.'), ...Spend.shape })),
  omitted: Count.describe('Rows beyond the limit; they are in the total.'),
  listPrices: z
    .string()
    .nullable()
    .describe(
      'Date of the list prices in use where the settings name none; null when they are switched off.',
    ),
});
export type CostReply = z.infer<typeof CostReply>;

/** What `status` tells of today's spend. */
export const CostToday = z.object({
  day: z.string().describe('ISO date (UTC).'),
  ...Spend.shape,
  models: z.array(z.object({ model: z.string(), ...Spend.shape })).describe('At most 20, the largest first.'),
});
export type CostToday = z.infer<typeof CostToday>;

/** `vigil.event.agent.<agent>.budget` and `vigil.event.fleet.budget`: said once for a day, a unit and a share, and again of a budget that was raised. */
export const BudgetReached = z.object({
  at: z.string().describe('ISO time.'),
  agent: z.string().optional().describe('Absent: the whole fleet.'),
  day: z.string().describe('ISO date (UTC).'),
  percent: z.union([z.literal(80), z.literal(100)]),
  unit: z.enum(['tokens', 'usd']),
  spent: z.number().nonnegative(),
  budget: z.number().positive(),
  message: z.string().describe('One line for a person, behind the name of the agent.'),
});
export type BudgetReached = z.infer<typeof BudgetReached>;
