import type { AgentRecord } from '../messages/agents.js';
import type { Intervention } from '../messages/interventions.js';
import type { ReplyOf, Status } from '../messages/requests.js';
import { dispatch, type Handlers } from '../services/rpc-service.js';
import type { Trend } from '../store/history.js';
import type { Store } from '../store/store.js';
import type {
  AgentAnswer,
  CoherenceAnswer,
  FleetAnswer,
  FleetRow,
  SystemAnswer,
  TasksAnswer,
} from './views.js';

const PAGE = 1_000;
const TREND_POINTS = 24;
const CURVE_POINTS = 500;
const GOAL_CHARS = 160;
const DRAWN_TASKS = 500;
const READY_TASKS = 50;
const MAX_PENDING = 200;
/** Many browsers that ask at once are told the same. */
const FRESH_MS = 500;

export interface ReadsParts {
  readonly store: Store;
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
    const { history } = this.#parts.store;
    const record = (await this.#ask('agents.get', { id })) as AgentRecord;
    const { interventions } = (await this.#ask('interventions.list', {
      agent: id,
      limit: 50,
    })) as ReplyOf<'interventions.list'>;
    const latest = history.latest(id);
    return {
      at: now(),
      record,
      analysis:
        latest === undefined ? null : { at: new Date(latest.at).toISOString(), verdict: latest.analysis },
      points: history.points(id, CURVE_POINTS).map(({ at, score, type }) => [at, score, type]),
      interventions,
    };
  }

  events(agent: string, query: { readonly last?: number; readonly after?: number }): Promise<unknown> {
    return this.#ask('logs.tail', { agent, ...query });
  }

  coherence(): CoherenceAnswer {
    const { history } = this.#parts.store;
    const latest = history.coherence();
    return {
      at: now(),
      latest: latest === undefined ? null : { at: new Date(latest.at).toISOString(), report: latest.report },
      points: history.coherencePoints(CURVE_POINTS).map(({ at, score }) => [at, score]),
    };
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
    const trends = new Map(
      this.#parts.store.history.trends(TREND_POINTS).map((trend) => [trend.agent, trend]),
    );
    const agents: FleetRow[] = [];
    let after: string | null | undefined;
    do {
      const page = (await this.#ask('agents.list', {
        state: 'active',
        limit: PAGE,
        ...(after === undefined || after === null ? {} : { after }),
      })) as ReplyOf<'agents.list'>;
      for (const record of page.agents) {
        const trend = trends.get(record.id);
        agents.push(rowOf(record, trend));
      }
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

function rowOf(record: AgentRecord, trend: Trend | undefined): FleetRow {
  const { id, host, label, status, lastAnalysis, goal, health, place, spend } = record;
  return {
    id,
    host,
    label,
    status,
    lastAnalysis,
    place,
    spend,
    goal: (goal ?? trend?.goal ?? '').slice(0, GOAL_CHARS),
    paused: health.paused,
    escalated: health.escalated,
    level: health.level,
    summary: trend?.summary ?? '',
    trend: (trend?.scores ?? []).map((score) => Math.round(score * 100)),
  };
}

function now(): string {
  return new Date().toISOString();
}
