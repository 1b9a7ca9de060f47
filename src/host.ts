import { dirname, join } from 'node:path';
import { AnalysisCrash, agentBehaviour, type Review } from './actors/agent.js';
import { type LogsPosition, openAgentLogs } from './actors/agent-logs.js';
import { AgentOutput, type OutputSource } from './actors/agent-output.js';
import { hostBehaviour } from './actors/host-keeper.js';
import type { LogReader } from './actors/log-reader.js';
import { startCommand } from './actors/restart-command.js';
import { Bus } from './actors/runtime/bus.js';
import { systemClock } from './actors/runtime/clock.js';
import { ActorSystem } from './actors/runtime/system.js';
import { readJson } from './actors/runtime/wire.js';
import { connectBroker, endConnection } from './broker/connect.js';
import { whenThereIsAFleet } from './broker/readiness.js';
import { checkpointsOver, logFollower, reviewBySettings } from './composition/host-links.js';
import { holdLease } from './composition/lease.js';
import { followPlacement, Residents } from './composition/residents.js';
import { createLog, logBroker } from './log.js';
import { createParsePool } from './logs/parse-pool.js';
import type { AgentSpec } from './messages/agents.js';
import { messageOf } from './messages/errors.js';
import type { AgentFailed, DeadLetter } from './messages/results.js';
import { Subjects } from './messages/subjects.js';
import type { HostOptions } from './settings/host-options.js';

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
