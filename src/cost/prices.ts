import type { Price, Spend, UsageRow } from '../messages/cost.js';

const MILLION = 1_000_000;
/** Models whose price was looked up; an agent may name any number of them. */
const MAX_KNOWN = 1_000;

/** Prices by model: the first that fits counts. */
export class PriceList {
  readonly #prices: readonly Price[];
  readonly #known = new Map<string, Price | undefined>();

  constructor(prices: readonly Price[]) {
    this.#prices = prices;
  }

  /** Undefined for a model without one. */
  of(model: string): Price | undefined {
    if (this.#known.has(model)) return this.#known.get(model);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const price = this.#prices.find((each) => fits(each.model, model));
    this.#known.set(model, price);
    return price;
  }
}

/** A provider in front of a name (`anthropic/claude-…`, `us.anthropic.claude-…`) changes nothing. */
function fits(pattern: string, model: string): boolean {
  const names = [model, model.slice(model.lastIndexOf('/') + 1), model.replace(/^.*\banthropic\./, '')];
  return names.some((name) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

/** What a sum of usage rows comes to. */
export type Usage = Omit<UsageRow, 'day'>;

/** Adds up usage rows with what they cost. */
export function spendOf(rows: Iterable<Usage>, prices: PriceList): Spend {
  const sum = { calls: 0, input: 0, output: 0, cacheRead: 0, cacheWrite: 0, tokens: 0, unpriced: 0 };
  let stated = 0;
  let estimated = 0;
  for (const row of rows) {
    const { input, output, cacheRead, cacheWrite } = row;
    const tokens = input + output + cacheRead + cacheWrite;
    sum.calls += row.calls;
    sum.input += input;
    sum.output += output;
    sum.cacheRead += cacheRead;
    sum.cacheWrite += cacheWrite;
    sum.tokens += tokens;
    if (row.stated) stated += row.usd;
    else {
      const price = prices.of(row.model);
      if (price === undefined) sum.unpriced += tokens;
      else estimated += costOf(row, price);
    }
  }
  const known = sum.tokens === 0 || sum.unpriced < sum.tokens || stated > 0;
  return { ...sum, usd: known ? rounded(stated + estimated) : null, usdStated: rounded(stated) };
}

function costOf({ input, output, cacheRead, cacheWrite }: Usage, price: Price): number {
  const read = price.cacheRead ?? price.input;
  const write = price.cacheWrite ?? price.input;
  return (input * price.input + output * price.output + cacheRead * read + cacheWrite * write) / MILLION;
}

/** To a millionth of a dollar. */
function rounded(usd: number): number {
  return Math.round(usd * MILLION) / MILLION;
}
