import { setTimeout as wait } from 'node:timers/promises';
import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  ConsumerEvents,
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
} from 'nats';
import { readJson } from '../actors/runtime/wire.js';
import { messageOf, VigilError } from '../messages/errors.js';
import type { Subjects } from '../messages/subjects.js';
import type { Settings } from '../settings/schema.js';
import { Client } from './client.js';

/** A message of the stream: its sequence, and when it was stored (epoch milliseconds), as a sequence can be given anew. */
export interface Place {
  readonly seq: number;
  readonly at: number;
}

/** Where the stream is read from: behind a message, or from a time on (epoch milliseconds). */
export type Position = { readonly behind: Place } | { readonly since: number };

export interface StreamMessage extends Place {
  readonly subject: string;
  readonly body: unknown;
}

export interface ReadOptions {
  readonly settings: Settings;
  readonly from: Position;
  /** `vigil.event.>` and the like. */
  readonly filter: (subjects: Subjects) => string;
  /**
   * Go on when all that is there has been read. The broker or its supervisor may be away for any time then: whoever follows has
   * reached them before.
   */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** The broker is away and is tried again; told once each time. */
  away(why: string): void;
}

const NANOS_PER_MS = 1_000_000;
const RETRY_MS = 500;
const HEARTBEAT_MS = 2_000;
const EXPIRES_MS = 10_000;
const NEXT_MS = 1_000;
const MAX_MESSAGES = 500;
/** The broker forgets a reader that it has not heard of for this long. */
const INACTIVE_MS = 60_000;
/** Pieces of the client's status that mean that this consumer gives no more. */
const OVER: readonly string[] = [
  ConsumerEvents.HeartbeatsMissed,
  ConsumerEvents.ConsumerNotFound,
  ConsumerEvents.ConsumerDeleted,
  ConsumerEvents.StreamNotFound,
  ConsumerEvents.NoResponders,
];

/** The last message of now: what is published from now on comes behind it. */
export async function endOfStream(client: Client): Promise<Place> {
  const { state } = await streamInfo(await managerOf(client.connection), client.subjects.resultStream);
  return { seq: state.last_seq, at: Date.parse(state.last_ts) };
}

/**
 * Results and events in the order of the stream, each once. After a lost connection, or a supervisor that was started again
 * elsewhere, it goes on with the next one, on a new connection to whoever runs then.
 *
 * @throws VigilError BROKER, UNAVAILABLE where it is not followed.
 */
export async function* readStream(options: ReadOptions): AsyncGenerator<StreamMessage, void> {
  const { settings, follow, signal } = options;
  let from = options.from;
  let said = false;
  while (!signal.aborted) {
    let client: Client | undefined;
    try {
      client = await Client.find(settings);
      for await (const message of readOnce(client, { ...options, from })) {
        if (message === 'end' || signal.aborted) return;
        said = false;
        if (message === 'opened') continue;
        from = { behind: message };
        yield message;
      }
      if (signal.aborted) return;
      throw new VigilError('BROKER', 'the connection to the broker was lost');
    } catch (error) {
      if (!follow || !isAway(error)) throw error;
      if (!said) options.away(messageOf(error));
      said = true;
    } finally {
      // Drained it would wait for a broker that is gone.
      await client?.connection.close();
    }
    await wait(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Until the connection is lost, the consumer is gone or something was lost on the way; `end`: all has been read. */
async function* readOnce(
  { connection, subjects }: Client,
  { from, filter, follow, signal }: ReadOptions,
): AsyncGenerator<StreamMessage | 'opened' | 'end', void> {
  const manager = await managerOf(connection);
  const stream = subjects.resultStream;
  const isThere = 'since' in from || (await isStillThere(connection, manager, stream, from.behind));
  const start = 'since' in from || isThere ? from : { since: from.behind.at };
  const isNew = ({ at }: Place) => isThere || ('behind' in from && at > from.behind.at);
  const { name, num_pending } = await manager.consumers.add(stream, {
    ...configOf(start),
    filter_subject: filter(subjects),
  });
  const consumer = await connection.jetstream().consumers.get(stream, name);
  yield 'opened';
  if (!follow && num_pending === 0) yield 'end';
  const messages = await consume(consumer);
  const stop = () => messages.stop();
  signal.addEventListener('abort', stop);
  // It may have been told while the consumer was made.
  if (signal.aborted) stop();
  void stopWhenOver(connection, messages);
  let delivered = 0;
  try {
    for await (const message of messages) {
      const { deliverySequence, streamSequence, timestampNanos, pending } = message.info;
      delivered++;
      if (deliverySequence !== delivered) return;
      const place = { seq: streamSequence, at: msOf(timestampNanos) };
      if (isNew(place)) yield { ...place, subject: message.subject, body: readJson(message.data) };
      if (!follow && pending === 0) yield 'end';
    }
  } finally {
    signal.removeEventListener('abort', stop);
    messages.stop();
  }
}

/**
 * Whether the stream still has this message, or has let go of it by its bounds. A broker that was killed may have lost its last
 * ones, and give their sequences to others; a stream that was made anew counts from one again.
 */
async function isStillThere(
  connection: NatsConnection,
  manager: JetStreamManager,
  stream: string,
  { seq, at }: Place,
): Promise<boolean> {
  if (seq === 0) return true;
  const { state } = await streamInfo(manager, stream);
  if (state.last_seq < seq) return false;
  const { name } = await manager.consumers.add(stream, {
    ...configOf({ behind: { seq: seq - 1, at } }),
    headers_only: true,
  });
  const consumer = await connection.jetstream().consumers.get(stream, name);
  const found = await consumer.next({ expires: NEXT_MS });
  return (
    found === null || found.info.streamSequence > seq || msOf(found.info.timestampNanos) === Math.floor(at)
  );
}

function msOf(nanos: number): number {
  return Math.floor(nanos / NANOS_PER_MS);
}

function configOf(from: Position): Partial<ConsumerConfig> {
  return {
    ack_policy: AckPolicy.None,
    inactive_threshold: INACTIVE_MS * NANOS_PER_MS,
    mem_storage: true,
    ...('behind' in from
      ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from.behind.seq + 1 }
      : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(from.since).toISOString() }),
  };
}

function consume(consumer: Consumer): Promise<ConsumerMessages> {
  return consumer.consume({
    max_messages: MAX_MESSAGES,
    expires: EXPIRES_MS,
    idle_heartbeat: HEARTBEAT_MS,
  });
}

async function stopWhenOver(connection: NatsConnection, messages: ConsumerMessages): Promise<void> {
  const ofConnection = async () => {
    for await (const { type } of connection.status()) if (type === 'disconnect') return;
  };
  const ofConsumer = async () => {
    for await (const { type } of await messages.status()) if (OVER.includes(type)) return;
  };
  await Promise.race([ofConnection(), ofConsumer(), connection.closed()]);
  messages.stop();
}

function managerOf(connection: NatsConnection): Promise<JetStreamManager> {
  return connection.jetstreamManager({ checkAPI: false });
}

async function streamInfo(manager: JetStreamManager, stream: string) {
  try {
    return await manager.streams.info(stream);
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.code === 404)
      throw new VigilError(
        'UNAVAILABLE',
        `that broker has no stream ${stream}: no supervisor has run there; start one with "vigil start"`,
        { cause: error },
      );
    throw error;
  }
}

/** What may be over by itself: no supervisor or broker now, or one that does not answer in time. */
function isAway(error: unknown): boolean {
  if (error instanceof VigilError) return error.code === 'BROKER' || error.code === 'UNAVAILABLE';
  return error instanceof NatsError;
}
