import { Events, type Msg, type NatsConnection, type Subscription } from 'nats';
import { ActorReply, ActorRequest, CANCEL } from '../../messages/envelope.js';
import { VigilError } from '../../messages/errors.js';
import type { DeadLetter } from '../../messages/results.js';
import type { ReplyPort } from './cell.js';

/** Whoever takes messages in: a cell. */
export interface Addressee {
  deliver(type: string, body: unknown, port: ReplyPort | undefined, ttlMs: number): boolean;
}

export interface AskOptions {
  readonly timeoutMs: number;
  /** Placement revision that the receiver has to have. */
  readonly epoch?: number | undefined;
  /** Takes the request back: the ask rejects with CANCELLED and the actor is told. */
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly body: unknown;
  readonly epoch: number | undefined;
}

interface Pending {
  readonly subject: string;
  resolve(answer: Answer): void;
  reject(error: VigilError): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const NO_RESPONDERS = 503;
const DEFAULT_TTL_MS = 60_000;

/**
 * Asks and answers over one NATS connection.
 *
 * All asks of a process share one inbox subscription and are told apart by a correlation id of our own: at hundreds
 * in flight that is nearly twice as fast as the client's `request`.
 */
export class Bus {
  readonly connection: NatsConnection;
  readonly #inbox: string;
  readonly #inboxSubscription: Subscription;
  readonly #pending = new Map<string, Pending>();
  readonly #onDeadLetter: (letter: Omit<DeadLetter, 'at'>) => void;
  #next = 0;
  #connected = true;

  /** @param inboxPrefix is this process's own; with a shared one every client could read the replies. */
  constructor(
    connection: NatsConnection,
    inboxPrefix: string,
    onDeadLetter: (letter: Omit<DeadLetter, 'at'>) => void,
  ) {
    this.connection = connection;
    // One level below the prefix, where the client's own replies (JetStream, key-value) do not come.
    this.#inbox = `${inboxPrefix}.ask`;
    this.#onDeadLetter = onDeadLetter;
    this.#inboxSubscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#replied(message);
      },
    });
    void this.#followConnection();
  }

  get openAsks(): number {
    return this.#pending.size;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /**
   * Sends a message to an actor and waits for its answer.
   *
   * @throws VigilError the actor's own error; TIMEOUT; UNAVAILABLE when nobody serves the subject or the broker is
   *   away; TOO_LARGE before anything is sent; CANCELLED.
   */
  ask(subject: string, type: string, body: unknown, options: AskOptions): Promise<Answer> {
    const { timeoutMs, epoch, signal } = options;
    if (!this.#connected) return Promise.reject(new VigilError('UNAVAILABLE', 'the broker is not connected'));
    if (signal?.aborted === true) return Promise.reject(new VigilError('CANCELLED', 'taken back'));
    let payload: Uint8Array;
    try {
      payload = this.#encode(JSON.stringify({ type, ttl: timeoutMs, epoch, body }));
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise<Answer>((resolve, reject) => {
      const correlation = (this.#next++).toString(36);
      const reply = `${this.#inbox}.${correlation}`;
      const settle = () => {
        this.#pending.delete(correlation);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        settle();
        if (this.#connected) this.tell(subject, CANCEL, { reply });
        reject(new VigilError('CANCELLED', 'taken back'));
      };
      const timer = setTimeout(() => {
        settle();
        reject(new VigilError('TIMEOUT', `no answer from ${subject} within ${timeoutMs} ms`));
      }, timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(correlation, {
        subject,
        resolve: (answer) => {
          settle();
          resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.connection.publish(subject, payload, { reply });
    });
  }

  /** Sends a message and waits for nothing. */
  tell(subject: string, type: string, body: unknown): void {
    this.connection.publish(subject, this.#encode(JSON.stringify({ type, body })));
  }

  /** Publishes JSON. @throws VigilError TOO_LARGE before anything is sent: over the limit the connection would drop. */
  publish(subject: string, value: unknown): void {
    this.connection.publish(subject, this.#encode(JSON.stringify(value)));
  }

  /**
   * Makes an actor reachable on its subject. `epoch` is the placement revision it was started with; a message that
   * goes by another one is refused, so that of two hosts that both think they run an agent only one acts.
   */
  serve(subject: string, actor: Addressee, epoch?: () => number | undefined): Subscription {
    const open = new Map<string, ReplyPort>();
    return this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) this.#received(message, actor, epoch?.(), open);
      },
    });
  }

  /** Fails all open asks to subjects that `matches` names: their host is known to be gone. */
  abandon(matches: (subject: string) => boolean, why: string): void {
    for (const pending of [...this.#pending.values()]) {
      if (matches(pending.subject)) pending.reject(new VigilError('UNAVAILABLE', why));
    }
  }

  close(): void {
    this.#inboxSubscription.unsubscribe();
    this.abandon(() => true, 'closing');
  }

  #encode(text: string): Uint8Array {
    const bytes = encoder.encode(text);
    const limit = this.connection.info?.max_payload;
    if (limit !== undefined && bytes.length > limit) {
      throw new VigilError(
        'TOO_LARGE',
        `message of ${bytes.length} bytes; the broker takes ${limit} (max_payload)`,
      );
    }
    return bytes;
  }

  #received(message: Msg, actor: Addressee, epoch: number | undefined, open: Map<string, ReplyPort>): void {
    const request = readRequest(message.data);
    if (request === undefined) {
      const error = new VigilError('BAD_REQUEST', 'expected JSON {type, body, ttl?, epoch?}');
      if (message.reply) this.#reply(message.reply, undefined, error);
      this.#onDeadLetter(deadLetter(message, 'invalid', error.message));
      return;
    }
    if (request.type === CANCEL) {
      cancelOpen(open, request.body);
      return;
    }
    if (request.epoch !== undefined && epoch !== undefined && request.epoch !== epoch) {
      const error = new VigilError(
        'UNAVAILABLE',
        `placed anew: message for revision ${request.epoch}, actor has ${epoch}`,
      );
      if (message.reply) this.#reply(message.reply, undefined, error);
      this.#onDeadLetter(deadLetter(message, 'fenced', error.message));
      return;
    }
    const reply = message.reply;
    const ttl = request.ttl ?? DEFAULT_TTL_MS;
    if (!reply) {
      if (!actor.deliver(request.type, request.body, undefined, ttl)) {
        this.#onDeadLetter(
          deadLetter(message, 'mailbox_full', 'nobody waits for an answer, so the message is lost'),
        );
      }
      return;
    }
    let answered = false;
    const port: ReplyPort = {
      ok: (body) => {
        answered = true;
        open.delete(reply);
        this.#reply(reply, epoch, body);
      },
      fail: (error) => {
        answered = true;
        open.delete(reply);
        this.#reply(reply, undefined, error);
      },
    };
    actor.deliver(request.type, request.body, port, ttl);
    if (!answered) open.set(reply, port);
  }

  #reply(subject: string, epoch: number | undefined, result: unknown): void {
    if (result instanceof VigilError) {
      const { code, message } = result;
      this.connection.publish(
        subject,
        encoder.encode(JSON.stringify({ error: { code, message: message.slice(0, 2_000) } })),
      );
      return;
    }
    let bytes: Uint8Array;
    try {
      bytes = this.#encode(JSON.stringify({ ok: result ?? null, epoch }));
    } catch (error) {
      // A reply that cannot be sent must still answer: the sender would wait until its deadline.
      const failure =
        error instanceof VigilError
          ? error
          : new VigilError('BAD_REPLY', `reply is not JSON: ${String(error)}`);
      this.#reply(subject, undefined, failure);
      return;
    }
    this.connection.publish(subject, bytes);
  }

  #replied(message: Msg): void {
    const correlation = message.subject.slice(this.#inbox.length + 1);
    const pending = this.#pending.get(correlation);
    if (pending === undefined) {
      this.#onDeadLetter(deadLetter(message, 'late_reply', 'the answer came after its deadline'));
      return;
    }
    if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
      pending.reject(new VigilError('UNAVAILABLE', `nobody serves ${pending.subject}`));
      return;
    }
    const reply = readReply(message.data);
    if (reply === undefined) {
      pending.reject(
        new VigilError('BAD_REPLY', `${pending.subject} answered with something else than a reply`),
      );
    } else if ('error' in reply) {
      pending.reject(new VigilError(reply.error.code, reply.error.message));
    } else {
      pending.resolve({ body: reply.ok, epoch: reply.epoch });
    }
  }

  /** A lost connection loses the replies under way: whoever waits is told now and can ask again. */
  async #followConnection(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === Events.Disconnect) {
        this.#connected = false;
        this.abandon(() => true, 'the broker went away');
      } else if (status.type === Events.Reconnect) {
        this.#connected = true;
      }
    }
    this.#connected = false;
  }
}

function readRequest(data: Uint8Array): ActorRequest | undefined {
  return parseJson(data, (value) => ActorRequest.safeParse(value).data);
}

function readReply(data: Uint8Array) {
  return parseJson(data, (value) => ActorReply.safeParse(value).data);
}

function parseJson<T>(data: Uint8Array, read: (value: unknown) => T | undefined): T | undefined {
  try {
    return read(JSON.parse(decoder.decode(data)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function cancelOpen(open: Map<string, ReplyPort>, body: unknown): void {
  const reply = typeof body === 'object' && body !== null && 'reply' in body ? body.reply : undefined;
  if (typeof reply !== 'string') return;
  const port = open.get(reply);
  if (port === undefined) return;
  port.cancelled = true;
  port.onCancel?.();
}

function deadLetter(message: Msg, reason: DeadLetter['reason'], text: string): Omit<DeadLetter, 'at'> {
  return {
    subject: message.subject,
    reason,
    message: text,
    payload: Buffer.from(message.data.subarray(0, 512)).toString('utf8'),
  };
}
