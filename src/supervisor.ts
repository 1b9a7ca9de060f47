import { resolve } from 'node:path';
import type { NatsConnection } from 'nats';
import { Bus } from './actors/runtime/bus.js';
import { type ChildSpec, subtree } from './actors/runtime/supervision.js';
import { type Broker, brokerChild, prepareBroker } from './broker/broker.js';
import { ensureBuckets } from './broker/buckets.js';
import { connectBroker, endConnection } from './broker/connect.js';
import { whenLed } from './broker/readiness.js';
import { StoreWatch } from './broker/store-watch.js';
import { ensureStreams } from './broker/streams.js';
import {
  type Composition,
  compose,
  INBOX,
  SHUTDOWN_MS,
  type SupervisorParts,
} from './composition/composition.js';
import { modelService } from './composition/model.js';
import { fleetService, localHosts } from './composition/placement.js';
import { requestsService, rpcService, triggersService } from './composition/requests.js';
import { createRoot } from './composition/root.js';
import { createLog, logBroker } from './log.js';
import { Subjects } from './messages/subjects.js';
import { noticesService } from './notices/notices-service.js';
import { checkpointService } from './services/checkpoints.js';
import { Costs } from './services/cost/costs.js';
import { CycleTimer } from './services/cycle-timer.js';
import { githubService } from './services/github/github-service.js';
import { SyncTimer } from './services/github/sync-timer.js';
import { githubWebhook } from './services/github/webhook.js';
import { healthService } from './services/health/health-service.js';
import { keepHouse } from './services/housekeeping.js';
import { OutboxDrain } from './services/outbox-drain.js';
import { service } from './services/service.js';
import { signService } from './services/signs.js';
import { Steering } from './services/steering.js';
import { StreamKeeper } from './services/stream-keeper.js';
import { taskService } from './services/tasks/task-service.js';
import type { Settings } from './settings/schema.js';
import { createStore } from './store/store.js';

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
    await root.tree.add(subtree(root.services, 'services', settings.hosts.drainMs + SHUTDOWN_MS));
    const composition = compose({ settings, parts, dataDir, store, log, root, broker, connection, subjects });
    await startServices(composition);
    log.info({ url: broker.access('client').url, agents: store.agents.counts().active }, 'started');
    const { access } = broker;
    return {
      subjects,
      client: access('client'),
      agent: access('agent'),
      dashboard: composition.http.url,
      ended: root.ended,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts the services, one after another: each builds on those before it, and is restarted with them. */
async function startServices(composition: Composition): Promise<void> {
  const { settings, log, root, http } = composition;
  const { services } = root;
  const notices = noticesService({
    ...composition,
    failed: (what, error) => log.warn({ err: error }, what),
  });
  const hosts = localHosts(composition);

  await services.add(streamsService(composition));
  // Ahead of the outbox: what a run before has left in it goes out at once, and is said to people once only.
  if (notices !== undefined) await services.add(notices.spec);
  await services.add(outboxService(composition, (rows) => notices?.sent(rows)));
  await services.add(costsService(composition));
  await services.add(busService(composition));
  if (settings.judge.kind === 'llm') await services.add(modelService(composition));
  await services.add(
    checkpointService({ ...composition, shutdownMs: SHUTDOWN_MS, bus: () => composition.running.bus }),
  );
  await services.add(fleetService(composition, hosts));
  for (const host of hosts) await root.hosts.add(host);
  await services.add(subtree(root.hosts, 'hosts', settings.hosts.drainMs + SHUTDOWN_MS));
  for (const spec of workServices(composition)) await services.add(spec);
  await services.add(requestsService(composition));
  await services.add(rpcService(composition, (agents) => notices?.forget(agents)));
  await services.add(triggersService(composition));
  for (const spec of webhookServices(composition)) await services.add(spec);
  await services.add(scheduleService(composition));
  if (settings.http.enabled) await services.add(http.service());
}

/** Streams and buckets. The first: what the others open has to be there. */
function streamsService({ settings, connection, subjects, running, failed }: Composition): ChildSpec {
  const { connectTimeoutMs, replicas } = settings.nats;
  return service('streams', SHUTDOWN_MS, async () => {
    const keeper = await StreamKeeper.open({
      connection,
      ensure: () =>
        whenLed(connectTimeoutMs, async () => {
          await ensureStreams(connection, subjects, settings.results, replicas);
          await ensureBuckets(connection, subjects, { leaseMs: settings.hosts.leaseMs, replicas });
        }),
      ensured: async () => {
        // They may not have started yet; then they read what is there when they do.
        running.outbox?.wake();
        await running.fleet?.bucketMayBeNew();
      },
      failed: failed('streams and buckets wait for the broker'),
    });
    return () => keeper.close();
  });
}

/** @param told is told of what has left, too. */
function outboxService(
  { broker, connection, store, log, http, running }: Composition,
  told: Composition['http']['sent'],
): ChildSpec {
  const watch =
    broker.server &&
    new StoreWatch({
      server: broker.server,
      isConnected: () => running.bus.connected,
      ending: (err, failingMs) =>
        log.error(
          { err, failingMs },
          'the broker takes no results although its folder can be written: it is ended, to be restarted',
        ),
      unwritable: (err) => log.warn({ err }, 'the broker takes no results, and its folder cannot be written'),
    });
  return service('outbox', SHUTDOWN_MS, () => {
    const outbox = new OutboxDrain({
      connection,
      store,
      dropped: (subject, why) => log.error({ subject, why }, 'result could not be sent'),
      sent: (rows) => {
        http.sent(rows);
        told(rows);
        watch?.taken();
      },
      failed: (error) => {
        log.warn({ err: error }, 'results wait in the outbox');
        void watch?.refused(error);
      },
    });
    running.outbox = outbox;
    outbox.wake();
    return () => outbox.close();
  });
}

function costsService({ settings, publishing, running, failed }: Composition): ChildSpec {
  return service('costs', SHUTDOWN_MS, () => {
    const costs = new Costs({ ...publishing, settings: settings.cost, failed: failed('budgets wait') });
    running.costs = costs;
    return () => costs.close();
  });
}

function busService({ connection, log, deadLetters, running }: Composition): ChildSpec {
  return service('bus', SHUTDOWN_MS, () => {
    const bus = new Bus(connection, INBOX, deadLetters.add);
    running.bus = bus;
    logBroker(bus, log);
    return () => bus.close();
  });
}

/** What is done about agents: tasks, health, steering; and what GitHub says. */
function workServices(composition: Composition): ChildSpec[] {
  const { settings, store, log, broker, connection, subjects, running, publishing, failed } = composition;
  const warn = (text: string, facts: object) => log.warn(facts, text);
  return [
    taskService({
      ...publishing,
      settings,
      failed: failed('tasks wait'),
      isReachable: () => running.bus.trouble.connected,
      opened: (tasks) => {
        running.tasks = tasks;
      },
    }),
    healthService({
      ...composition,
      ...publishing,
      access: () => broker.access('supervisor'),
      fleet: () => running.fleet,
      bus: () => running.bus,
      releaseTasks: (agent) => running.tasks.leases.releaseAgent(agent),
      warn,
      opened: (health) => {
        running.health = health;
      },
    }),
    signService({
      ...publishing,
      settings,
      shutdownMs: SHUTDOWN_MS,
      failed: failed('what logs say between two cycles is missed'),
      bus: () => running.bus,
      health: () => running.health,
      epochOf: (agent) => running.fleet.whereIs(agent)?.epoch,
    }),
    service('steering', settings.steering.timeoutMs + SHUTDOWN_MS, () => {
      const steering = new Steering({
        store,
        connection,
        subjects,
        settings: settings.steering,
        isPaused: (agent) => running.health.isPaused(agent),
        wakeOutbox: publishing.wakeOutbox,
        failed: failed('steering waits'),
      });
      running.steering = steering;
      return () => steering.close();
    }),
    githubService({
      ...publishing,
      settings,
      queue: () => running.tasks.queue,
      warn,
      opened: (github) => {
        running.github = github;
      },
    }),
  ];
}

function webhookServices({ settings, store, log, running, failed }: Composition): ChildSpec[] {
  const { webhook } = settings.github;
  if (webhook.port === undefined) return [];
  return [
    githubWebhook({
      settings: webhook,
      secret: process.env['VIGIL_GITHUB_WEBHOOK_SECRET'],
      store,
      runner: () => running.runner,
      failed: failed('sync for a webhook failed'),
      listening: (port) => log.info({ port }, 'webhooks are taken'),
    }),
  ];
}

/** What Vigil does by itself: cycles, syncs, tidying. */
function scheduleService({ settings, store, running, failed }: Composition): ChildSpec {
  return service('schedule', SHUTDOWN_MS, () => {
    const cycles = new CycleTimer(running.runner, settings.cycle.intervalMs, failed('cycle failed'));
    running.cycles = cycles;
    const endHousekeeping = keepHouse(
      store,
      {
        results: settings.results.keepDays,
        usage: settings.cost.keepDays,
        githubWrites: settings.github.keepDays,
      },
      failed('old rows could not be removed'),
    );
    const syncs = new SyncTimer(store, running.runner, settings.github.intervalMs, failed('sync failed'));
    return () => {
      syncs.close();
      cycles.close();
      endHousekeeping();
    };
  });
}
