import { dirname, join } from 'node:path';
import type { KvEntry, NatsConnection, QueuedIterator } from 'nats';
import { AnalysisCrash, agentBehaviour, type Review } from './actors/agent.js';
import type { Checkpoints } from './actors/agent-checkpoint.js';
import { type LogsPosition, openAgentLogs } from './actors/agent-logs.js';
import { AgentOutput, type OutputSource } from './actors/agent-output.js';
import { hostBehaviour } from './actors/host-keeper.js';
import { LogFollower } from './actors/log-follower.js';
import type { LogReader } from './actors/log-reader.js';
import { startCommand } from './actors/restart-command.js';
import { Bus } from './actors/runtime/bus.js';
import { systemClock } from './actors/runtime/clock.js';
import { ActorSystem } from './actors/runtime/system.js';
import { readJson } from './actors/runtime/wire.js';
import { connectBroker, endConnection } from './broker/connect.js';
import { whenLed, whenThereIsAFleet } from './broker/readiness.js';
import { createLog, type Logger, logBroker } from './log.js';
import { createParsePool } from './logs/parse-pool.js';
import { Placement } from './messages/actor-protocols.js';
import type { AgentSpec } from './messages/agents.js';
import { CHECKPOINT_PROTOCOL } from './messages/checkpoints.js';
import { messageOf, parseWith } from './messages/errors.js';
import { LLM_PROTOCOL } from './messages/llm.js';
import type { AgentFailed, DeadLetter } from './messages/results.js';
import { Subjects } from './messages/subjects.js';
import { type Complete, judgeByModel } from './model/llm-judge.js';
import { poolFigures } from './pool/open-pools.js';
import type { HostOptions } from './settings/host-options.js';
import { VERSION } from './version.js';

export interface Host {
  readonly id: string;
  /** Leaves the fleet, lets its actors finish, disconnects. */
  stop(): Promise<void>;
}

export interface HostParts {
  /** Reviews the rules' verdicts; by the settings when absent. */
  readonly review?: Review;
  /** No supervisor has been at the broker yet; it is waited for. */
  readonly onWaiting?: () => void;
  /** Opens the logs of an agent; from the file system when absent. */
  readonly openLogs?: (spec: AgentSpec, from?: unknown) => LogReader;
}

/** Starts a host in this process: it joins the fleet and runs the actors of the agents that are placed on it. */
export async function startHost(options: HostOptions, parts: HostParts = {}): Promise<Host> {
  const log = createLog(`host ${options.id}`, options.logLevel, options.logFile, options.ownLogs);
  const subjects = new Subjects(options.prefix);
  const inbox = `_INBOX_host.${options.id}`;
  const connection = await connectBroker(options, `${options.prefix} host ${options.id}`, inbox);
  const deadLetter = (letter: Omit<DeadLetter, 'at'>) => {
    bus.publish(subjects.deadLetter, { at: new Date().toISOString(), ...letter } satisfies DeadLetter);
  };
  const bus = new Bus(connection, inbox, deadLetter);
  logBroker(bus, log);
  const pool = createParsePool({ threads: options.threads });
  const system = new ActorSystem({
    id: options.id,
    subjects,
    bus,
    clock: systemClock,
    policy: options.restart,
    mailbox: options.mailbox,
    drainMs: options.drainMs,
    onCrash: (actor, error) =>
      log.error({ agent: actor.id, ...requestOf(error), err: error }, 'actor crashed'),
    onGiveUp: (actor, error) => {
      log.error({ agent: actor.id, ...requestOf(error), err: error }, 'actor crashed too often, given up');
      bus.publish(subjects.agentEvent(actor.id, 'failed'), {
        at: new Date().toISOString(),
        agent: actor.id,
        host: options.id,
        message: messageOf(error),
      } satisfies AgentFailed);
    },
  });
  const commandLog = (agent: string) =>
    options.logFile === undefined ? undefined : join(dirname(options.logFile), `restart-${agent}.log`);
  const review = parts.review ?? reviewBySettings(options, bus, subjects);
  const openLogs =
    parts.openLogs ??
    ((spec: AgentSpec, from?: unknown) =>
      spec.stream === true
        ? new AgentOutput({
            source: outputSource(bus, subjects, spec.id, () => follower?.touched(spec.id)),
            parse: pool.parse,
            limits: options.logs,
            maxPendingChars: options.logs.maxPendingChars,
          })
        : openAgentLogs(
            spec,
            {
              cwd: process.cwd(),
              parse: pool.parse,
              limits: options.logs,
              maxReads: options.logs.maxReads,
            },
            // What this very kind of reader gave out: the checkpoint's key says so.
            from as LogsPosition | undefined,
          ));
  const behaviourOf = (spec: AgentSpec) =>
    agentBehaviour({
      spec,
      host: options.id,
      thresholds: options.rules,
      review,
      recentEvents: options.judge.recentEvents,
      openLogs,
      checkpoints: checkpointsOver(bus, subjects, options, log),
    });
  await system.spawn(
    hostBehaviour({
      tree: (limit) => system.tree(limit),
      runCommand: options.runCommands
        ? (agent, restart) => startCommand(restart, commandLog(agent))
        : undefined,
    }),
    options.id,
  );
  const follower = logFollower(system, bus, subjects, options, log);
  const residents = new Residents(options.id, system, behaviourOf, follower, log);
  await whenThereIsAFleet(connection, subjects, parts.onWaiting ?? (() => {}));
  const placement = await followPlacement(bus, subjects, residents, options.connectTimeoutMs, log);
  const lease = await holdLease(connection, subjects, options, () => residents.size, log);

  return {
    id: options.id,
    stop: async () => {
      // A broker that is away takes no leave: the lease runs out by itself.
      if (bus.connected) await lease.release();
      else lease.abandon();
      placement.stop();
      follower?.close();
      await system.stop();
      bus.close();
      await endConnection(connection);
      await pool.close();
    },
  };
}

/** The request that an actor crashed over. */
function requestOf(error: Error): { request?: string } {
  return error instanceof AnalysisCrash ? { request: error.requestId } : {};
}

/** The lines of an agent that has no files here. What is not JSON arrives as undefined, which fits no schema. */
function outputSource(bus: Bus, subjects: Subjects, agent: string, came: () => void): OutputSource {
  return {
    subscribe: (take) => {
      const subscription = bus.connection.subscribe(subjects.output(agent), {
        callback: (error, message) => {
          if (error !== null) return;
          take(readJson(message.data));
          came();
        },
      });
      return () => subscription.unsubscribe();
    },
    requestReplay: () => bus.publish(subjects.replay(agent), {}),
  };
}

/** How long a checkpoint is waited for; without it the logs are read from their start. */
const CHECKPOINT_MS = 5_000;

/** Checkpoints by way of the supervisor, which has the record. */
function checkpointsOver(
  bus: Bus,
  subjects: Subjects,
  options: HostOptions,
  log: Logger,
): Checkpoints | undefined {
  const { checkpointBytes } = options.logs;
  if (checkpointBytes === 0) return undefined;
  const subject = subjects.actor('checkpoints', 'main');
  const { load, save } = CHECKPOINT_PROTOCOL;
  const wait = { timeoutMs: CHECKPOINT_MS };
  return {
    version: VERSION,
    everyBytes: checkpointBytes,
    load: async (agent, key) => {
      const { body } = await bus.ask(subject, 'load', { agent, key }, wait);
      return parseWith(load.reply, body, 'checkpoint').data ?? undefined;
    },
    save: async (agent, key, events, data) => {
      const { body } = await bus.ask(subject, 'save', { agent, key, events, data }, wait);
      parseWith(save.reply, body, 'checkpoint');
    },
    failed: (agent, error) =>
      log.warn({ agent, err: error }, 'no checkpoint; its logs are read from their start'),
  };
}

/** How long an actor may take to read what is new; a first reading of a large log may take longer, and goes on. */
const GLANCE_MS = 30_000;
const TELL_MS = 5_000;

/** Follows the logs of the agents that are placed here; undefined where the settings say not to. */
function logFollower(
  system: ActorSystem,
  bus: Bus,
  subjects: Subjects,
  { logs: { followMs } }: HostOptions,
  log: Logger,
): LogFollower | undefined {
  if (followMs === 0) return undefined;
  return new LogFollower({
    everyMs: followMs,
    cwd: process.cwd(),
    glance: (agent, epoch) => system.askHere({ kind: 'agent', id: agent, epoch }, 'glance', {}, GLANCE_MS),
    tell: async (agent, epoch, sign) => {
      await bus.ask(subjects.actor('signs', 'main'), 'sign', { agent, epoch, sign }, { timeoutMs: TELL_MS });
    },
    failed: (agent, error) =>
      log.warn({ agent, err: error }, 'its log cannot be followed between two cycles'),
  });
}

/** By the model, where the settings say so. */
function reviewBySettings({ judge }: HostOptions, bus: Bus, subjects: Subjects): Review | undefined {
  if (judge.kind === 'rules') return undefined;
  const subject = subjects.actor('llm', 'main');
  const complete: Complete = async (request, signal) => {
    const { body } = await bus.ask(subject, 'complete', request, { timeoutMs: judge.waitMs, signal });
    return parseWith(LLM_PROTOCOL.complete.reply, body, 'completion');
  };
  return (rules, recent, signal) => judgeByModel(rules, recent, judge, complete, signal);
}

/** The agents' actors of this host, as the placement bucket wants them. Changes of one agent come one after another. */
class Residents {
  readonly #host: string;
  readonly #system: ActorSystem;
  readonly #behaviourOf: (spec: AgentSpec) => ReturnType<typeof agentBehaviour>;
  readonly #follower: LogFollower | undefined;
  readonly #log: Logger;
  /** What runs here: the spec it was started with, as text, because specs come anew with each entry. */
  readonly #specs = new Map<string, string>();
  readonly #changes = new Map<string, Promise<void>>();

  constructor(
    host: string,
    system: ActorSystem,
    behaviourOf: (spec: AgentSpec) => ReturnType<typeof agentBehaviour>,
    follower: LogFollower | undefined,
    log: Logger,
  ) {
    this.#host = host;
    this.#system = system;
    this.#behaviourOf = behaviourOf;
    this.#follower = follower;
    this.#log = log;
  }

  get size(): number {
    return this.#specs.size;
  }

  apply(agent: string, placement: Placement | undefined, revision: number): void {
    const before = this.#changes.get(agent) ?? Promise.resolve();
    const change = before
      .then(() =>
        placement?.host === this.#host
          ? this.#run(placement.spec, revision)
          : this.#end(agent, placement !== undefined),
      )
      .catch((error: unknown) => this.#log.error({ agent, err: error }, 'agent could not be placed here'))
      .finally(() => {
        if (this.#changes.get(agent) === change) this.#changes.delete(agent);
      });
    this.#changes.set(agent, change);
  }

  async #run(spec: AgentSpec, revision: number): Promise<void> {
    const text = JSON.stringify(spec);
    if (this.#specs.get(spec.id) === text) {
      this.#system.renew('agent', spec.id, revision);
      this.#follower?.follow(spec, revision);
      return;
    }
    await this.#end(spec.id, true);
    this.#specs.set(spec.id, text);
    try {
      await this.#system.spawn(this.#behaviourOf(spec), spec.id, revision);
      this.#follower?.follow(spec, revision);
    } catch (error) {
      this.#specs.delete(spec.id);
      throw error;
    }
  }

  /** @param moved it goes on on another host. */
  async #end(agent: string, moved: boolean): Promise<void> {
    if (!this.#specs.delete(agent)) return;
    this.#follower?.unfollow(agent);
    await this.#system.stopActor('agent', agent, moved);
  }
}

/** Wait before the placement is followed again when the broker could not serve it yet. */
const REFOLLOW_MS = 500;

/** Follows the placement bucket, anew after each reconnect: the broker forgets a watch when it restarts. */
async function followPlacement(
  bus: Bus,
  subjects: Subjects,
  residents: Residents,
  waitMs: number,
  log: Logger,
): Promise<{ stop(): void }> {
  const { views } = bus.connection.jetstream();
  const bucket = await whenLed(waitMs, () => views.kv(subjects.placementBucket, { bindOnly: true }));
  let entries: QueuedIterator<KvEntry> | undefined;
  const follow = async (): Promise<void> => {
    const own = await bucket.watch();
    entries = own;
    const read = async () => {
      for await (const entry of own) residents.apply(entry.key, readPlacement(entry, log), entry.revision);
    };
    read().catch((error: unknown) => log.error({ err: error }, 'placement watch ended'));
  };
  let retry: NodeJS.Timeout | undefined;
  const again = () => {
    clearTimeout(retry);
    entries?.stop();
    follow().catch((error: unknown) => {
      // The stream may come back later than the connection; without the watch this host would miss its agents.
      log.warn({ err: error }, 'placement cannot be followed yet');
      if (bus.connected) retry = setTimeout(again, REFOLLOW_MS);
    });
  };
  bus.on('reconnect', again);
  await whenLed(waitMs, follow);
  return {
    stop: () => {
      clearTimeout(retry);
      bus.off('reconnect', again);
      entries?.stop();
    },
  };
}

/** Undefined when the agent is placed nowhere. */
function readPlacement(entry: KvEntry, log: Logger): Placement | undefined {
  if (entry.operation !== 'PUT') return undefined;
  let value: unknown;
  try {
    value = entry.json();
  } catch (error) {
    log.error({ agent: entry.key, err: error }, 'placement is not JSON');
    return undefined;
  }
  const parsed = Placement.safeParse(value);
  if (parsed.success && parsed.data.spec.id === entry.key) return parsed.data;
  log.error({ agent: entry.key, err: parsed.error }, 'placement does not fit its schema');
  return undefined;
}

async function holdLease(
  connection: NatsConnection,
  subjects: Subjects,
  options: HostOptions,
  agents: () => number,
  log: Logger,
): Promise<{ release(): Promise<void>; abandon(): void }> {
  const { connectTimeoutMs: waitMs } = options;
  const { views } = connection.jetstream();
  const bucket = await whenLed(waitMs, () => views.kv(subjects.hostBucket, { bindOnly: true }));
  let beat = 0;
  const renew = () =>
    bucket.put(
      options.id,
      JSON.stringify({
        id: options.id,
        pid: process.pid,
        label: options.label,
        beat: beat++,
        agents: agents(),
        pools: poolFigures(),
      }),
    );
  await whenLed(waitMs, renew);
  const timer = setInterval(() => {
    renew().catch((error: unknown) => log.warn({ err: error }, 'lease could not be renewed'));
  }, options.leaseMs / 3);
  return {
    abandon: () => clearInterval(timer),
    release: async () => {
      clearInterval(timer);
      await bucket
        .delete(options.id)
        .catch((error: unknown) => log.warn({ err: error }, 'lease could not be given back'));
    },
  };
}
