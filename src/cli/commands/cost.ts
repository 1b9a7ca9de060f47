import Table from 'cli-table3';
import { costText, tokensText } from '../../cost/spend-text.js';
import { type CostReply, CostRequest, type Spend } from '../../messages/cost.js';
import { parseWith } from '../../messages/errors.js';
import { EXIT } from '../exit-codes.js';
import { cut, NO_BORDERS } from '../render.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { pc } from '../terminal.js';
import { withClient } from '../with-client.js';

const TIMEOUT_MS = 10_000;
const DAY_MS = 86_400_000;
const KEY_WIDTH = 48;

export interface CostOptions extends SettingsOptions {
  readonly by?: string;
  readonly since?: string;
  readonly agent?: string;
  readonly last?: number;
  readonly json?: boolean;
}

/** What agents used, and what that costs by estimate. */
export async function cost(options: CostOptions): Promise<number> {
  const by = options.by === 'repo' ? 'repository' : options.by;
  const since = options.since === undefined ? undefined : dayOf(options.since, Date.now());
  const { agent, last: limit } = options;
  const asked = Object.entries({ by, since, agent, limit }).filter(([, value]) => value !== undefined);
  const request = parseWith(CostRequest, Object.fromEntries(asked), 'options');
  const reply = await withClient(options, (client) => client.request('cost', request, TIMEOUT_MS));
  if (options.json === true) {
    console.log(JSON.stringify(reply, null, 2));
    return EXIT.fine;
  }
  if (reply.rows.length === 0) {
    console.error('nothing is on record; usage comes from the logs with each analysis');
    return EXIT.fine;
  }
  console.log(tableOf(request.by, reply));
  for (const line of notes(reply, settingsOf(options).settings.cost.prices.length)) console.error(line);
  return EXIT.fine;
}

/** `today`, `7d`, or a date. */
function dayOf(text: string, now: number): string {
  const days = text === 'today' ? 1 : Number(/^(\d{1,4})d$/.exec(text)?.[1] ?? Number.NaN);
  return Number.isNaN(days) ? text : new Date(now - (days - 1) * DAY_MS).toISOString().slice(0, 10);
}

function tableOf(by: string, { rows, total, omitted }: CostReply): string {
  const table = new Table({
    head: [by.toUpperCase(), 'COST', 'TOKENS', 'IN', 'OUT', 'CACHE READ', 'CACHE WRITE', 'CALLS'],
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: ['left', ...Array(7).fill('right')],
  });
  const row = (key: string, spend: Spend) => [
    key,
    costText(spend),
    tokensText(spend.tokens),
    tokensText(spend.input),
    tokensText(spend.output),
    tokensText(spend.cacheRead),
    tokensText(spend.cacheWrite),
    String(spend.calls),
  ];
  for (const each of rows) table.push(row(cut(each.key, KEY_WIDTH) || pc.dim('not known'), each));
  table.push(row(omitted > 0 ? `all (${omitted} more)` : 'all', total).map((cell) => pc.bold(cell)));
  return table.toString();
}

function notes({ total, listPrices }: CostReply, ownPrices: number): string[] {
  const own = ownPrices > 0 ? 'the prices of cost.prices' : undefined;
  const list = listPrices === null ? undefined : `list prices as of ${listPrices}`;
  const by = [own, list].filter((each) => each !== undefined).join(' and ');
  return [
    ...(total.usd === total.usdStated || by === '' ? [] : [`~ an estimate, by ${by}; not a bill`]),
    ...(total.unpriced > 0
      ? [`> ${tokensText(total.unpriced)} tokens are of models without a price; name one in cost.prices`]
      : []),
  ];
}
