import t from 'tap';
import { LIST_PRICES } from '../../src/cost/list-prices.js';
import { PriceList, spendOf } from '../../src/cost/prices.js';
import { costText, tokensText } from '../../src/cost/spend-text.js';

const usage = (fields: object) => ({
  ...{ model: 'm', stated: false, calls: 1, input: 0, output: 0, cacheRead: 0, cacheWrite: 0, usd: 0 },
  ...fields,
});
const list = new PriceList(LIST_PRICES);

t.test('each kind of token has its price', async (t) => {
  const million = usage({
    model: 'claude-sonnet-4-5-20250929',
    input: 1e6,
    output: 1e6,
    cacheRead: 1e6,
    cacheWrite: 1e6,
  });
  t.match(spendOf([million], list), {
    usd: 3 + 15 + 0.3 + 3.75,
    usdStated: 0,
    unpriced: 0,
    tokens: 4e6,
    calls: 1,
  });
  const own = new PriceList([{ model: 'm', input: 2, output: 4 }]);
  t.equal(
    spendOf([usage({ input: 5e5, cacheRead: 5e5 })], own).usd,
    2,
    'a cache without a price costs as input',
  );
});

t.test('a name with a provider in front is the same model, another version is not', async (t) => {
  for (const name of ['anthropic/claude-opus-4-6', 'us.anthropic.claude-opus-4-6-v1:0', 'claude-opus-4-6'])
    t.equal(list.of(name)?.input, 5, name);
  t.equal(list.of('claude-opus-4-1-20250805')?.input, 15);
  t.equal(list.of('claude-opus-4-20250514')?.input, 15);
  t.equal(list.of('gpt-5-codex')?.output, 10);
  for (const name of ['claude-opus-4-99', 'gpt-5.9', '', 'sonnet', '__proto__'])
    t.equal(list.of(name), undefined, name);
});

t.test('what has no price is named, and never counted as free', async (t) => {
  t.match(spendOf([usage({ model: 'x', input: 7 })], list), { usd: null, unpriced: 7 });
  const mixed = spendOf([usage({ model: 'x', input: 7 }), usage({ model: 'gpt-5', input: 1e6 })], list);
  t.match(mixed, { usd: 1.25, unpriced: 7 });
  t.equal(costText(mixed), '>$1.25');
  t.equal(costText(spendOf([], list)), '-');
});

t.test('what a log states counts as it is', async (t) => {
  const stated = spendOf([usage({ model: 'gpt-5', stated: true, input: 1e6, usd: 0.5 })], list);
  t.match(stated, { usd: 0.5, usdStated: 0.5 });
  t.equal(costText(stated), '$0.50', 'no estimate');
  t.equal(costText(spendOf([usage({ model: 'gpt-5', input: 1e6 })], list)), '~$1.25');
});

t.test('a price of the settings comes before the list', async (t) => {
  const prices = new PriceList([{ model: 'claude-*', input: 1, output: 1 }, ...LIST_PRICES]);
  t.equal(prices.of('claude-opus-4-6')?.output, 1);
  t.equal(prices.of('gpt-5')?.output, 10);
});

t.test('tokens at a glance', async (t) => {
  t.same([950, 12_345, 4_560_000, 2e9].map(tokensText), ['950', '12.3k', '4.56M', '2.00G']);
});
