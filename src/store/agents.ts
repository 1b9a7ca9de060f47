import type { Database, Statement } from 'better-sqlite3';
import { AgentSpec, type AgentState } from '../messages/agents.js';
import { parseWith } from '../messages/errors.js';

interface AgentRow {
  readonly id: string;
  readonly spec: string;
  readonly state: AgentState;
  readonly registered_at: number;
  readonly last: string | null;
}

export type AgentSource = 'wire' | 'settings' | 'sample';

export interface StoredAgent {
  readonly spec: AgentSpec;
  readonly state: AgentState;
  /** Epoch milliseconds. */
  readonly registeredAt: number;
  readonly lastAnalysis: {
    readonly at: string;
    readonly phase: string;
    readonly alignmentScore: number;
    readonly needsSteering: boolean;
    readonly steeringType?: string;
  } | null;
}

const COLUMNS = `
  a.id, a.spec, a.state, a.registered_at,
  (select json_object('at', l.at, 'phase', l.phase, 'alignmentScore', l.alignment_score,
                      'needsSteering', l.needs_steering, 'steeringType', l.steering_type)
     from analyses l where l.agent = a.id order by l.seq desc limit 1) as last`;

/** The agents on record. */
export class AgentTable {
  readonly #register: Statement<[string, string, AgentSource, number, number]>;
  readonly #retire: Statement<[string]>;
  readonly #activeIds: Statement<[], { id: string }>;
  readonly #known: Statement<[string], { id: string }>;
  readonly #remove: Statement<[string], { id: string }>;
  readonly #get: Statement<[string], AgentRow>;
  readonly #list: Statement<[{ after: string; state: string | null; limit: number }], AgentRow>;
  readonly #active: Statement<[], { id: string; spec: string }>;
  readonly #counts: Statement<[], { state: AgentState; n: number }>;

  constructor(database: Database) {
    this.#register = database.prepare(`
      insert into agents (id, spec, state, source, registered_at, updated_at) values (?, ?, 'active', ?, ?, ?)
      on conflict (id) do update
        set spec = excluded.spec, state = 'active', source = excluded.source, updated_at = excluded.updated_at`);
    this.#retire = database.prepare(`
      delete from agents where source <> 'wire' and id not in (select value from json_each(?))`);
    this.#activeIds = database.prepare("select id from agents where state = 'active' order by id");
    this.#known = database.prepare('select id from agents where id in (select value from json_each(?))');
    this.#remove = database.prepare(
      'delete from agents where id in (select value from json_each(?)) returning id',
    );
    this.#get = database.prepare(`select ${COLUMNS} from agents a where a.id = ?`);
    this.#list = database.prepare(`
      select ${COLUMNS} from agents a
       where a.id > @after and (@state is null or a.state = @state) order by a.id limit @limit`);
    this.#active = database.prepare("select id, spec from agents where state = 'active' order by id");
    this.#counts = database.prepare('select state, count(*) as n from agents group by state');
  }

  /** Inside a transaction. An agent that is known gets the new spec and is active again. */
  register(
    specs: readonly AgentSpec[],
    source: AgentSource,
    now: number,
  ): { registered: string[]; updated: string[] } {
    const ids = specs.map((spec) => spec.id);
    const known = this.known(ids);
    for (const spec of specs) this.#register.run(spec.id, JSON.stringify(spec), source, now, now);
    return { registered: ids.filter((id) => !known.has(id)), updated: ids.filter((id) => known.has(id)) };
  }

  /** Inside a transaction: registers the agents of the settings, and forgets those that stand there no longer. */
  declare(specs: readonly AgentSpec[], source: 'settings' | 'sample', now: number): void {
    this.#retire.run(JSON.stringify(specs.map((spec) => spec.id)));
    this.register(
      specs.map((spec) => this.#withKnown(spec)),
      source,
      now,
    );
  }

  /** What an agent said of itself over the wire stands where the settings say nothing: its logs, its runner. */
  #withKnown(spec: AgentSpec): AgentSpec {
    const known = this.get(spec.id)?.spec;
    if (known === undefined || spec.workspace !== undefined || spec.logs.length > 0) return spec;
    const { logs, workspace, stream, managed, label, cwd } = known;
    const told = { workspace, stream, managed, label, cwd };
    const defined = Object.entries(told).filter(([, value]) => value !== undefined);
    return { ...Object.fromEntries(defined), ...spec, logs };
  }

  /** Inside a transaction. @returns those that were there. */
  remove(ids: readonly string[]): string[] {
    return this.#remove.all(JSON.stringify(ids)).map((row) => row.id);
  }

  /** Those of `ids` that are on record. */
  known(ids: readonly string[]): Set<string> {
    return new Set(this.#known.all(JSON.stringify(ids)).map((row) => row.id));
  }

  get(id: string): StoredAgent | undefined {
    const row = this.#get.get(id);
    return row === undefined ? undefined : read(row);
  }

  /** In order of id, from after `after`. */
  list(options: {
    after?: string | undefined;
    state?: AgentState | undefined;
    limit: number;
  }): StoredAgent[] {
    return this.#list
      .all({ after: options.after ?? '', state: options.state ?? null, limit: options.limit })
      .map(read);
  }

  active(): AgentSpec[] {
    return this.#active.all().map((row) => readSpec(row.id, row.spec));
  }

  activeIds(): string[] {
    return this.#activeIds.all().map((row) => row.id);
  }

  counts(): Record<AgentState, number> {
    const counts = { active: 0, inactive: 0 };
    for (const row of this.#counts.all()) counts[row.state] = row.n;
    return counts;
  }
}

function readSpec(id: string, text: string): AgentSpec {
  return parseWith(AgentSpec, JSON.parse(text), `agent ${id} in the database`);
}

interface LastRow {
  at: number;
  phase: string;
  alignmentScore: number;
  needsSteering: number;
  steeringType: string | null;
}

function read(row: AgentRow): StoredAgent {
  const last = row.last === null ? null : (JSON.parse(row.last) as LastRow);
  return {
    spec: readSpec(row.id, row.spec),
    state: row.state,
    registeredAt: row.registered_at,
    lastAnalysis: last && {
      at: new Date(last.at).toISOString(),
      phase: last.phase,
      alignmentScore: last.alignmentScore,
      needsSteering: last.needsSteering === 1,
      // Of an agent that has ended, what its log showed is in the verdict; here stands what it needs.
      ...(last.steeringType === null || last.needsSteering === 0 ? {} : { steeringType: last.steeringType }),
    },
  };
}
