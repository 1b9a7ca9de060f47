import { type AgentAccess, askAgent } from '../actors/ask-agent.js';
import { systemClock } from '../actors/runtime/clock.js';
import type { ChildSpec } from '../actors/runtime/supervision.js';
import { ActorSystem } from '../actors/runtime/system.js';
import { afterEnd, profileAfterEnd } from '../health/after-end.js';
import { coherence } from '../judgement/coherence.js';
import { logRequest } from '../log.js';
import type { AgentSpec } from '../messages/agents.js';
import type { TrajectoryAnalysis } from '../messages/analysis.js';
import type { Status, TreeNode } from '../messages/requests.js';
import { poolFigures } from '../pool/open-pools.js';
import { recordVerdict } from '../services/events.js';
import { hostTrees } from '../services/host-trees.js';
import { requestHandlers } from '../services/request-handlers.js';
import { RequestRunner } from '../services/request-runner.js';
import { RpcService } from '../services/rpc-service.js';
import { service } from '../services/service.js';
import { TriggerIntake } from '../services/trigger-intake.js';
import type { Settings } from '../settings/schema.js';
import { VERSION } from '../version.js';
import { type Composition, SHUTDOWN_MS } from './composition.js';

/** Actors of each host that the tree shows; those in trouble come first. */
const TREE_LIMIT = 50;
const DEFAULT_MAX_PAYLOAD = 1_048_576;

/** Runs what was triggered, and goes on with what a crash left. */
export function requestsService(composition: Composition): ChildSpec {
  const { settings, log, subjects, running, failed } = composition;
  const { drainMs, mailbox } = settings.hosts;
  return service('requests', drainMs * 2 + SHUTDOWN_MS, () => {
    const system = new ActorSystem({
      id: 'requests',
      subjects,
      bus: running.bus,
      clock: systemClock,
      policy: settings.restart,
      mailbox,
      drainMs,
      onCrash: (actor, error) =>
        log.error({ actor: actor.kind, request: actor.id, err: error }, 'actor crashed'),
      onGiveUp: (actor, error) =>
        log.error({ actor: actor.kind, request: actor.id, err: error }, 'actor crashed too often'),
    });
    const runner = createRunner(composition, system);
    running.runner = runner;
    runner.resume(failed('request failed'));
    return async () => {
      await runner.close(drainMs);
      await system.stop();
    };
  });
}

/** Answers the requests of clients. @param removed is told of agents that are on record no longer. */
export function rpcService(
  composition: Composition,
  removed: (agents: readonly string[]) => void,
): ChildSpec {
  const { settings, store, log, connection, subjects, running, publishing, http } = composition;
  const startedAt = new Date().toISOString();
  return service('rpc', SHUTDOWN_MS, async () => {
    const handlers = requestHandlers({
      store,
      subjects,
      wakeOutbox: publishing.wakeOutbox,
      runner: running.runner,
      steering: () => running.steering,
      fleet: () => running.fleet,
      health: () => running.health,
      costs: () => running.costs,
      tasks: () => running.tasks,
      restartOf: (agent) => restartIn(settings, agent),
      removed,
      askAgent: async (agent, type, body) => {
        const access = agentAccess(composition);
        const never = new AbortController().signal;
        return (await askAgent(access, agent, type, body, settings.analysis.itemTimeoutMs, never)).body;
      },
      status: () => statusOf(composition, startedAt),
    });
    running.handlers = handlers;
    const rpc = await RpcService.open({
      connection,
      subjects,
      version: VERSION,
      maxRunning: settings.requests.maxRunning * 8,
      failed: (endpoint, error, request) => log.error({ endpoint, request, err: error }, 'request failed'),
      handlers,
      answered: (endpoint, outcome, seconds) => http.metrics.rpc(endpoint, outcome, seconds),
    });
    return () => rpc.close();
  });
}

/** Takes triggers from their stream. */
export function triggersService({
  settings,
  connection,
  subjects,
  deadLetters,
  running,
  failed,
}: Composition): ChildSpec {
  return service('triggers', SHUTDOWN_MS, async () => {
    const intake = await TriggerIntake.open({
      connection,
      subjects,
      runner: running.runner,
      maxRunning: settings.requests.maxRunning,
      ackWaitMs: settings.requests.ackWaitMs,
      deadLetter: deadLetters.add,
      failed: failed('trigger failed'),
    });
    return () => intake.close();
  });
}

function createRunner(composition: Composition, system: ActorSystem): RequestRunner {
  const { settings, parts, store, log, connection, subjects, deadLetters, running, publishing } = composition;
  const { bus, health, costs } = running;
  const access = agentAccess(composition);
  const judgeFleet = parts.conductor ?? ((profiles) => coherence(profiles, settings.rules));
  const { itemTimeoutMs } = settings.analysis;
  const activeAgents = () => store.agents.activeIds();
  return new RequestRunner({
    store,
    system,
    bus,
    subjects,
    guardian: {
      access,
      itemTimeoutMs,
      activeAgents,
      known: (ids) => store.agents.known(ids),
      judged: (requestId) => store.verdicts.judgedIn(requestId),
      usageOnRecord: (agent) => costs.onRecord(agent),
      record: async (given) => {
        const { analysis } = given;
        const verdict = health.hasEnded(analysis.agent) ? { ...given, analysis: afterEnd(analysis) } : given;
        const isOvertaken = (judged: TrajectoryAnalysis) => health.isOvertaken(judged);
        await recordVerdict(publishing, verdict, { costs, isOvertaken });
        health.judged(verdict);
      },
    },
    conductor: {
      access,
      itemTimeoutMs,
      activeAgents,
      judge: (profiles, signal) =>
        judgeFleet(
          profiles.map((each) => (health.hasEnded(each.agent) ? profileAfterEnd(each) : each)),
          signal,
        ),
      record: (requestId, report) =>
        store.write(() => store.verdicts.addCoherence(requestId, report, Date.now())),
    },
    defaults: settings.analysis,
    steering: settings.steering,
    hasEnded: (agent) => health.hasEnded(agent),
    maxAttempts: settings.requests.maxDeliveries,
    maxPayload: () => connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD,
    wakeOutbox: publishing.wakeOutbox,
    wakeSteering: () => running.steering.wake(),
    sync: (id, payload, asked) => running.github.run(id, payload, asked),
    ended: (kind, result) => logRequest(log, kind, result),
    gaveUp: ({ id, kind, attempts, payload }) =>
      deadLetters.add({
        subject: subjects.trigger(kind),
        reason: 'max_deliveries',
        message: `request ${id}: given up after ${attempts} attempts`,
        payload: payload.slice(0, 512),
      }),
  });
}

/** How the agents' actors are reached, wherever they are placed now. */
function agentAccess({
  subjects,
  deadLetters,
  running,
}: Pick<Composition, 'subjects' | 'deadLetters' | 'running'>): AgentAccess {
  const { bus, fleet } = running;
  return {
    bus,
    subjects,
    whereIs: (agent) => fleet.whereIs(agent),
    hostShown: (agent, epoch) => fleet.hostShown(agent, epoch),
    fenced: (agent, epoch) =>
      deadLetters.add({
        subject: subjects.actor('agent', agent),
        reason: 'fenced',
        message: `answer under placement ${epoch}, not the present one`,
      }),
  };
}

function restartIn({ agents }: Settings, agent: string): Pick<AgentSpec, 'restart'> {
  const restart = agents.find(({ id }) => id === agent)?.restart;
  return restart === undefined ? {} : { restart };
}

async function statusOf(
  { settings, store, subjects, deadLetters, root, running }: Composition,
  startedAt: string,
): Promise<Omit<Status, 'at' | 'agents' | 'hosts' | 'health' | 'cost'>> {
  const { runner, cycles, bus, github, fleet } = running;
  return {
    version: VERSION,
    startedAt,
    pid: process.pid,
    requests: { running: runner.running, waitingResults: store.outbox.size },
    cycles: cycles?.counts ?? { run: 0, skipped: 0 },
    broker: bus.trouble,
    judge: {
      kind: settings.judge.kind,
      tokensToday: store.spend.of(new Date().toISOString().slice(0, 10)),
      tokensPerDay: settings.judge.tokensPerDay,
    },
    deadLetters: deadLetters.count,
    pools: poolFigures(),
    github: github.figures,
    tree: withTrees(root.tree.tree(), await hostTrees(fleet, bus, subjects, TREE_LIMIT)),
  };
}

/** The supervisor's own tree, with those of the hosts beside its branches. */
function withTrees(own: TreeNode, hosts: readonly TreeNode[]): TreeNode {
  return { ...own, children: [...(own.children ?? []), ...hosts] };
}
