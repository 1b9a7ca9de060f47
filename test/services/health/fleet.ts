import type { NatsConnection } from 'nats';
import type { Test } from 'tap';
import { type Clock, systemClock } from '../../../src/actors/runtime/clock.js';
import type { Heartbeat } from '../../../src/messages/agent-wire.js';
import type { AgentSpec } from '../../../src/messages/agents.js';
import { Subjects } from '../../../src/messages/subjects.js';
import { Health, type HealthParts } from '../../../src/services/health/health.js';
import { Settings } from '../../../src/settings/schema.js';
import { createStore, type Store } from '../../../src/store/store.js';
import { TestBroker } from '../../actors/broker.js';
import { testFolder } from '../../folder.js';

/** Fast enough for tests. */
const FAST = {
  restart: 'all',
  expectedMs: { starting: 200, running: 200, paused: 200, restarting: 200, stopping: 200 },
  checkMs: 50,
  toleranceMs: 50,
  reconnectGraceMs: 1_000,
  controlMs: 300,
  upMs: 1_000,
  coolDownMs: 100,
  jitter: 0,
  flushMs: 50,
  sampleMs: 50,
  statusMs: 50,
};

export interface FleetOptions {
  readonly settings?: object;
  readonly clock?: Clock;
  readonly dataDir?: string;
  /** Where the health connects, if not to the broker itself. */
  readonly port?: number;
  readonly pingIntervalMs?: number;
  readonly releaseTasks?: (agent: string) => Promise<number>;
}

/** The health of a fleet on a real broker and a real database, with agents that the test plays. */
export class TestFleet {
  readonly health: Health;
  readonly store: Store;
  readonly broker: TestBroker;
  readonly agents: NatsConnection;
  readonly warnings: string[] = [];
  readonly errors: unknown[] = [];
  #closed = false;

  private constructor(
    t: Test,
    broker: TestBroker,
    own: NatsConnection,
    agents: NatsConnection,
    options: FleetOptions,
  ) {
    this.broker = broker;
    this.agents = agents;
    const dataDir = options.dataDir ?? testFolder(t);
    this.store = createStore(dataDir);
    const parts: HealthParts = {
      connection: own,
      settings: Settings.parse({ health: { ...FAST, ...options.settings } }),
      clock: options.clock ?? systemClock,
      store: this.store,
      subjects: new Subjects(),
      wakeOutbox: () => {},
      failed: (error) => this.errors.push(error),
      runOnHost: async () => ({ pid: 1, exitCode: 0, output: '' }),
      commandLog: (agent) => `${dataDir}/restart-${agent}.log`,
      releaseTasks: options.releaseTasks ?? (async () => 0),
      warn: (text) => this.warnings.push(text),
    };
    this.health = new Health(parts);
    t.teardown(async () => {
      await this.close();
      if (this.errors.length > 0) throw new Error(`failed unseen: ${this.errors.map(String).join('; ')}`);
    });
  }

  static async start(t: Test, options: FleetOptions = {}): Promise<TestFleet> {
    return TestFleet.on(t, await TestBroker.start(t), options);
  }

  static async on(t: Test, broker: TestBroker, options: FleetOptions = {}): Promise<TestFleet> {
    const { port, pingIntervalMs } = options;
    const own = await broker.connect(t, 'health', {
      ...(port === undefined ? {} : { port }),
      ...(pingIntervalMs === undefined ? {} : { pingIntervalMs }),
    });
    const fleet = new TestFleet(t, broker, own, await broker.connect(t, 'agents'), options);
    await own.flush();
    return fleet;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.health.close();
    this.store.close();
  }

  async register(agents: readonly (string | AgentSpec)[]): Promise<void> {
    const specs = agents.map((each) => (typeof each === 'string' ? { id: each, logs: [] } : each));
    await this.store.write(() => this.store.agents.register(specs, 'wire', Date.now()));
    this.health.registered(specs);
  }

  /** Bodies of the events that wait in the outbox, in order. */
  events<T = Record<string, unknown>>(pattern: RegExp): T[] {
    return this.store.outbox
      .next(0, 100_000)
      .filter(({ subject }) => pattern.test(subject))
      .map(({ payload }) => JSON.parse(payload) as T);
  }

  healthOf(agent: string) {
    return this.health.of(agent, 0).health;
  }

  stateOf(agent: string) {
    return this.health.of(agent, 0).status.state;
  }
}

/** An agent with a heart that beats until it is stopped, and that answers its control. */
export class PlayedAgent {
  readonly id: string;
  readonly #connection: NatsConnection;
  readonly #fields: Partial<Heartbeat>;
  #timer: NodeJS.Timeout | undefined;
  seq = 0;
  restarts = 0;

  constructor(t: Test, fleet: TestFleet, id: string, fields: Partial<Heartbeat> = {}) {
    this.id = id;
    this.#connection = fleet.agents;
    this.#fields = fields;
    t.teardown(() => this.silence());
  }

  get instance(): string {
    return this.#fields.instance ?? 'i1';
  }

  beat(fields: Partial<Heartbeat> = {}): void {
    const body: Heartbeat = {
      instance: 'i1',
      seq: this.seq++,
      at: new Date().toISOString(),
      state: 'running',
      pid: 1,
      intervalMs: 200,
      restarts: this.restarts,
      ...this.#fields,
      ...fields,
    };
    if (!this.#connection.isClosed())
      this.#connection.publish(`vigil.agent.${this.id}.heartbeat`, JSON.stringify(body));
  }

  live(): this {
    this.beat();
    this.#timer ??= setInterval(() => this.beat(), 100);
    return this;
  }

  silence(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Answers `control: restart` after `ms`, up again unless told otherwise. */
  obey(ms = 0, { up = true } = {}): this {
    this.#connection.subscribe(`vigil.agent.${this.id}.control`, {
      callback: (_error, message) => {
        setTimeout(() => {
          if (this.#connection.isClosed()) return;
          this.restarts++;
          if (up) this.live();
          const reply = { action: 'restart', state: 'running', at: new Date().toISOString() };
          message.respond(JSON.stringify(reply));
        }, ms);
      },
    });
    return this;
  }
}
