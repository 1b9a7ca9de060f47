import {
  DiscardPolicy,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from 'nats';
import type { Subjects } from '../messages/subjects.js';
import { STREAM_NOT_FOUND } from './readiness.js';
import { orRefused } from './refusals.js';

const NANOS_PER_MS = 1_000_000;
/** How long the server remembers message ids: a result that is sent again after a crash is one it has already. */
const DUPLICATE_WINDOW_MS = 3_600_000;
const TRIGGER_MAX_BYTES = 256 * 1024 * 1024;

/** Bounds of the result stream. */
export interface StreamLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/**
 * Makes the two streams, or brings them to these limits when they are there.
 *
 * @param replicas servers of a cluster that keep a copy.
 */
export async function ensureStreams(
  connection: NatsConnection,
  subjects: Subjects,
  limits: StreamLimits,
  replicas = 1,
): Promise<void> {
  const manager = await connection.jetstreamManager();
  await ensure(manager, {
    name: subjects.triggerStream,
    subjects: [subjects.allTriggers],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    // A full queue refuses the publisher: an accepted trigger is never dropped.
    discard: DiscardPolicy.New,
    max_bytes: TRIGGER_MAX_BYTES,
    duplicate_window: DUPLICATE_WINDOW_MS * NANOS_PER_MS,
    num_replicas: replicas,
  });
  await ensure(manager, {
    name: subjects.resultStream,
    subjects: [subjects.allResults, subjects.allEvents],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: limits.maxAgeMs * NANOS_PER_MS,
    max_bytes: limits.maxBytes,
    duplicate_window: Math.min(DUPLICATE_WINDOW_MS, limits.maxAgeMs) * NANOS_PER_MS,
    num_replicas: replicas,
  });
}

async function ensure(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<void> {
  const mend = 'set nats.replicas, results.maxBytes or prefix to what the broker takes';
  await orRefused(`stream ${config.name}`, mend, async () => {
    if (await exists(manager, config.name)) await manager.streams.update(config.name, config);
    else await manager.streams.add(config);
  });
}

async function exists(manager: JetStreamManager, name: string): Promise<boolean> {
  try {
    await manager.streams.info(name);
    return true;
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === STREAM_NOT_FOUND) return false;
    throw error;
  }
}
