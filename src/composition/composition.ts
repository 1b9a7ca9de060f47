import type { NatsConnection } from 'nats';
import type { Fleet } from '../actors/placement/fleet.js';
import type { Bus } from '../actors/runtime/bus.js';
import type { Broker } from '../broker/broker.js';
import { Http } from '../http/http-service.js';
import type { Logger } from '../log.js';
import type { AgentSpec } from '../messages/agents.js';
import type { CoherenceReport, Profile } from '../messages/analysis.js';
import type { Subjects } from '../messages/subjects.js';
import type { Costs } from '../services/cost/costs.js';
import type { CycleTimer } from '../services/cycle-timer.js';
import { DeadLetters } from '../services/dead-letters.js';
import type { Publishing } from '../services/events.js';
import type { GitHubSync } from '../services/github/github-sync.js';
import type { Health } from '../services/health/health.js';
import type { OutboxDrain } from '../services/outbox-drain.js';
import type { RequestRunner } from '../services/request-runner.js';
import type { Handlers } from '../services/rpc-service.js';
import type { Steering } from '../services/steering.js';
import type { RunningTasks } from '../services/tasks/task-handlers.js';
import type { Settings } from '../settings/schema.js';
import type { Store } from '../store/store.js';
import { VERSION } from '../version.js';
import type { Root } from './root.js';

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

/** From SIGTERM to force, for a service that has nothing long to end. */
export const SHUTDOWN_MS = 5_000;
/** Where the supervisor's answers come. */
export const INBOX = '_INBOX_supervisor';

/** What is there before the first service, and stays. */
export interface Foundation {
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

/**
 * What the services have opened. Each is there once its service has started, and another one after a restart: it is looked
 * up here when it is needed, and never kept.
 */
export interface Running {
  outbox: OutboxDrain;
  costs: Costs;
  bus: Bus;
  fleet: Fleet;
  tasks: RunningTasks;
  health: Health;
  steering: Steering;
  github: GitHubSync;
  runner: RequestRunner;
  handlers: Handlers;
  cycles?: CycleTimer;
}

/** What a service is made from. */
export interface Composition extends Foundation {
  readonly running: Running;
  readonly publishing: Publishing;
  readonly deadLetters: DeadLetters;
  readonly http: Http;
  /** Logs an error that nobody waits for, and what it means. */
  failed(what: string): (error: unknown, request?: string) => void;
}

export function compose(foundation: Foundation): Composition {
  const { store, subjects, log } = foundation;
  const running = {} as Running;
  const failed = (what: string) => (error: unknown, request?: string) =>
    log.error({ err: error, request }, what);
  const publishing: Publishing = {
    store,
    subjects,
    wakeOutbox: () => running.outbox.wake(),
    failed: failed('event could not be recorded'),
  };
  const http = new Http({
    ...foundation,
    version: VERSION,
    handlers: () => running.handlers,
    missing: () => (running.bus.trouble.connected ? [] : ['broker']),
    failed: (what, error) => log.error({ request: what, err: error }, 'http request failed'),
  });
  return { ...foundation, running, publishing, deadLetters: new DeadLetters(publishing), http, failed };
}
