import { resolve } from 'node:path';
import type { NatsConnection } from 'nats';
import { type AgentAccess, askAgent } from './actors/ask-agent.js';
import { Fleet } from './actors/placement/fleet.js';
import { hostProcess } from './actors/placement/host-process.js';
import { LeaseWatch } from './actors/placement/leases.js';
import { Bus } from './actors/runtime/bus.js';
import { systemClock } from './actors/runtime/clock.js';
import { type ChildSpec, Supervisor, subtree } from './actors/runtime/supervision.js';
import { ActorSystem } from './actors/runtime/system.js';
import { type Broker, brokerChild, prepareBroker } from './broker/broker.js';
import { connectBroker, endConnection } from './broker/connect.js';
import { whenLed } from './broker/readiness.js';
import { ensureStreams } from './broker/streams.js';
import { Http } from './http/http-service.js';
import type { Metrics } from './http/metrics.js';
import { coherence } from './judgement/coherence.js';
import { createLog, type Logger, logBroker, logRequest } from './log.js';
import type { AgentSpec } from './messages/agents.js';
import type { CoherenceReport, Profile, TrajectoryAnalysis } from './messages/analysis.js';
import { newId } from './messages/ids.js';
import type { TreeNode } from './messages/requests.js';
import type { BudgetExhausted } from './messages/results.js';
import { Subjects } from './messages/subjects.js';
import { noticesService } from './notices/notices-service.js';
import { poolFigures } from './pool/open-pools.js';
import { checkpointService } from './services/checkpoints.js';
import { Costs } from './services/cost/costs.js';
import { CycleTimer } from './services/cycle-timer.js';
import { DeadLetters } from './services/dead-letters.js';
import { announceHosts, recordVerdict } from './services/events.js';
import { githubService } from './services/github/github-service.js';
import type { GitHubSync } from './services/github/github-sync.js';
import { SyncTimer } from './services/github/sync-timer.js';
import { githubWebhook } from './services/github/webhook.js';
import type { Health } from './services/health/health.js';
import { healthService } from './services/health/health-service.js';
import { hostTrees } from './services/host-trees.js';
import { keepHouse } from './services/housekeeping.js';
import { createModelActor, ledgerOf } from './services/model.js';
import { OutboxDrain } from './services/outbox-drain.js';
import { requestHandlers } from './services/request-handlers.js';
import { RequestRunner } from './services/request-runner.js';
import { type Handlers, RpcService } from './services/rpc-service.js';
import { service } from './services/service.js';
import { signService } from './services/signs.js';
import { Steering } from './services/steering.js';
import type { RunningTasks } from './services/tasks/task-handlers.js';
import { taskService } from './services/tasks/task-service.js';
import { TriggerIntake } from './services/trigger-intake.js';
import { hostOptions } from './settings/host-options.js';
import type { Settings } from './settings/schema.js';
import { createStore, type Store } from './store/store.js';
import { VERSION } from './version.js';

export interface SupervisorParts {
  /** Module that runs a host; the benches have one with a slow judge. */
  readonly hostModule?: URL;
  /** Judges the fleet. */
  readonly conductor?: (
    profiles: readonly Profile[],
    signal: AbortSignal,
  ) => CoherenceReport | Promise<CoherenceReport>;
  /** Watched when there is nothing else to watch. */
  readonly sample?: readonly AgentSpec[];
  /** Told of steps at start that take long. */
  readonly onStep?: (text: string) => void;
}

export interface RunningSupervisor {
  readonly subjects: Subjects;
  /** Where clients connect, and with what. */
  readonly client: ReturnType<Broker['access']>;
  /** With what managed agents connect. */
  readonly agent: ReturnType<Broker['access']>;
  /** Where a browser opens the dashboard, token included; undefined when it is switched off. */
  readonly dashboard: string | undefined;
  /** Resolves with the reason when the supervision tree gives up. */
  readonly ended: Promise<Error>;
  /** Orderly, in reverse order of the start: no more triggers, what runs may end, hosts, results, broker. */
  stop(): Promise<void>;
}

const INBOX = '_INBOX_supervisor';
const SHUTDOWN_MS = 5_000;
/** Actors of each host that the tree shows; those in trouble come first. */
const TREE_LIMIT = 50;
const DEFAULT_MAX_PAYLOAD = 1_048_576;

/**
 * Starts Vigil: the record, the broker, then the services in the order in which they build on each other.
 *
 * @throws VigilError STORE, BROKER, BAD_REQUEST; what had been started is stopped again.
 */
export async function startSupervisor(
  settings: Settings,
  parts: SupervisorParts = {},
): Promise<RunningSupervisor> {
  const dataDir = resolve(settings.dataDir);
  const store = createStore(dataDir);
  const logFile = resolve(dataDir, 'logs', 'supervisor.log');
  const log = createLog('supervisor', settings.logLevel, logFile, settings.ownLogs);
  const root = createRoot(settings, log);
  let connection: NatsConnection | undefined;
  const stop = async () => {
    await root.services.stop();
    if (connection !== undefined) await endConnection(connection);
    await root.tree.stop();
    store.close();
    log.info('stopped');
  };
  try {
    const broker = await prepareBroker(settings, dataDir, parts.onStep ?? (() => {}));
    if (broker.server !== undefined) await root.tree.add(brokerChild(broker.server));
    connection = await connectBroker(
      { ...settings.nats, ...broker.access('supervisor') },
      `${settings.prefix} supervisor`,
      INBOX,
    );
    const subjects = new Subjects(settings.prefix);
    const { connectTimeoutMs, replicas } = settings.nats;
    const made = connection;
    await whenLed(connectTimeoutMs, () => ensureStreams(made, subjects, settings.results, replicas));
    await root.tree.add(subtree(root.services, 'services', settings.hosts.drainMs + SHUTDOWN_MS));
    const http = await startServices({
      settings,
      parts,
      dataDir,
      store,
      log,
      root,
      broker,
      connection,
      subjects,
    });
    log.info({ url: broker.access('client').url, agents: store.agents.counts().active }, 'started');
    const { access } = broker;
    return {
      subjects,
      client: access('client'),
      agent: access('agent'),
      dashboard: http.url,
      ended: root.ended,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Root {
  readonly tree: Supervisor;
  /** Rest for one: a service that is restarted takes those that build on it along. */
  readonly services: Supervisor;
  readonly hosts: Supervisor;
  readonly ended: Promise<Error>;
}

function createRoot(settings: Settings, log: Logger): Root {
  let end: (error: Error) => void = () => {};
  const ended = new Promise<Error>((resolveEnded) => {
    end = resolveEnded;
  });
  const create = (id: string, strategy: 'one_for_one' | 'rest_for_one') =>
    new Supervisor({
      id,
      strategy,
      intensity: 'supervisor',
      policy: settings.restart,
      clock: systemClock,
      onCrash: (child, error) =>
        log.error({ child: `${child.kind} ${child.id}`, err: error }, 'ended, to be restarted'),
      onGiveUp: (error, child) => {
        log.fatal({ child: `${child.kind} ${child.id}`, err: error }, 'restarted too often, giving up');
        end(error);
      },
    });
  return {
    tree: create('vigil', 'one_for_one'),
    services: create('services', 'rest_for_one'),
    hosts: create('hosts', 'one_for_one'),
    ended,
  };
}

interface Composition {
  readonly settings: Settings;
  readonly parts: SupervisorParts;
  readonly dataDir: string;
  readonly store: Store;
  readonly log: Logger;
  readonly root: Root;
  readonly broker: Broker;
  readonly connection: NatsConnection;
  readonly subjects: Subjects;
}

async function startServices(composition: Composition): Promise<Http> {
  const { settings, store, log, root, connection, subjects } = composition;
  const { drainMs } = settings.hosts;
  const { replicas } = settings.nats;
  const startedAt = new Date().toISOString();
  const failed = (what: string) => (error: unknown, request?: string) =>
    log.error({ err: error, request }, what);
  let outbox!: OutboxDrain;
  let bus!: Bus;
  let fleet!: Fleet;
  let runner!: RequestRunner;
  let steering!: Steering;
  let health!: Health;
  let tasks!: RunningTasks;
  let costs!: Costs;
  let cycles: CycleTimer | undefined;
  let handlers!: Handlers;
  const http = new Http({
    ...composition,
    version: VERSION,
    handlers: () => handlers,
    missing: () => (bus.trouble.connected ? [] : ['broker']),
    failed: (what, error) => log.error({ request: what, err: error }, 'http request failed'),
  });
  let github!: GitHubSync;
  const wakeOutbox = () => outbox.wake();
  const publishing = { store, subjects, wakeOutbox, failed: failed('event could not be recorded') };
  const deadLetters = new DeadLetters(publishing);
  const notices = noticesService({
    ...composition,
    failed: (what, error) => log.warn({ err: error }, what),
  });
  const hosts = localHosts(composition, (id, why) => fleet.hostLost(id, why));

  await root.services.add(
    service('outbox', SHUTDOWN_MS, () => {
      outbox = new OutboxDrain({
        connection,
        store,
        dropped: (subject, why) => log.error({ subject, why }, 'result could not be sent'),
        sent: (rows) => {
          http.sent(rows);
          notices?.sent(rows);
        },
        failed: (error) => log.warn({ err: error }, 'results wait in the outbox'),
      });
      outbox.wake();
      return () => outbox.close();
    }),
  );

  await root.services.add(
    service('costs', SHUTDOWN_MS, () => {
      costs = new Costs({ ...publishing, settings: settings.cost, failed: failed('budgets wait') });
      return () => costs.close();
    }),
  );

  await root.services.add(
    service('bus', SHUTDOWN_MS, () => {
      bus = new Bus(connection, INBOX, deadLetters.add);
      logBroker(bus, log);
      return () => bus.close();
    }),
  );

  if (settings.judge.kind === 'llm')
    await root.services.add(modelService(composition, () => bus, wakeOutbox, http.metrics));

  await root.services.add(
    checkpointService({ ...composition, failed, shutdownMs: SHUTDOWN_MS, bus: () => bus }),
  );

  await root.services.add(
    service('fleet', SHUTDOWN_MS, async (exited) => {
      await store.write(() => declareAgents(composition));
      fleet = await Fleet.open(
        connection,
        subjects,
        store.agents.active(),
        failed('placement waits'),
        replicas,
      );
      announceHosts(fleet, bus, publishing);
      const leases = await LeaseWatch.open(bus, subjects, {
        leaseMs: settings.hosts.leaseMs,
        replicas,
        clock: systemClock,
        joined: (lease) => fleet.hostJoined(lease),
        lost: (id, why) => {
          fleet.hostLost(id, why);
          for (const host of hosts) host.leaseLost(id);
        },
        invalid: (key) => log.error({ host: key }, 'lease does not fit its schema'),
        ended: exited,
      });
      return () => {
        leases.close();
        fleet.close();
      };
    }),
  );

  for (const host of hosts) await root.hosts.add(host);
  await root.services.add(subtree(root.hosts, 'hosts', drainMs + SHUTDOWN_MS));

  await root.services.add(
    taskService({
      ...publishing,
      settings,
      failed: failed('tasks wait'),
      isReachable: () => bus.trouble.connected,
      opened: (opened) => {
        tasks = opened;
      },
    }),
  );

  await root.services.add(
    healthService({
      ...composition,
      ...publishing,
      access: () => composition.broker.access('supervisor'),
      fleet: () => fleet,
      bus: () => bus,
      releaseTasks: (agent) => tasks.leases.releaseAgent(agent),
      warn: (text, facts) => log.warn(facts, text),
      opened: (opened) => {
        health = opened;
      },
    }),
  );

  await root.services.add(
    signService({
      ...publishing,
      settings,
      shutdownMs: SHUTDOWN_MS,
      failed: failed('what logs say between two cycles is missed'),
      bus: () => bus,
      health: () => health,
      epochOf: (agent) => fleet.whereIs(agent)?.epoch,
    }),
  );

  await root.services.add(
    service('steering', settings.steering.timeoutMs + SHUTDOWN_MS, () => {
      steering = new Steering({
        store,
        connection,
        subjects,
        settings: settings.steering,
        isPaused: (agent) => health.isPaused(agent),
        wakeOutbox,
        failed: failed('steering waits'),
      });
      return () => steering.close();
    }),
  );

  await root.services.add(
    githubService({
      ...publishing,
      settings,
      queue: () => tasks.queue,
      warn: (text, facts) => log.warn(facts, text),
      opened: (opened) => {
        github = opened;
      },
    }),
  );

  await root.services.add(
    service('requests', drainMs * 2 + SHUTDOWN_MS, () => {
      const system = new ActorSystem({
        id: 'requests',
        subjects,
        bus,
        clock: systemClock,
        policy: settings.restart,
        mailbox: settings.hosts.mailbox,
        drainMs,
        onCrash: (actor, error) =>
          log.error({ actor: actor.kind, request: actor.id, err: error }, 'actor crashed'),
        onGiveUp: (actor, error) =>
          log.error({ actor: actor.kind, request: actor.id, err: error }, 'actor crashed too often'),
      });
      const wakeSteering = () => steering.wake();
      runner = createRunner(composition, {
        system,
        bus,
        fleet,
        deadLetters,
        wakeOutbox,
        wakeSteering,
        health,
        costs,
        sync: (id, payload, asked) => github.run(id, payload, asked),
      });
      runner.resume(failed('request failed'));
      return async () => {
        await runner.close(drainMs);
        await system.stop();
      };
    }),
  );

  await root.services.add(
    service('rpc', SHUTDOWN_MS, async () => {
      handlers = requestHandlers({
        store,
        subjects,
        wakeOutbox,
        runner,
        steering: () => steering,
        fleet: () => fleet,
        health: () => health,
        costs: () => costs,
        tasks: () => tasks,
        restartOf: (agent) => restartIn(settings, agent),
        askAgent: async (agent, type, body) => {
          const access = agentAccess(composition, { bus, fleet, deadLetters });
          const never = new AbortController().signal;
          return (await askAgent(access, agent, type, body, settings.analysis.itemTimeoutMs, never)).body;
        },
        status: async () => ({
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
        }),
      });
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
    }),
  );

  await root.services.add(
    service('triggers', SHUTDOWN_MS, async () => {
      const intake = await TriggerIntake.open({
        connection,
        subjects,
        runner,
        maxRunning: settings.requests.maxRunning,
        ackWaitMs: settings.requests.ackWaitMs,
        deadLetter: deadLetters.add,
        failed: failed('trigger failed'),
      });
      return () => intake.close();
    }),
  );

  if (settings.github.webhook.port !== undefined)
    await root.services.add(
      githubWebhook({
        settings: settings.github.webhook,
        secret: process.env['VIGIL_GITHUB_WEBHOOK_SECRET'],
        store,
        runner: () => runner,
        failed: failed('sync for a webhook failed'),
        listening: (port) => log.info({ port }, 'webhooks are taken'),
      }),
    );

  await root.services.add(
    service('schedule', SHUTDOWN_MS, () => {
      const timer = new CycleTimer(runner, settings.cycle.intervalMs, failed('cycle failed'));
      const endHousekeeping = keepHouse(
        store,
        { results: settings.results.keepDays, usage: settings.cost.keepDays },
        failed('old rows could not be removed'),
      );
      cycles = timer;
      const syncs = new SyncTimer(store, runner, settings.github.intervalMs, failed('sync failed'));
      return () => {
        syncs.close();
        timer.close();
        endHousekeeping();
      };
    }),
  );

  if (notices !== undefined) await root.services.add(notices.spec);
  if (settings.http.enabled) await root.services.add(http.service());
  return http;
}

/** The one place through which all hosts reach the model. */
function modelService(
  { settings, store, subjects, log }: Composition,
  bus: () => Bus,
  wakeOutbox: () => void,
  metrics: Metrics,
): ChildSpec {
  const { judge, restart, hosts } = settings;
  const failed = (error: unknown) => log.error({ err: error }, 'spend could not be recorded');
  return service('model', SHUTDOWN_MS, async () => {
    const system = new ActorSystem({
      id: 'model',
      subjects,
      bus: bus(),
      clock: systemClock,
      policy: restart,
      mailbox: judge.maxConcurrent + judge.maxWaiting,
      drainMs: hosts.drainMs,
      onCrash: (_actor, error) => log.error({ err: error }, 'model actor crashed'),
      onGiveUp: (_actor, error) =>
        log.error({ err: error }, 'model actor crashed too often; the rules judge alone'),
    });
    const exhausted = (spent: number) => {
      const body: BudgetExhausted = { at: new Date().toISOString(), spent, budget: judge.tokensPerDay };
      store
        .write(() => store.outbox.add(`budget-${newId()}`, subjects.budgetEvent, body))
        .then(wakeOutbox, failed);
    };
    await system.spawn(
      createModelActor(judge, process.env, ledgerOf(store, failed), exhausted, (call) =>
        metrics.modelCall(call),
      ),
      'main',
    );
    return () => system.stop();
  });
}

function restartIn({ agents }: Settings, agent: string): Pick<AgentSpec, 'restart'> {
  const restart = agents.find(({ id }) => id === agent)?.restart;
  return restart === undefined ? {} : { restart };
}

/** Those of the settings; where there are none, and nobody registered any, the sample. */
function declareAgents({ settings, parts, store }: Composition): void {
  store.agents.declare(settings.agents, 'settings', Date.now());
  const { sample = [] } = parts;
  if (sample.length > 0 && store.agents.counts().active === 0)
    store.agents.declare(sample, 'sample', Date.now());
}

function localHosts(
  { settings, parts, dataDir, log, broker }: Composition,
  ended: (id: string, why: string) => void,
) {
  const { count, drainMs } = settings.hosts;
  return Array.from({ length: count }, (_, slot) =>
    hostProcess({
      slot,
      module: parts.hostModule ?? new URL('./host-main.js', import.meta.url),
      options: () =>
        hostOptions(
          settings,
          `h${slot}-${newId()}`,
          broker.access('host'),
          resolve(dataDir, 'logs', `host-${slot}.log`),
        ),
      shutdownMs: drainMs + SHUTDOWN_MS,
      ended,
      said: (line) => log.warn({ slot, line }, 'host says'),
    }),
  );
}

/** The supervisor's own tree, with those of the hosts beside its branches. */
function withTrees(own: TreeNode, hosts: readonly TreeNode[]): TreeNode {
  return { ...own, children: [...(own.children ?? []), ...hosts] };
}

/** How the agents' actors are reached, wherever they are placed now. */
function agentAccess(
  { subjects }: Pick<Composition, 'subjects'>,
  { bus, fleet, deadLetters }: { bus: Bus; fleet: Fleet; deadLetters: DeadLetters },
): AgentAccess {
  return {
    bus,
    subjects,
    whereIs: (agent) => fleet.whereIs(agent),
    fenced: (agent, epoch) =>
      deadLetters.add({
        subject: subjects.actor('agent', agent),
        reason: 'fenced',
        message: `answer under placement ${epoch}, not the present one`,
      }),
  };
}

function createRunner(
  { settings, parts, store, log, connection, subjects }: Composition,
  {
    system,
    bus,
    fleet,
    deadLetters,
    wakeOutbox,
    wakeSteering,
    health,
    costs,
    sync,
  }: {
    system: ActorSystem;
    bus: Bus;
    fleet: Fleet;
    deadLetters: DeadLetters;
    wakeOutbox: () => void;
    wakeSteering: () => void;
    health: Health;
    costs: Costs;
    sync: GitHubSync['run'];
  },
): RequestRunner {
  const access = agentAccess({ subjects }, { bus, fleet, deadLetters });
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
      record: async (verdict) => {
        const isOvertaken = (analysis: TrajectoryAnalysis) => health.isOvertaken(analysis);
        await recordVerdict({ store, subjects, wakeOutbox }, verdict, { costs, isOvertaken });
        health.judged(verdict);
      },
    },
    conductor: {
      access,
      itemTimeoutMs,
      activeAgents,
      judge: parts.conductor ?? ((profiles) => coherence(profiles, settings.rules)),
      record: (requestId, report) =>
        store.write(() => store.verdicts.addCoherence(requestId, report, Date.now())),
    },
    defaults: settings.analysis,
    steering: settings.steering,
    maxAttempts: settings.requests.maxDeliveries,
    maxPayload: () => connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD,
    wakeOutbox,
    wakeSteering,
    sync,
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
