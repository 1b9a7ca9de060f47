import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, type NatsConnection, NatsError } from 'nats';
import { VigilError } from '../messages/errors.js';
import type { Subjects } from '../messages/subjects.js';

/** JetStream's own codes: not there, and the servers of a cluster have not agreed on a leader. */
export const STREAM_NOT_FOUND = 10_059;
const TEMPORARILY_UNAVAILABLE = 10_008;
const RETRY_MS = 250;

/**
 * Does something that needs JetStream, again while a cluster that has just started, or has lost a server, has no leader.
 *
 * @throws VigilError BROKER when it has none after `ms`; whatever else `action` throws.
 */
export async function whenLed<T>(ms: number, action: () => Promise<T>): Promise<T> {
  const endsAt = performance.now() + ms;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!isLeaderless(error)) throw error;
      if (performance.now() > endsAt)
        throw new VigilError('BROKER', `JetStream is not available at the broker, ${ms} ms after the start`, {
          cause: error,
        });
      await sleep(RETRY_MS);
    }
  }
}

/**
 * Waits until a supervisor has made the buckets through which a host joins its fleet: machines start in any order.
 *
 * @param waiting called once when it has to be waited for.
 */
export async function whenThereIsAFleet(
  connection: NatsConnection,
  subjects: Subjects,
  waiting: () => void,
): Promise<void> {
  const manager = await connection.jetstreamManager({ checkAPI: false });
  let told = false;
  for (const bucket of [subjects.placementBucket, subjects.hostBucket]) {
    while (!(await isThere(() => manager.streams.info(`KV_${bucket}`)))) {
      if (!told) waiting();
      told = true;
      await sleep(RETRY_MS);
    }
  }
}

async function isThere(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if (isLeaderless(error)) return false;
    if (error instanceof NatsError && error.api_error?.err_code === STREAM_NOT_FOUND) return false;
    throw error;
  }
}

/** Passes by itself: JetStream starts, or its servers choose a leader. */
export function isLeaderless(error: unknown): boolean {
  if (!(error instanceof NatsError)) return false;
  if (error.api_error?.err_code === TEMPORARILY_UNAVAILABLE) return true;
  return [ErrorCode.Timeout, ErrorCode.NoResponders, ErrorCode.JetStreamNotEnabled].includes(
    error.code as ErrorCode,
  );
}
