import type { Database, Statement } from 'better-sqlite3';
import type { SpendBy, UsageRow } from '../messages/cost.js';

/** Usage of one model, summed up under a key. */
export interface KeyedUsage extends Omit<UsageRow, 'day' | 'stated'> {
  readonly key: string;
  readonly stated: boolean;
}

interface SumRow extends Omit<KeyedUsage, 'stated'> {
  readonly stated: number;
}

const COUNTS = `
  model, stated, calls, input, output, cache_read as cacheRead, cache_write as cacheWrite, usd`;
const SUMS = `
  model, stated, sum(calls) as calls, sum(input) as input, sum(output) as output, sum(cache_read) as cacheRead,
  sum(cache_write) as cacheWrite, sum(usd) as usd`;

/** What rows are summed up by: the expression of each key. */
const KEYS: Readonly<Record<SpendBy, string>> = {
  agent: 'usage.agent',
  repository:
    "ifnull((select coalesce(repository, folder) from places where places.agent = usage.agent), '')",
  day: 'day',
  model: 'model',
};

interface Which {
  readonly since: string;
  readonly agent: string | null;
}

/** What agents have used, by day and model. */
export class UsageTable {
  readonly #put: Statement;
  readonly #by: Readonly<Record<SpendBy, Statement<[Which], SumRow>>>;
  readonly #ofAgents: Statement<[string], SumRow>;
  readonly #ofAgentsOn: Statement<[string, string], SumRow>;
  readonly #told: Statement<[string, string, string, number, number]>;
  readonly #prunes: readonly Statement[];

  constructor(database: Database) {
    // Counts never fall: an actor that had to read a log anew, part of which is gone, takes nothing back.
    this.#put = database.prepare(`
      insert into usage (agent, day, model, stated, calls, input, output, cache_read, cache_write, usd, updated_at)
      select @agent, value ->> '$.day', value ->> '$.model', value ->> '$.stated', value ->> '$.calls', value ->> '$.input',
             value ->> '$.output', value ->> '$.cacheRead', value ->> '$.cacheWrite', value ->> '$.usd' + 0.0, @now
        from json_each(@rows)
       where value ->> '$.day' = ''
          or value ->> '$.day' > ifnull((select day from usage_removed where agent = @agent), '')
      on conflict (agent, day, model, stated) do update
        set calls = max(calls, excluded.calls), input = max(input, excluded.input), output = max(output, excluded.output),
            cache_read = max(cache_read, excluded.cache_read), cache_write = max(cache_write, excluded.cache_write),
            usd = max(usd, excluded.usd), updated_at = excluded.updated_at
        where excluded.calls > calls or excluded.input > input or excluded.output > output
           or excluded.cache_read > cache_read or excluded.cache_write > cache_write or excluded.usd > usd`);
    const by = (key: SpendBy) =>
      database.prepare<[Which], SumRow>(`
        select ${KEYS[key]} as key, ${SUMS} from usage
         where day >= @since and (@agent is null or agent = @agent) group by 1, model, stated`);
    this.#by = { agent: by('agent'), repository: by('repository'), day: by('day'), model: by('model') };
    this.#ofAgents = database.prepare(`
      select agent as key, ${COUNTS} from usage_totals where agent in (select value from json_each(?))`);
    this.#ofAgentsOn = database.prepare(`
      select agent as key, ${SUMS} from usage where agent in (select value from json_each(?)) and day = ?
       group by agent, model, stated`);
    this.#told = database.prepare(`
      insert into budgets_told (day, agent, unit, percent, budget) values (?, ?, ?, ?, ?)
      on conflict do update set budget = excluded.budget where excluded.budget > budget`);
    this.#prunes = [
      // The same as what is deleted next: an actor that reads its log anew brings none of it back.
      database.prepare(`
        insert into usage_removed (agent, day)
        select agent, max(day) from usage where day <> '' and day < @day and updated_at < @before group by agent
        on conflict (agent) do update set day = max(day, excluded.day)`),
      // What is undated tells nobody when it was used: it goes after its agent.
      database.prepare(`
        delete from usage
         where updated_at < @before and day < @day and (day <> '' or agent not in (select id from agents))`),
      database.prepare(
        'delete from usage_removed where agent not in (select id from agents) and agent not in (select agent from usage)',
      ),
      database.prepare(
        'delete from places where updated_at < @before and agent not in (select id from agents) and agent not in (select agent from usage)',
      ),
      database.prepare('delete from budgets_told where day < @day'),
    ];
  }

  /** Inside a transaction. @returns whether anything is more than it was. */
  put(agent: string, rows: readonly UsageRow[], now: number): boolean {
    if (rows.length === 0) return false;
    const values = rows.map((row) => ({ ...row, stated: row.stated ? 1 : 0 }));
    return this.#put.run({ agent, rows: JSON.stringify(values), now }).changes > 0;
  }

  /** @param since ISO date; empty: all there is, undated usage included. */
  by(key: SpendBy, since: string, agent?: string): KeyedUsage[] {
    return this.#by[key].all({ since, agent: agent ?? null }).map(read);
  }

  /** Of some agents, by agent: all there is, or of one day. */
  ofAgents(agents: readonly string[], day?: string): KeyedUsage[] {
    const ids = JSON.stringify(agents);
    return (day === undefined ? this.#ofAgents.all(ids) : this.#ofAgentsOn.all(ids, day)).map(read);
  }

  /**
   * Inside a transaction.
   *
   * @param agent empty: the fleet.
   * @returns false when it was noted before, of this budget or a higher one.
   */
  noteBudget(day: string, agent: string, unit: 'tokens' | 'usd', percent: number, budget: number): boolean {
    return this.#told.run(day, agent, unit, percent, budget).changes === 1;
  }

  /** @param before epoch milliseconds. */
  prune(before: number): void {
    const day = new Date(before).toISOString().slice(0, 10);
    for (const prune of this.#prunes) prune.run({ day, before });
  }
}

function read(row: SumRow): KeyedUsage {
  return { ...row, stated: row.stated === 1 };
}
