import type { JetStreamManager, NatsConnection } from 'nats';
import type { Subjects } from '../messages/subjects.js';
import { orRefused } from './refusals.js';

const NANOS_PER_MS = 1_000_000;

/** What the settings say of the buckets. */
export interface BucketSettings {
  readonly leaseMs: number;
  /** Servers of a cluster that keep a copy. */
  readonly replicas: number;
}

/** Makes the two buckets of the fleet, or brings them to these settings when they are there. */
export async function ensureBuckets(
  connection: NatsConnection,
  subjects: Subjects,
  { leaseMs, replicas }: BucketSettings,
): Promise<void> {
  const { views } = connection.jetstream();
  const manager = await connection.jetstreamManager();
  // The client leaves a bucket as it is where it is there. The lifetime of leases only sweeps up: who is alive is decided
  // by `LeaseWatch`.
  const lifetimes = [
    [subjects.placementBucket, 0],
    [subjects.hostBucket, Math.max(60_000, leaseMs * 10)],
  ] as const;
  for (const [bucket, ttl] of lifetimes) {
    await orRefused(`bucket ${bucket}`, 'set nats.replicas to what the broker has servers for', async () => {
      await views.kv(bucket, { history: 1, replicas, ttl });
      await adjust(manager, `KV_${bucket}`, replicas, ttl * NANOS_PER_MS);
    });
  }
}

async function adjust(
  { streams }: JetStreamManager,
  name: string,
  replicas: number,
  maxAge: number,
): Promise<void> {
  const { config } = await streams.info(name);
  if (config.num_replicas === replicas && config.max_age === maxAge) return;
  await streams.update(name, {
    num_replicas: replicas,
    max_age: maxAge,
    // The server made it as long as messages may live then, and refuses one that is longer.
    duplicate_window: maxAge === 0 ? config.duplicate_window : Math.min(config.duplicate_window, maxAge),
  });
}
