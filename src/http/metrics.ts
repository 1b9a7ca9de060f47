import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { PoolFigures } from '../messages/figures.js';
import type { ModelCall } from '../messages/llm.js';
import type { Status, TreeNode } from '../messages/requests.js';
import type { AnalysisResult } from '../messages/results.js';
import { METRICS, prometheusName, SPANS } from '../messages/telemetry.js';
import type { FleetAnswer } from './views.js';

export interface MetricsParts {
  fleet(): Promise<FleetAnswer>;
  status(): Promise<Status>;
  feed(): { readonly clients: number; readonly dropped: number };
}

const SECONDS = [0.005, 0.02, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const MODEL_LABELS = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'];

/**
 * Vigil's figures for Prometheus. No label ever holds an agent's id: its values are kinds, states and codes, of which
 * there are few.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #parts: MetricsParts;
  readonly #verdicts: Counter;
  readonly #requests: Histogram;
  readonly #analyses: Histogram;
  readonly #failures: Counter;
  readonly #events: Counter;
  readonly #rpc: Histogram;
  readonly #modelSeconds: Histogram;
  readonly #modelTokens: Histogram;
  readonly #modelCost: Counter;
  readonly #gauges: Readonly<Record<GaugeName, Gauge>>;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
    const registers = [this.#registry];
    const counter = (name: string, help: string, labelNames: string[]) =>
      new Counter({ name, help, labelNames, registers });
    const histogram = (
      name: string,
      help: string,
      labelNames: string[],
      buckets: readonly number[] = SECONDS,
    ) => new Histogram({ name, help, labelNames, buckets: [...buckets], registers });
    collectDefaultMetrics({ register: this.#registry });
    this.#verdicts = counter('vigil_verdicts_total', 'New verdicts, by what they say and who judged.', [
      'type',
      'judge',
    ]);
    this.#requests = histogram(
      'vigil_request_duration_seconds',
      'A whole request, from its begin to its final result: the scatter over its agents and the gathering.',
      ['kind', 'outcome'],
    );
    this.#analyses = histogram('vigil_analysis_duration_seconds', 'The analysis of one agent.', []);
    this.#failures = counter('vigil_failures_total', 'Items of requests that did not succeed.', ['code']);
    this.#events = counter('vigil_events_total', 'Events published, by their kind.', ['event']);
    this.#rpc = histogram('vigil_rpc_duration_seconds', 'Requests over NATS, by endpoint.', [
      'endpoint',
      'outcome',
    ]);
    this.#modelSeconds = histogram(
      prometheusName(METRICS.operationDuration.name, 'seconds'),
      'Calls of the model by the judge; each try is one.',
      [...MODEL_LABELS, 'error_type'],
      METRICS.operationDuration.buckets,
    );
    this.#modelTokens = histogram(
      prometheusName(METRICS.tokenUsage.name),
      'Tokens of one call of the model by the judge.',
      [...MODEL_LABELS, 'gen_ai_token_type'],
      METRICS.tokenUsage.buckets,
    );
    this.#modelCost = counter('vigil_llm_cost_usd_total', 'What it cost, where the cost is known.', [
      'gen_ai_request_model',
    ]);
    this.#gauges = gauges(registers);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Of every metric, whether or not it has a figure yet. */
  get names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }

  /** @returns all figures, those that are looked up at the time included. */
  async text(): Promise<string> {
    const [fleet, status] = await Promise.all([this.#parts.fleet(), this.#parts.status()]);
    this.#look(fleet, status);
    return this.#registry.metrics();
  }

  /** A message of the result stream. @param subject below the prefix. */
  sent(subject: string, body: Record<string, unknown>): void {
    const [kind = '', what = '', , last] = subject.split('.');
    if (kind === 'event') this.#events.inc({ event: last === undefined ? what : `${what}.${last}` });
    else if (what === 'analysis') this.#analysed(body as unknown as AnalysisResult);
    else this.#finished(what, body);
  }

  rpc(endpoint: string, outcome: string, seconds: number): void {
    this.#rpc.observe({ endpoint, outcome }, seconds);
  }

  modelCall({ provider, model, seconds, errorType, usage }: ModelCall): void {
    const label = {
      gen_ai_operation_name: SPANS.chat,
      gen_ai_provider_name: provider,
      gen_ai_request_model: model,
    };
    this.#modelSeconds.observe(
      errorType === undefined ? label : { ...label, error_type: errorType },
      seconds,
    );
    if (usage.input + usage.output > 0) {
      this.#modelTokens.observe({ ...label, gen_ai_token_type: 'input' }, usage.input);
      this.#modelTokens.observe({ ...label, gen_ai_token_type: 'output' }, usage.output);
    }
    if (usage.cost !== undefined) this.#modelCost.inc({ gen_ai_request_model: model }, usage.cost);
  }

  #analysed({ startedAt, finishedAt, analysis }: AnalysisResult): void {
    this.#verdicts.inc({ type: analysis.steeringType ?? 'fine', judge: analysis.judge });
    this.#analyses.observe(between(startedAt, finishedAt));
  }

  #finished(kind: string, body: Record<string, unknown>): void {
    const { startedAt, finishedAt, failures, error } = body as {
      startedAt: string;
      finishedAt: string;
      failures?: readonly { code: string }[];
      error?: unknown;
    };
    // The kind of a refused trigger is whatever its sender wrote.
    const known = ['analyze', 'cycle', 'coherence', 'emergency', 'sync'].includes(kind) ? kind : 'unknown';
    const outcome = error !== undefined ? 'refused' : (failures?.length ?? 0) > 0 ? 'failures' : 'ok';
    this.#requests.observe({ kind: known, outcome }, between(startedAt, finishedAt));
    for (const { code } of failures ?? []) this.#failures.inc({ code });
  }

  #look({ agents, pending }: FleetAnswer, status: Status): void {
    const set = this.#gauges;
    for (const gauge of Object.values(set)) gauge.reset();
    for (const { status } of agents) set.agents.inc({ state: status.state });
    for (const { lastAnalysis } of agents)
      if (lastAnalysis?.needsSteering === true)
        set.steering.inc({ type: lastAnalysis.steeringType ?? 'other' });
    set.unplaced.set(status.agents.unplaced);
    set.pending.set(pending.length);
    set.hosts.set(status.hosts.length);
    set.running.set(status.requests.running);
    set.outbox.set(status.requests.waitingResults);
    set.deadLetters.set(status.deadLetters);
    set.cycles.set({ outcome: 'run' }, status.cycles.run);
    set.cycles.set({ outcome: 'skipped' }, status.cycles.skipped);
    set.brokerConnected.set(status.broker.connected ? 1 : 0);
    set.brokerDisconnects.set(status.broker.disconnects);
    const { health } = status;
    for (const fate of ['lost', 'duplicates', 'reordered', 'fenced', 'unknown', 'invalid'] as const)
      set.heartbeatFaults.set({ fault: fate }, health[fate]);
    set.heartbeats.set(health.heartbeats);
    for (const level of ['warning', 'degraded', 'unresponsive', 'escalated', 'paused'] as const)
      set.health.set({ level }, health[level]);
    set.agentRestarts.set(health.restarts);
    set.held.set(health.held ? 1 : 0);
    set.tokensToday.set(status.judge.tokensToday);
    this.#spent(status.cost);
    this.#lookAt(status.tree);
    this.#lookAtPools('supervisor', status.pools);
    for (const { id, pools } of status.hosts) this.#lookAtPools(id, pools);
    const { quota } = status.github;
    if (quota !== undefined) {
      set.quotaLimit.set(quota.limit);
      set.quotaRemaining.set(quota.remaining);
      set.quotaReset.set(Date.parse(quota.resetAt) / 1_000);
    }
    const { clients, dropped } = this.#parts.feed();
    set.browsers.set(clients);
    set.browsersDropped.set(dropped);
  }

  /** By model, of which the status names the largest few; never by agent. */
  #spent({ models, usd }: Status['cost']): void {
    const { agentTokens, agentCost } = this.#gauges;
    for (const { model, ...spend } of models) {
      const label = { gen_ai_request_model: model || 'unknown' };
      agentTokens.inc({ ...label, gen_ai_token_type: 'input' }, spend.input);
      agentTokens.inc({ ...label, gen_ai_token_type: 'output' }, spend.output);
      agentTokens.inc({ ...label, gen_ai_token_type: 'cache_read' }, spend.cacheRead);
      agentTokens.inc({ ...label, gen_ai_token_type: 'cache_write' }, spend.cacheWrite);
    }
    agentCost.set(usd ?? 0);
  }

  #lookAtPools(process: string, pools: readonly PoolFigures[]): void {
    const set = this.#gauges;
    for (const { name: pool, threads, running, waiting, utilisation, bytes } of pools) {
      const label = { process, pool };
      set.poolThreads.set(label, threads);
      set.poolTasks.set({ ...label, state: 'running' }, running);
      set.poolTasks.set({ ...label, state: 'waiting' }, waiting);
      set.poolUtilisation.set(label, utilisation);
      set.poolBytes.set(label, bytes);
    }
  }

  #lookAt(node: TreeNode): void {
    const { kind } = node;
    this.#gauges.mailbox.inc({ kind }, node.mailbox ?? 0);
    this.#gauges.restarts.inc({ kind }, node.children === undefined ? node.restarts : 0);
    for (const child of node.children ?? []) this.#lookAt(child);
  }
}

const GAUGES = {
  agents: ['vigil_agents', 'Active agents by status.', ['state']],
  steering: [
    'vigil_agents_needing_steering',
    'Active agents whose latest verdict asks for steering.',
    ['type'],
  ],
  unplaced: ['vigil_agents_unplaced', 'Agents that no live host may run.'],
  pending: ['vigil_interventions_pending', 'Interventions that wait for a decision, up to 200.'],
  hosts: ['vigil_hosts', 'Live hosts.'],
  running: ['vigil_requests_running', 'Requests under way.'],
  outbox: ['vigil_outbox_messages', 'Results that the stream does not have yet.'],
  deadLetters: ['vigil_dead_letters', 'Messages that nobody could take, since the start.'],
  cycles: ['vigil_cycles', 'Scheduled monitoring cycles since the start.', ['outcome']],
  brokerConnected: ['vigil_broker_connected', '1 while the broker is reached.'],
  brokerDisconnects: ['vigil_broker_disconnects', 'Times the broker was lost since the start.'],
  heartbeats: ['vigil_heartbeats', 'Heartbeats taken in since the start.'],
  heartbeatFaults: ['vigil_heartbeat_faults', 'Heartbeats that were odd, since the start.', ['fault']],
  health: ['vigil_agents_health', 'Agents by step of the ladder.', ['level']],
  agentRestarts: ['vigil_agent_restarts', "Restarts of agents' programs since the start."],
  held: ['vigil_restarts_held', '1 while restarts are held.'],
  restarts: ['vigil_actor_restarts', 'Restarts in the supervision tree, of those it shows.', ['kind']],
  mailbox: ['vigil_mailbox_messages', 'Messages that wait for actors, of those the tree shows.', ['kind']],
  tokensToday: ['vigil_llm_tokens_today', 'Tokens spent on the model judge since midnight UTC.'],
  agentTokens: [
    'vigil_agents_tokens_today',
    'Tokens that the agents have used since midnight UTC, of the models used most.',
    ['gen_ai_request_model', 'gen_ai_token_type'],
  ],
  agentCost: ['vigil_agents_cost_usd_today', 'What the agents have used since midnight UTC, by estimate.'],
  poolThreads: ['vigil_pool_threads', 'Worker threads.', ['process', 'pool']],
  poolTasks: ['vigil_pool_tasks', 'Tasks that run or wait for a thread.', ['process', 'pool', 'state']],
  poolUtilisation: [
    'vigil_pool_utilization_ratio',
    'Share of the threads that were busy, over about half a minute.',
    ['process', 'pool'],
  ],
  poolBytes: ['vigil_pool_bytes', 'Handed over with tasks that run or wait.', ['process', 'pool']],
  quotaLimit: ['vigil_github_quota_limit', 'Requests that GitHub allows in an hour.'],
  quotaRemaining: ['vigil_github_quota_remaining', 'Of these, what is left.'],
  quotaReset: ['vigil_github_quota_reset_timestamp_seconds', 'When all of them are there again.'],
  browsers: ['vigil_http_event_clients', 'Browsers that follow the events.'],
  browsersDropped: ['vigil_http_event_clients_dropped', 'Browsers dropped for lagging, since the start.'],
} as const satisfies Record<string, readonly [string, string, (readonly string[])?]>;
type GaugeName = keyof typeof GAUGES;

function gauges(registers: Registry[]): Readonly<Record<GaugeName, Gauge>> {
  const made = Object.entries(GAUGES).map(([key, [name, help, labels]]) => [
    key,
    new Gauge({ name, help, labelNames: [...(labels ?? [])], registers }),
  ]);
  return Object.fromEntries(made) as Record<GaugeName, Gauge>;
}

/** Seconds; never negative, whatever the wall clock did. */
function between(startedAt: string, finishedAt: string): number {
  return Math.max(0, (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000);
}
