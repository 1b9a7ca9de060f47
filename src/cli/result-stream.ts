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

/** Where the stream is read from: a sequence, or a time (epoch milliseconds). */
export type Position = { readonly seq: number } | { readonly since: number };

export interface StreamMessage {
  readonly subject: string;
  /** Its place in the stream. */
  readonly seq: number;
  /** When it was stored, epoch milliseconds. */
  readonly at: number;
  readonly body: unknown;
}

export interface ReadOptions {
  readonly settings: Settings;
  readonly from: Position;
  /** `vigil.event.>` and the like. */
  readonly filter: (subjects: Subjects) => string;
  /** Go on when all that is there has been read; the broker or its supervisor may go away and come again meanwhile. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** The broker is away and is tried again; told once each time. */
  away(why: string): void;
}

const NANOS_PER_MS = 1_000_000;
const RETRY_MS = 500;
const HEARTBEAT_MS = 2_000;
const EXPIRES_MS = 10_000;
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

/** The place behind the last message: what is published from now on comes at or behind it. */
export async function endOfStream(client: Client): Promise<number> {
  const { state } = await streamInfo(await managerOf(client.connection), client.subjects.resultStream);
  return state.last_seq + 1;
}

/**
 * Results and events in the order of the stream, each once. Followed by sequence: after a lost connection, or a supervisor
 * that was started again elsewhere, it goes on with the next one, on a new connection to whoever runs then.
 *
 * @throws VigilError BROKER, UNAVAILABLE when it cannot be read at first, or at all where it is not followed.
 */
export async function* readStream(options: ReadOptions): AsyncGenerator<StreamMessage, void> {
  const { settings, follow, signal } = options;
  let from = options.from;
  let opened = false;
  let said = false;
  while (!signal.aborted) {
    let client: Client | undefined;
    try {
      client = await Client.find(settings);
      for await (const message of readOnce(client, { ...options, from })) {
        if (message === 'end' || signal.aborted) return;
        opened = true;
        said = false;
        if (message === 'opened') continue;
        from = { seq: message.seq + 1 };
        yield message;
      }
      if (signal.aborted) return;
      throw new VigilError('BROKER', 'the connection to the broker was lost');
    } catch (error) {
      if (!follow || !opened || !isAway(error)) throw error;
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
  const { state } = await streamInfo(manager, stream);
  // A stream that was made anew counts from one again.
  const start = 'seq' in from && from.seq > state.last_seq + 1 ? { seq: 1 } : from;
  const { name, num_pending } = await manager.consumers.add(stream, configOf(start, filter(subjects)));
  const consumer = await connection.jetstream().consumers.get(stream, name);
  yield 'opened';
  if (!follow && num_pending === 0) yield 'end';
  const messages = await consume(consumer);
  const stop = () => messages.stop();
  signal.addEventListener('abort', stop);
  void stopWhenOver(connection, messages);
  let delivered = 0;
  try {
    for await (const message of messages) {
      const { deliverySequence, streamSequence, timestampNanos, pending } = message.info;
      delivered++;
      if (deliverySequence !== delivered) return;
      yield {
        subject: message.subject,
        seq: streamSequence,
        at: timestampNanos / NANOS_PER_MS,
        body: readJson(message.data),
      };
      if (!follow && pending === 0) yield 'end';
    }
  } finally {
    signal.removeEventListener('abort', stop);
    messages.stop();
  }
}

function configOf(from: Position, filter: string): Partial<ConsumerConfig> {
  return {
    ack_policy: AckPolicy.None,
    filter_subject: filter,
    inactive_threshold: INACTIVE_MS * NANOS_PER_MS,
    mem_storage: true,
    ...('seq' in from
      ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from.seq) }
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
