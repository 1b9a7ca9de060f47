import type { NatsConnection } from 'nats';
import { whenLed } from '../broker/readiness.js';
import type { Logger } from '../log.js';
import type { Subjects } from '../messages/subjects.js';
import { poolFigures } from '../pool/open-pools.js';
import type { HostOptions } from '../settings/host-options.js';

/** Holds a host's lease: it is in the fleet for as long as it renews it. Released, its agents move at once. */
export async function holdLease(
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
