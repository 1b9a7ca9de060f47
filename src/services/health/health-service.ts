import { join } from 'node:path';
import type { Fleet } from '../../actors/placement/fleet.js';
import type { CommandStart } from '../../actors/restart-command.js';
import type { Bus } from '../../actors/runtime/bus.js';
import { systemClock } from '../../actors/runtime/clock.js';
import type { ChildSpec } from '../../actors/runtime/supervision.js';
import { type ConnectSettings, connectBroker, endConnection } from '../../broker/connect.js';
import { HOST_PROTOCOL } from '../../messages/actor-protocols.js';
import type { RestartCommand } from '../../messages/agents.js';
import { parseWith, VigilError } from '../../messages/errors.js';
import type { Subjects } from '../../messages/subjects.js';
import type { Settings } from '../../settings/schema.js';
import type { Publishing } from '../events.js';
import { service } from '../service.js';
import { Health, type HealthParts } from './health.js';

const INBOX = '_INBOX_supervisor.health';
/** A command that starts is watched for a second. */
const COMMAND_MS = 10_000;
/** Besides the restarts under way, which end by their own times. */
const SHUTDOWN_MS = 5_000;

export interface HealthServiceParts extends Publishing, Pick<HealthParts, 'releaseTasks' | 'warn'> {
  readonly settings: Settings;
  /** Where the broker is, with the supervisor's key. */
  access(): Pick<ConnectSettings, 'url' | 'nkeyFile' | 'credsFile'>;
  readonly dataDir: string;
  fleet(): Fleet;
  bus(): Bus;
  opened(health: Health): void;
}

/** The fleet's health as a service, on a connection of its own. */
export function healthService(parts: HealthServiceParts): ChildSpec {
  const { settings, subjects, dataDir, fleet, bus } = parts;
  return service('health', settings.health.controlMs + SHUTDOWN_MS, async () => {
    const connection = await connectBroker(
      { ...settings.nats, ...parts.access() },
      `${settings.prefix} health`,
      INBOX,
    );
    const health = new Health({
      ...parts,
      connection,
      clock: systemClock,
      runOnHost: (label, agent, restart) => runOnHost(fleet(), bus(), subjects, label, agent, restart),
      commandLog: (agent) => join(dataDir, 'logs', `restart-${agent}.log`),
    });
    parts.opened(health);
    return async () => {
      await health.close();
      await endConnection(connection);
    };
  });
}

async function runOnHost(
  fleet: Fleet,
  bus: Bus,
  subjects: Subjects,
  label: string,
  agent: string,
  restart: RestartCommand,
): Promise<CommandStart> {
  const host = fleet.hosts.find((each) => each.label === label);
  if (host === undefined)
    throw new VigilError('UNAVAILABLE', `no live host has the label ${label} to run its restart command`);
  const body = { agent, restart };
  const answer = await bus.ask(subjects.actor('host', host.id), 'command', body, { timeoutMs: COMMAND_MS });
  return parseWith(HOST_PROTOCOL.command.reply, answer.body, 'host');
}
