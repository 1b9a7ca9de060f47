import type { Price } from '../messages/cost.js';

/**
 * What the providers' price lists said, US dollars per million tokens; the oldest was read on `LIST_PRICES_DATE`. Prices
 * change, and discounts, subscriptions and long contexts have others: every figure made with these is an estimate and is
 * called one, a price of the settings comes before them, and `cost.listPrices: false` switches them off.
 *
 * Sources: Anthropic, "Pricing" (October 2026; cache writes at the price of five minutes); OpenAI, "Pricing" (May 2026).
 */
export const LIST_PRICES_DATE = '2026-05-05';

const claude = (input: number, output: number, ...models: readonly string[]): Price[] =>
  models.map((model) => ({ model, input, output, cacheRead: input / 10, cacheWrite: input * 1.25 }));
/** From Opus 5.5 on, what comes from a cache costs less. */
const claudeOfLate = (
  input: number,
  output: number,
  cacheRead: number,
  ...models: readonly string[]
): Price[] => models.map((model) => ({ model, input, output, cacheRead, cacheWrite: input * 1.25 }));
const openai = (input: number, output: number, ...models: readonly string[]): Price[] =>
  models.map((model) => ({ model, input, output, cacheRead: input / 10, cacheWrite: input }));

export const LIST_PRICES: readonly Price[] = [
  ...claudeOfLate(10, 50, 0.25, 'claude-fable-5-1*'),
  ...claudeOfLate(4, 20, 0.2, 'claude-opus-5-5*'),
  ...claudeOfLate(2, 10, 0.1, 'claude-sonnet-5-5*'),
  ...claude(10, 50, 'claude-fable-5', 'claude-fable-5-2026*'),
  ...claude(5, 25, 'claude-opus-5', 'claude-opus-5-2026*'),
  ...claude(2, 10, 'claude-sonnet-5', 'claude-sonnet-5-2026*'),
  ...claude(5, 25, 'claude-opus-4-5*', 'claude-opus-4-6*', 'claude-opus-4-7*', 'claude-opus-4-8*'),
  ...claude(
    15,
    75,
    'claude-opus-4-1*',
    'claude-opus-4-2025*',
    'claude-opus-4-0*',
    'claude-opus-4',
    'claude-3-opus*',
  ),
  ...claude(3, 15, 'claude-sonnet-4-5*', 'claude-sonnet-4-6*', 'claude-sonnet-4-2025*', 'claude-sonnet-4-0*'),
  ...claude(3, 15, 'claude-sonnet-4', 'claude-3-7-sonnet*', 'claude-3-5-sonnet*'),
  ...claude(1, 5, 'claude-haiku-4-5*'),
  ...claude(0.8, 4, 'claude-3-5-haiku*'),
  ...openai(
    1.25,
    10,
    'gpt-5',
    'gpt-5-2025*',
    'gpt-5-codex*',
    'gpt-5.1',
    'gpt-5.1-codex',
    'gpt-5.1-codex-max',
  ),
  ...openai(1.75, 14, 'gpt-5.2', 'gpt-5.2-codex', 'gpt-5.3-codex'),
];
