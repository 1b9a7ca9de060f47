import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'eventemitter3';
import { Events, type Msg, type NatsConnection, type Subscription } from 'nats';
import { CANCEL } from '../../messages/envelope.js';
import { VigilError } from '../../messages/errors.js';
import { ATTRIBUTES } from '../../messages/telemetry.js';
import { Answers } from './answers.js';
import { type Addressee, Served } from './served.js';
import { activeTrace, inSendSpan, traceHeaders } from './trace.js';
import {
  deadLetter,
  encode,
  readBatch,
  readJson,
  readReply,
  requestText,
  type UndatedLetter,
} from './wire.js';

export interface AskOptions {
  readonly timeoutMs: number;
  /** Placement revision that the receiver has to have. */
  readonly epoch?: number | undefined;
  /** Takes the request back: the ask rejects with CANCELLED and the actor is told. */
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly body: unknown;
  /** Placement revision of the actor that answered. */
  readonly epoch: number | undefined;
}

interface Pending {
  readonly subject: string;
  readonly timeoutMs: number;
  /** Monotonic. */
  readonly expiresAt: number;
  resolve(answer: Answer): void;
  reject(error: VigilError): void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
}

/** What the broker complains about (slow consumer, permissions), and connections lost and found. */
export interface BusEvents {
  error: (detail: string) => void;
  disconnect: () => void;
  reconnect: () => void;
}

const NO_RESPONDERS = 503;
/** How late a timeout may be told. One timer for all asks instead of one each: those cost more than the rest of an ask. */
const TIMEOUT_GRAIN_MS = 20;

/**
 * Asks and answers over one NATS connection.
 *
 * All asks of a process share one inbox and are told apart by a correlation id of our own; several answers may come in
 * one message.
 */
export class Bus extends EventEmitter<BusEvents> {
  readonly connection: NatsConnection;
  readonly #inbox: string;
  readonly #inboxSubscriptions: readonly Subscription[];
  readonly #answers: Answers;
  readonly #pending = new Map<string, Pending>();
  readonly #onDeadLetter: (letter: UndatedLetter) => void;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  #connected = true;
  #disconnects = 0;
  #complaints = 0;
  #lastComplaint: string | undefined;

  /** @param inboxPrefix is this process's own; with a shared one every client could read the replies. */
  constructor(
    connection: NatsConnection,
    inboxPrefix: string,
    onDeadLetter: (letter: UndatedLetter) => void,
  ) {
    super();
    this.connection = connection;
    // One level below the prefix, where the client's own replies (JetStream, key-value) do not come.
    // New with each bus: an answer to the one before it, of a process that was killed, is nobody's here.
    this.#inbox = `${inboxPrefix}.ask-${randomBytes(9).toString('base64url')}`;
    this.#answers = new Answers(connection, () => this.#maxPayload);
    this.#onDeadLetter = onDeadLetter;
    const listen = (subject: string, take: (message: Msg) => void) =>
      connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) take(message);
        },
      });
    this.#inboxSubscriptions = [
      listen(`${this.#inbox}.*`, (message) => this.#answered(message)),
      listen(this.#inbox, (message) => this.#answeredMany(message)),
    ];
    void this.#followConnection();
  }

  get openAsks(): number {
    return this.#pending.size;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** What went wrong with the broker so far. A slow consumer is a complaint, or a connection that was cut. */
  get trouble(): { connected: boolean; disconnects: number; complaints: number; last?: string } {
    const { connected } = this;
    const last = this.#lastComplaint === undefined ? {} : { last: this.#lastComplaint };
    return { connected, disconnects: this.#disconnects, complaints: this.#complaints, ...last };
  }

  /**
   * Sends a message to an actor and waits for its answer.
   *
   * @throws VigilError the actor's own error; TIMEOUT; UNAVAILABLE when nobody serves the subject or the broker is
   *   away; TOO_LARGE before anything is sent; CANCELLED.
   */
  ask(subject: string, type: string, body: unknown, options: AskOptions): Promise<Answer> {
    if (activeTrace() === undefined) return this.#ask(subject, type, body, options);
    return inSendSpan(subject, { [ATTRIBUTES.message]: type }, () => this.#ask(subject, type, body, options));
  }

  #ask(subject: string, type: string, body: unknown, options: AskOptions): Promise<Answer> {
    const { timeoutMs, epoch, signal } = options;
    return new Promise<Answer>((resolve, reject) => {
      if (!this.#connected) throw new VigilError('UNAVAILABLE', 'the broker is not connected');
      if (signal?.aborted === true) throw new VigilError('CANCELLED', 'taken back');
      const payload = encode(requestText(type, timeoutMs, epoch, body), this.#maxPayload);
      const correlation = (this.#next++).toString(36);
      const reply = `${this.#inbox}.${correlation}`;
      const onAbort =
        signal &&
        (() => {
          this.#settle(correlation)?.reject(new VigilError('CANCELLED', 'taken back'));
          if (this.#connected && !isEnding(this.connection)) this.tell(subject, CANCEL, { reply });
        });
      if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
      const expiresAt = performance.now() + timeoutMs;
      this.#pending.set(correlation, { subject, timeoutMs, expiresAt, resolve, reject, signal, onAbort });
      this.#timer ??= setInterval(() => this.#expire(), TIMEOUT_GRAIN_MS);
      const headers = traceHeaders();
      try {
        this.connection.publish(subject, payload, headers === undefined ? { reply } : { reply, headers });
      } catch (error) {
        this.#settle(correlation);
        throw isEnding(this.connection) ? new VigilError('UNAVAILABLE', 'the connection is closed') : error;
      }
    });
  }

  /** Sends a message and waits for nothing. @throws VigilError TOO_LARGE before anything is sent. */
  tell(subject: string, type: string, body: unknown): void {
    this.publish(subject, { type, body });
  }

  /** Publishes JSON. @throws VigilError TOO_LARGE before anything is sent. */
  publish(subject: string, value: unknown): void {
    this.connection.publish(subject, this.#encode(value));
  }

  /**
   * Makes an actor reachable on its subject. `epoch` is the placement revision it acts under; a message that goes by
   * another one is refused, so that of two hosts that both think they run an agent only one acts.
   */
  serve(subject: string, actor: Addressee, epoch?: () => number | undefined): Subscription {
    const served = new Served(actor, epoch, this.#answers, this.#onDeadLetter);
    return this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) served.take(message);
      },
    });
  }

  /** Fails all open asks to subjects that `matches` names: their host is known to be gone. */
  abandon(matches: (subject: string) => boolean, why: string): void {
    for (const [correlation, { subject }] of [...this.#pending]) {
      if (matches(subject)) this.#settle(correlation)?.reject(new VigilError('UNAVAILABLE', why));
    }
  }

  close(): void {
    for (const subscription of this.#inboxSubscriptions) subscription.unsubscribe();
    this.abandon(() => true, 'closing');
    this.#answers.flush();
    this.#stopTimer();
    this.removeAllListeners();
  }

  get #maxPayload(): number {
    return this.connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
  }

  #encode(value: unknown): Uint8Array {
    return encode(JSON.stringify(value), this.#maxPayload);
  }

  /** Takes an ask out of the open ones; undefined when it was settled before. */
  #settle(correlation: string): Pending | undefined {
    const pending = this.#pending.get(correlation);
    if (pending === undefined) return undefined;
    this.#pending.delete(correlation);
    if (pending.onAbort !== undefined) pending.signal?.removeEventListener('abort', pending.onAbort);
    return pending;
  }

  #expire(): void {
    const now = performance.now();
    for (const [correlation, { expiresAt, subject, timeoutMs }] of this.#pending) {
      if (expiresAt > now) continue;
      const error = new VigilError('TIMEOUT', `no answer from ${subject} within ${timeoutMs} ms`);
      this.#settle(correlation)?.reject(error);
    }
    // Not at each settlement: asks come one after another, and the timer would be made anew for each.
    if (this.#pending.size === 0) this.#stopTimer();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #answered(message: Msg): void {
    const correlation = message.subject.slice(this.#inbox.length + 1);
    const pending = this.#settle(correlation);
    if (pending === undefined) {
      this.#onDeadLetter(deadLetter(message, 'late_reply', 'the answer came after its deadline'));
    } else if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
      pending.reject(new VigilError('UNAVAILABLE', `nobody serves ${pending.subject}`));
    } else {
      conclude(pending, readJson(message.data));
    }
  }

  #answeredMany(message: Msg): void {
    const batch = readBatch(message.data);
    if (batch === undefined) {
      this.#onDeadLetter(
        deadLetter(message, 'invalid', 'expected answers as JSON [[correlation, reply], …]'),
      );
      return;
    }
    for (const [correlation, reply] of batch) {
      const pending = this.#settle(correlation);
      if (pending !== undefined) conclude(pending, reply);
      else this.#onDeadLetter(deadLetter(message, 'late_reply', 'the answer came after its deadline'));
    }
  }

  /** A lost connection loses the replies under way: whoever waits is told now and can ask again. */
  async #followConnection(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === Events.Disconnect) {
        this.#connected = false;
        this.#disconnects++;
        this.abandon(() => true, 'the broker went away');
        this.emit('disconnect');
      } else if (status.type === Events.Reconnect) {
        this.#connected = true;
        this.emit('reconnect');
      } else if (status.type === Events.Error) {
        this.#complaints++;
        this.#lastComplaint = String(status.data ?? '').slice(0, 500);
        this.emit('error', this.#lastComplaint);
      }
    }
    this.#connected = false;
  }
}

/** Closed, or about to be: nothing can be sent any more. */
function isEnding(connection: NatsConnection): boolean {
  return connection.isClosed() || connection.isDraining();
}

function conclude(pending: Pending, value: unknown): void {
  const reply = readReply(value);
  if (reply instanceof VigilError) pending.reject(reply);
  else pending.resolve(reply);
}
