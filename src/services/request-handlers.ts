import type { Fleet } from '../actors/placement/fleet.js';
import { AGENT_PROTOCOL } from '../messages/actor-protocols.js';
import type { AgentRecord, AgentSpec } from '../messages/agents.js';
import { describeIssues, VigilError } from '../messages/errors.js';
import { idFrom, newId } from '../messages/ids.js';
import type { Status } from '../messages/requests.js';
import type { ResultKind, ResultOf } from '../messages/results.js';
import type { Subjects } from '../messages/subjects.js';
import type { Trigger, TriggerKind, TriggerPayload } from '../messages/triggers.js';
import type { StoredAgent } from '../store/agents.js';
import type { Store } from '../store/store.js';
import type { Costs } from './cost/costs.js';
import { isRefused } from './final-results.js';
import { repoHandlers } from './github/repo-handlers.js';
import type { Health } from './health/health.js';
import { healthHandlers } from './health/health-handlers.js';
import { historyHandlers } from './history-handlers.js';
import type { RequestRunner } from './request-runner.js';
import type { Handlers } from './rpc-service.js';
import type { Steering } from './steering.js';
import { steeringHandlers } from './steering-handlers.js';
import { type RunningTasks, taskHandlers } from './tasks/task-handlers.js';

export interface RequestHandlersParts {
  readonly store: Store;
  readonly subjects: Subjects;
  wakeOutbox(): void;
  fleet(): Fleet;
  health(): Health;
  /** The restart command that the settings have for an agent. */
  restartOf(agent: string): Pick<AgentSpec, 'restart'>;
  readonly runner: RequestRunner;
  costs(): Costs;
  steering(): Steering;
  tasks(): RunningTasks;
  /** Agents that are on record no longer. */
  removed(agents: readonly string[]): void;
  /** Asks an agent's actor where it is placed. */
  askAgent(agent: string, type: string, body: unknown): Promise<unknown>;
  status(): Promise<Omit<Status, 'at' | 'agents' | 'hosts' | 'health' | 'cost'>>;
}

/** What each endpoint of `vigil.rpc` does. */
export function requestHandlers(parts: RequestHandlersParts): Handlers {
  const { store, fleet, health, runner, costs, steering, tasks, askAgent, status } = parts;
  const judged = <K extends TriggerKind & ResultKind>(kind: K) => {
    return async (payload: TriggerPayload<K>, given: string | undefined): Promise<ResultOf<K>> => {
      const id = given === undefined ? newId() : idFrom(given);
      await runner.accept(id, 'rpc', { kind, payload } as Trigger);
      const result = await runner.run(id);
      if (isRefused(result)) throw new VigilError(result.error.code, result.error.message);
      return result as ResultOf<K>;
    };
  };
  const records = (agents: readonly StoredAgent[]): AgentRecord[] => {
    const ids = agents.map(({ spec }) => spec.id);
    const spendOf = costs().ofAgents(ids);
    const places = store.places.of(ids);
    return agents.map(({ spec, state, registeredAt, lastAnalysis }) => ({
      ...spec,
      state,
      registeredAt: new Date(registeredAt).toISOString(),
      host: fleet().whereIs(spec.id)?.host ?? null,
      lastAnalysis,
      ...health().of(spec.id, registeredAt),
      place: places.get(spec.id) ?? null,
      spend: spendOf(spec.id),
    }));
  };
  return {
    ...healthHandlers(parts),
    analyze: judged('analyze'),
    emergency: judged('emergency'),
    cycle: judged('cycle'),
    coherence: judged('coherence'),
    sync: judged('sync'),
    ...repoHandlers(store),
    'agents.register': async ({ agents: given }) => {
      refuseTwice(given.map((agent) => agent.id));
      refuseCommands(given);
      // Whoever registers says nothing of it: what the settings have stands.
      const agents = given.map((agent) => ({ ...agent, ...parts.restartOf(agent.id) }));
      const done = await store.write(() => store.agents.register(agents, 'wire', Date.now()));
      fleet().register(agents);
      health().registered(agents);
      return done;
    },
    'agents.list': ({ state, after, limit }) => {
      const agents = records(store.agents.list({ after, state, limit }));
      return { agents, next: agents.length === limit ? (agents.at(-1)?.id ?? null) : null };
    },
    'agents.get': ({ id }) => {
      const agent = store.agents.get(id);
      const [record] = agent === undefined ? [] : records([agent]);
      if (record === undefined) throw new VigilError('NOT_FOUND', `no agent ${id}`);
      const failure = health().failure(id);
      return failure === undefined ? record : { ...record, failure };
    },
    'agents.remove': async ({ ids }) => {
      const removed = await store.write(() => store.agents.remove(ids));
      fleet().remove(removed);
      parts.removed(removed);
      costs().forget(removed);
      await health().forget(removed);
      return { removed };
    },
    cost: (request) => costs().summary(request),
    ...steeringHandlers(store, steering, (agent) => health().hasEnded(agent)),
    ...taskHandlers(tasks),
    ...historyHandlers(store),
    'logs.tail': async ({ agent, ...request }) => {
      if (store.agents.get(agent) === undefined) throw new VigilError('NOT_FOUND', `no agent ${agent}`);
      const parsed = AGENT_PROTOCOL.tail.reply.safeParse(await askAgent(agent, 'tail', request));
      if (parsed.success) return parsed.data;
      throw new VigilError('BAD_REPLY', `the actor's answer is no tail: ${describeIssues(parsed.error)}`);
    },
    status: async () => ({
      ...(await status()),
      at: new Date().toISOString(),
      health: health().summary,
      cost: costs().today(),
      agents: { ...store.agents.counts(), unplaced: fleet().unplaced },
      hosts: fleet().hosts.map(({ id, pid, label, pools }) => ({
        id,
        pid,
        label,
        pools,
        agents: fleet().agentsOn(id),
      })),
    }),
  };
}

/** A command from the wire would let any agent run programs on the supervisor's machine. */
function refuseCommands(agents: readonly AgentSpec[]): void {
  const named = agents.find(({ restart }) => restart !== undefined);
  if (named !== undefined)
    throw new VigilError(
      'FORBIDDEN',
      `agents: ${named.id} has a restart command; those are taken from the supervisor's settings only`,
    );
}

function refuseTwice(ids: readonly string[]): void {
  const seen = new Set<string>();
  for (const id of ids) {
    if (seen.has(id)) throw new VigilError('BAD_REQUEST', `agents: ${id} is named twice`);
    seen.add(id);
  }
}
