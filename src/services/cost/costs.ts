import { LIST_PRICES, LIST_PRICES_DATE } from '../../cost/list-prices.js';
import { PriceList, spendOf } from '../../cost/prices.js';
import type {
  AgentSpend,
  BudgetReached,
  CostReply,
  CostToday,
  Spend,
  UsageMark,
  UsageRow,
} from '../../messages/cost.js';
import { newId } from '../../messages/ids.js';
import type { RequestOf } from '../../messages/requests.js';
import type { CostSettings } from '../../settings/cost.js';
import type { KeyedUsage } from '../../store/usage.js';
import type { Publishing, UsageNotes } from '../events.js';

export interface CostsParts extends Publishing {
  readonly settings: CostSettings;
}

/** Between what was used and the look at the budgets: many agents share one. */
const BUDGETS_MS = 1_000;
const PERCENTS = [100, 80] as const;
const MODELS_SHOWN = 20;
const NOTHING: AgentSpend = { tokens: 0, usd: 0, tokensToday: 0, usdToday: 0, unpriced: 0 };

/**
 * What agents use and what that costs. The record has tokens; money is an estimate, made when somebody looks, so that a
 * price that was put right puts right what is past as well.
 */
export class Costs implements UsageNotes {
  readonly #parts: CostsParts;
  readonly #prices: PriceList;
  /** Agents that used more since the last look at the budgets. */
  readonly #dirty = new Set<string>();
  /** How far the ledgers of agents are on record; after a start each tells all that it has. */
  readonly #marks = new Map<string, UsageMark>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: CostsParts) {
    this.#parts = parts;
    const { prices, listPrices } = parts.settings;
    this.#prices = new PriceList(listPrices ? [...prices, ...LIST_PRICES] : prices);
    // What was used right before the last stop was maybe not looked at.
    for (const { key } of parts.store.usage.by('agent', today())) this.#touch(key);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#looking;
  }

  /** Puts on record what an agent has used so far. Inside a transaction. */
  note(agent: string, usage: readonly UsageRow[], now: number): void {
    if (this.#parts.store.usage.put(agent, usage, now)) this.#touch(agent);
  }

  noted(agent: string, mark: UsageMark): void {
    this.#marks.set(agent, mark);
  }

  /** How far the agent's ledger is on record. */
  onRecord(agent: string): UsageMark | undefined {
    return this.#marks.get(agent);
  }

  /** What it has used stays on record. */
  forget(agents: readonly string[]): void {
    for (const agent of agents) this.#marks.delete(agent);
  }

  /** By agent, of each that is asked for. */
  ofAgents(agents: readonly string[]): (agent: string) => AgentSpend {
    const { usage } = this.#parts.store;
    const all = this.#byKey(usage.ofAgents(agents));
    const ofToday = this.#byKey(usage.ofAgents(agents, today()));
    return (agent) => {
      const { tokens, usd, unpriced } = all.get(agent) ?? NOTHING;
      const now = ofToday.get(agent);
      return {
        tokens,
        usd,
        tokensToday: now?.tokens ?? 0,
        usdToday: now === undefined ? 0 : now.usd,
        unpriced,
      };
    };
  }

  today(): CostToday {
    const day = today();
    const rows = this.#parts.store.usage.by('model', day);
    const models = [...this.#byKey(rows)].map(([model, spend]) => ({ model, ...spend }));
    models.sort((a, b) => b.tokens - a.tokens);
    return { day, ...spendOf(rows, this.#prices), models: models.slice(0, MODELS_SHOWN) };
  }

  summary({ by, since, agent, limit }: RequestOf<'cost'>): CostReply {
    const rows = this.#parts.store.usage.by(by, since ?? '', agent);
    const all = [...this.#byKey(rows)].map(([key, spend]) => ({ key, ...spend }));
    if (by === 'day') all.sort((a, b) => (a.key < b.key ? 1 : -1));
    else all.sort((a, b) => (b.usd ?? 0) - (a.usd ?? 0) || b.tokens - a.tokens || (a.key < b.key ? -1 : 1));
    return {
      total: spendOf(rows, this.#prices),
      rows: all.slice(0, limit),
      omitted: Math.max(0, all.length - limit),
      listPrices: this.#parts.settings.listPrices ? LIST_PRICES_DATE : null,
    };
  }

  #byKey(rows: readonly KeyedUsage[]): Map<string, Spend> {
    const groups = new Map<string, KeyedUsage[]>();
    for (const row of rows) {
      const group = groups.get(row.key);
      if (group === undefined) groups.set(row.key, [row]);
      else group.push(row);
    }
    return new Map([...groups].map(([key, group]) => [key, spendOf(group, this.#prices)]));
  }

  #touch(agent: string): void {
    const { agentPerDay, fleetPerDay } = this.#parts.settings;
    if ([agentPerDay, fleetPerDay].every(({ tokens, usd }) => tokens === undefined && usd === undefined))
      return;
    this.#dirty.add(agent);
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#looking = this.#look();
    }, BUDGETS_MS);
  }

  async #look(): Promise<void> {
    const { store, settings, wakeOutbox, failed } = this.#parts;
    const agents = [...this.#dirty];
    this.#dirty.clear();
    try {
      const told = await store.write(() => {
        const day = today();
        const spent = this.#byKey(store.usage.ofAgents(agents, day));
        const said = [...spent].map(([agent, spend]) => this.#weigh(day, agent, spend, settings.agentPerDay));
        const fleet = spendOf(store.usage.by('model', day), this.#prices);
        return [...said, this.#weigh(day, '', fleet, settings.fleetPerDay)].some(Boolean);
      });
      if (told) wakeOutbox();
    } catch (error) {
      for (const agent of agents) this.#touch(agent);
      failed(error);
    }
  }

  /** Says once what is reached of a budget, and again of one that was raised; what is passed at one go is said at its highest. */
  #weigh(day: string, agent: string, spend: Spend, budget: CostSettings['agentPerDay']): boolean {
    const { store } = this.#parts;
    let told = false;
    for (const unit of ['tokens', 'usd'] as const) {
      const limit = budget[unit];
      if (limit === undefined) continue;
      const spent = spend[unit] ?? 0;
      const reached = PERCENTS.filter((percent) => spent * 100 >= limit * percent);
      const fresh = reached.filter((percent) => store.usage.noteBudget(day, agent, unit, percent, limit));
      if (fresh[0] === undefined || fresh[0] !== reached[0]) continue;
      this.#say({ day, agent, percent: fresh[0], unit, spent, budget: limit });
      told = true;
    }
    return told;
  }

  #say({ agent, ...reached }: Omit<BudgetReached, 'at' | 'message' | 'agent'> & { agent: string }): void {
    const { store, subjects } = this.#parts;
    const body: BudgetReached = {
      at: new Date().toISOString(),
      ...(agent === '' ? {} : { agent }),
      ...reached,
      message: sentence(agent, reached),
    };
    const subject = agent === '' ? subjects.fleetEvent('budget') : subjects.agentEvent(agent, 'budget');
    store.outbox.add(`budget-${newId()}`, subject, body);
  }
}

function sentence(
  agent: string,
  { percent, unit, spent, budget }: Pick<BudgetReached, 'percent' | 'unit' | 'spent' | 'budget'>,
): string {
  const amount = (n: number) => (unit === 'usd' ? `$${n.toFixed(2)}` : `${Math.round(n)} tokens`);
  const who = agent === '' ? 'the fleet ' : '';
  const about = unit === 'usd' ? 'about ' : '';
  return `${who}has used ${about}${amount(spent)} of ${amount(budget)} for today (${percent} %)`;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
