import {
  AckPolicy,
  type Consumer,
  ConsumerEvents,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  type NatsConnection,
} from 'nats';
import { inProcessSpan, inTraceOf } from '../actors/runtime/trace.js';
import { ensureDurable } from '../broker/durables.js';
import { messageOf, parseWith, VigilError } from '../messages/errors.js';
import { idFrom, isId } from '../messages/ids.js';
import type { DeadLetter } from '../messages/results.js';
import type { Subjects } from '../messages/subjects.js';
import { ATTRIBUTES } from '../messages/telemetry.js';
import { isTriggerKind, TRIGGERS, type Trigger } from '../messages/triggers.js';
import type { RequestRunner } from './request-runner.js';

const NANOS_PER_MS = 1_000_000;
const DURABLE = 'supervisor';
const RETRY_MS = 1_000;
/**
 * Two of them missed and messages are asked for anew: the server of a cluster that led the consumer is gone, and with it
 * what it had been asked for. The client's own 15 s would keep triggers waiting for half a minute.
 */
const HEARTBEAT_MS = 2_000;
/** A request for messages ends after this and is made anew; the client also waits so long where nobody answers it. */
const EXPIRES_MS = 5_000;
/** Pieces of the client's status that mean that the broker has lost the durable; the client would ask for it for ever. */
const GONE: readonly string[] = [
  ConsumerEvents.StreamNotFound,
  ConsumerEvents.ConsumerNotFound,
  ConsumerEvents.ConsumerDeleted,
];

export interface TriggerIntakeOptions {
  readonly connection: NatsConnection;
  readonly subjects: Subjects;
  readonly runner: RequestRunner;
  readonly maxRunning: number;
  readonly ackWaitMs: number;
  deadLetter(letter: Omit<DeadLetter, 'at'>): void;
  /** @param request whose it is, where one is meant. */
  failed(error: unknown, request?: string): void;
}

/**
 * Takes triggers from the work queue. Each is recorded, run, and acknowledged only when its final result is on the
 * disk; until then the stream is told that it is being worked on, and delivers it again when that stops.
 */
export class TriggerIntake {
  readonly #options: TriggerIntakeOptions;
  #messages: ConsumerMessages | undefined;
  #closed = false;

  private constructor(options: TriggerIntakeOptions) {
    this.#options = options;
  }

  static async open(options: TriggerIntakeOptions): Promise<TriggerIntake> {
    const intake = new TriggerIntake(options);
    void intake.#follow(await openDurable(options));
    return intake;
  }

  /** Takes no more. What is under way is not acknowledged by this and comes again after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#messages?.close();
  }

  async #follow(opened: Consumer): Promise<void> {
    let consumer: Consumer | undefined = opened;
    while (!this.#closed) {
      try {
        consumer ??= await openDurable(this.#options);
        const messages = await consumer.consume({
          max_messages: this.#options.maxRunning,
          expires: EXPIRES_MS,
          idle_heartbeat: HEARTBEAT_MS,
        });
        this.#messages = messages;
        // It may have been closed meanwhile.
        if (this.#closed) messages.stop();
        void stopWhenGone(messages);
        for await (const message of messages) void this.#take(message);
      } catch (error) {
        if (this.#closed) return;
        this.#options.failed(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      // Whatever ended it: the broker may have come back without it.
      consumer = undefined;
    }
  }

  async #take(message: JsMsg): Promise<void> {
    const working = setInterval(() => message.working(), this.#options.ackWaitMs / 3);
    try {
      await this.#process(message);
    } catch (error) {
      // Not acknowledged: the stream delivers it again.
      this.#options.failed(error, requestIdOf(message));
    } finally {
      clearInterval(working);
    }
  }

  async #process(message: JsMsg): Promise<void> {
    const { runner, subjects } = this.#options;
    const id = requestIdOf(message);
    const kind = subjects.triggerKind(message.subject) ?? '';
    let trigger: Trigger;
    try {
      trigger = readTrigger(kind, message.data);
    } catch (error) {
      if (!(error instanceof VigilError)) throw error;
      await runner.refuse(id, isId(kind) ? kind : 'unknown', 'trigger', error);
      this.#options.deadLetter({
        subject: message.subject,
        reason: 'invalid',
        message: error.message,
        payload: Buffer.from(message.data.subarray(0, 512)).toString('utf8'),
      });
      message.term();
      return;
    }
    const attributes = { [ATTRIBUTES.messageId]: id };
    await inTraceOf(message, () =>
      inProcessSpan(message.subject, attributes, async () => {
        await runner.accept(id, 'trigger', trigger);
        await runner.run(id);
      }),
    );
    message.ack();
  }
}

/** Made where it is not there, with the bounds of these settings. */
async function openDurable(options: TriggerIntakeOptions): Promise<Consumer> {
  const { connection, subjects, maxRunning, ackWaitMs } = options;
  await ensureDurable(await connection.jetstreamManager(), {
    stream: subjects.triggerStream,
    name: DURABLE,
    fixed: { ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All, max_deliver: -1 },
    bounds: {
      ack_wait: ackWaitMs * NANOS_PER_MS,
      // What is not acknowledged runs: the bound on running requests, kept by the server.
      max_ack_pending: maxRunning,
    },
  });
  return connection.jetstream().consumers.get(subjects.triggerStream, DURABLE);
}

async function stopWhenGone(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of await messages.status()) if (GONE.includes(type)) messages.stop();
}

/** @throws VigilError BAD_REQUEST */
function readTrigger(kind: string, data: Uint8Array): Trigger {
  if (!isTriggerKind(kind)) {
    throw new VigilError(
      'BAD_REQUEST',
      `no trigger ${JSON.stringify(kind.slice(0, 40))}; there are ${Object.keys(TRIGGERS).join(', ')}`,
    );
  }
  // An empty payload is the plainest way to say "all of it".
  const text = data.length === 0 ? '{}' : Buffer.from(data).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new VigilError(
      'BAD_REQUEST',
      `trigger: expected JSON such as {"agents": ["a1"]}, got ${messageOf(error)}`,
    );
  }
  return { kind, payload: parseWith(TRIGGERS[kind], value, 'trigger') } as Trigger;
}

/**
 * The publisher's own message id makes a trigger idempotent over any time; without one, its place in the stream does.
 * The time belongs to it because a stream that was made anew counts from one again.
 */
function requestIdOf(message: JsMsg): string {
  const given = message.headers?.get('Nats-Msg-Id');
  if (given === undefined || given === '')
    return `t${message.seq}-${message.info.timestampNanos.toString(36)}`;
  return idFrom(given);
}
