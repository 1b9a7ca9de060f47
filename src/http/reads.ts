import type { AgentRecord } from '../messages/agents.js';
import type { Intervention } from '../messages/interventions.js';
import type { ReplyOf, Status } from '../messages/requests.js';
import { dispatch, type Handlers } from '../services/rpc-service.js';
import { fleetRow, TREND_POINTS } from './fleet-row.js';
import type {
  AgentAnswer,
  CoherenceAnswer,
  FleetAnswer,
  FleetRow,
  SystemAnswer,
  TasksAnswer,
} from './views.js';

const PAGE = 1_000;
const CURVE_POINTS = 500;
const DRAWN_TASKS = 500;
const READY_TASKS = 50;
const MAX_PENDING = 200;
/** Many browsers that ask at once are told the same. */
const FRESH_MS = 500;

export interface ReadsParts {
  handlers(): Handlers;
  browsers(): number;
}

/** What the pages show: the requests of the public interface, joined with the record's past. */
export class Reads {
  readonly #parts: ReadsParts;
  #fleet: { readonly at: number; readonly answer: Promise<FleetAnswer> } | undefined;

  constructor(parts: ReadsParts) {
    this.#parts = parts;
  }

  fleet(): Promise<FleetAnswer> {
    const now = performance.now();
    if (this.#fleet === undefined || now - this.#fleet.at > FRESH_MS)
      this.#fleet = { at: now, answer: this.#readFleet() };
    return this.#fleet.answer;
  }

  async agent(id: string): Promise<AgentAnswer> {
    const record = (await this.#ask('agents.get', { id })) as AgentRecord;
    const { interventions } = (await this.#ask('interventions.list', {
      agent: id,
      limit: 50,
    })) as ReplyOf<'interventions.list'>;
    const past = { agent: id, points: CURVE_POINTS };
    const { latest, points } = (await this.#ask('history.agent', past)) as ReplyOf<'history.agent'>;
    return {
      at: now(),
      record,
      analysis: latest,
      points: points.map(({ at, score, type }) => [Date.parse(at), score, type]),
      interventions,
    };
  }

  events(
    agent: string,
    query: { readonly last?: number; readonly after?: number; readonly before?: number },
  ): Promise<unknown> {
    return this.#ask('logs.tail', { agent, ...query });
  }

  async coherence(): Promise<CoherenceAnswer> {
    const past = { points: CURVE_POINTS };
    const { latest, points } = (await this.#ask('history.coherence', past)) as ReplyOf<'history.coherence'>;
    return { at: now(), latest, points: points.map(({ at, score }) => [Date.parse(at), score]) };
  }

  async tasks(): Promise<TasksAnswer> {
    const [graph, ready] = await Promise.all([
      this.#ask('tasks.graph', { limit: DRAWN_TASKS }) as Promise<ReplyOf<'tasks.graph'>>,
      this.#ask('tasks.ready', { limit: READY_TASKS }) as Promise<ReplyOf<'tasks.ready'>>,
    ]);
    return { at: now(), graph, ready: ready.tasks };
  }

  async system(): Promise<SystemAnswer> {
    const status = (await this.#ask('status', {})) as Status;
    const memoryBytes = process.memoryUsage.rss();
    return { at: now(), status, browsers: this.#parts.browsers(), memoryBytes };
  }

  async #readFleet(): Promise<FleetAnswer> {
    const agents: FleetRow[] = [];
    let after: string | null | undefined;
    do {
      const query = { limit: PAGE, ...(after === undefined || after === null ? {} : { after }) };
      const [page, past] = await Promise.all([
        this.#ask('agents.list', { ...query, state: 'active' }) as Promise<ReplyOf<'agents.list'>>,
        this.#ask('history.fleet', { ...query, points: TREND_POINTS }) as Promise<ReplyOf<'history.fleet'>>,
      ]);
      const trends = new Map(past.agents.map((trend) => [trend.agent, trend]));
      agents.push(...page.agents.map((record) => fleetRow(record, trends.get(record.id))));
      after = page.next;
    } while (after !== null);
    return { at: now(), agents, pending: await this.#pending() };
  }

  async #pending(): Promise<readonly Intervention[]> {
    const query = { state: 'pending', limit: MAX_PENDING };
    return ((await this.#ask('interventions.list', query)) as ReplyOf<'interventions.list'>).interventions;
  }

  async #ask(endpoint: Parameters<typeof dispatch>[1], request: unknown): Promise<unknown> {
    return dispatch(this.#parts.handlers(), endpoint, request);
  }
}

function now(): string {
  return new Date().toISOString();
}
