import { resolve } from 'node:path';
import { Fleet } from '../actors/placement/fleet.js';
import { hostProcess, type LocalHost } from '../actors/placement/host-process.js';
import { LeaseWatch } from '../actors/placement/leases.js';
import { systemClock } from '../actors/runtime/clock.js';
import type { ChildSpec } from '../actors/runtime/supervision.js';
import { newId } from '../messages/ids.js';
import { announceHosts } from '../services/events.js';
import { service } from '../services/service.js';
import { hostOptions } from '../settings/host-options.js';
import { type Composition, SHUTDOWN_MS } from './composition.js';

/** Which agents there are, which hosts, and who is where. @param hosts the processes on this machine. */
export function fleetService(composition: Composition, hosts: readonly LocalHost[]): ChildSpec {
  const { settings, store, log, connection, subjects, running, publishing, failed } = composition;
  return service('fleet', SHUTDOWN_MS, async () => {
    await store.write(() => declareAgents(composition));
    const { bus } = running;
    const fleet = await Fleet.open(connection, subjects, store.agents.active(), failed('placement waits'));
    running.fleet = fleet;
    announceHosts(fleet, bus, publishing);
    const leases = await LeaseWatch.open(bus, subjects, {
      leaseMs: settings.hosts.leaseMs,
      clock: systemClock,
      joined: (lease) => fleet.hostJoined(lease),
      lost: (id, why) => {
        fleet.hostLost(id, why);
        for (const host of hosts) host.leaseLost(id);
      },
      invalid: (key) => log.error({ host: key }, 'lease does not fit its schema'),
      failed: (error) => log.warn({ err: error }, 'leases cannot be watched yet'),
    });
    return () => {
      leases.close();
      fleet.close();
    };
  });
}

/** Those of the settings; where there are none, and nobody registered any, the sample. */
function declareAgents({ settings, parts, store }: Composition): void {
  store.agents.declare(settings.agents, 'settings', Date.now());
  const { sample = [] } = parts;
  if (sample.length > 0 && store.agents.counts().active === 0)
    store.agents.declare(sample, 'sample', Date.now());
}

/** The host processes of this machine, not started yet. */
export function localHosts({ settings, parts, dataDir, log, broker, running }: Composition): LocalHost[] {
  const { count, drainMs } = settings.hosts;
  return Array.from({ length: count }, (_, slot) =>
    hostProcess({
      slot,
      module: parts.hostModule ?? new URL('../host-main.js', import.meta.url),
      options: () =>
        hostOptions(
          settings,
          `h${slot}-${newId()}`,
          broker.access('host'),
          resolve(dataDir, 'logs', `host-${slot}.log`),
        ),
      shutdownMs: drainMs + SHUTDOWN_MS,
      ended: (id, why) => running.fleet.hostLost(id, why),
      said: (line) => log.warn({ slot, line }, 'host says'),
    }),
  );
}
