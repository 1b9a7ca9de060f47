import type { Msg } from 'nats';
import { type ActorRequest, ALIVE, CANCEL } from '../../messages/envelope.js';
import { VigilError } from '../../messages/errors.js';
import type { Answers } from './answers.js';
import type { CellState, ReplyPort } from './cell.js';
import { inTraceOf } from './trace.js';
import { deadLetter, readRequest, type UndatedLetter } from './wire.js';

/** Whoever takes messages in: a cell. */
export interface Addressee {
  deliver(type: string, body: unknown, port: ReplyPort | undefined, ttlMs: number): boolean;
  readonly state?: CellState;
}

const DEFAULT_TTL_MS = 60_000;

/** The way back to who sent a request. */
class WayBack implements ReplyPort {
  cancelled = false;
  onCancel: (() => void) | undefined = undefined;
  answered = false;
  readonly #answers: Answers;
  readonly #reply: string;
  readonly #many: boolean;
  readonly #epoch: number | undefined;
  #waitsIn: Map<string, WayBack> | undefined = undefined;

  constructor(answers: Answers, reply: string, many: boolean, epoch: number | undefined) {
    this.#answers = answers;
    this.#reply = reply;
    this.#many = many;
    this.#epoch = epoch;
  }

  ok(body: unknown): void {
    this.#end();
    this.#answers.ok(this.#reply, this.#many, body, this.#epoch);
  }

  fail(error: VigilError): void {
    this.#end();
    this.#answers.fail(this.#reply, this.#many, error);
  }

  /** Stands in `open`, by its reply subject, until it is answered. */
  waitIn(open: Map<string, WayBack>): void {
    open.set(this.#reply, this);
    this.#waitsIn = open;
  }

  #end(): void {
    this.answered = true;
    this.#waitsIn?.delete(this.#reply);
  }
}

/** One actor on its subject: reads what comes in and delivers it, or refuses it. */
export class Served {
  readonly #actor: Addressee;
  readonly #epoch: (() => number | undefined) | undefined;
  readonly #answers: Answers;
  readonly #onDeadLetter: (letter: UndatedLetter) => void;
  /** Made with the first request that is not answered at once: an idle actor holds none. */
  #open: Map<string, WayBack> | undefined;

  /** @param epoch the placement revision that the actor acts under. */
  constructor(
    actor: Addressee,
    epoch: (() => number | undefined) | undefined,
    answers: Answers,
    onDeadLetter: (letter: UndatedLetter) => void,
  ) {
    this.#actor = actor;
    this.#epoch = epoch;
    this.#answers = answers;
    this.#onDeadLetter = onDeadLetter;
  }

  take(message: Msg): void {
    if (message.headers === undefined) this.#take(message);
    else inTraceOf(message, () => this.#take(message));
  }

  #take(message: Msg): void {
    const request = readRequest(message.data);
    const epoch = this.#epoch?.();
    const { reply } = message;
    const port = reply ? new WayBack(this.#answers, reply, request?.many === true, epoch) : undefined;
    if (request === undefined) {
      const error = new VigilError('BAD_REQUEST', 'expected JSON {type, body, ttl?, epoch?}');
      port?.fail(error);
      this.#onDeadLetter(deadLetter(message, 'invalid', error.message));
    } else if (request.type === CANCEL) {
      this.#cancel(request.body);
    } else if (request.type === ALIVE) {
      // One that was given up is still subscribed, to say so.
      if (this.#actor.state !== 'stopped') port?.ok(null);
      else port?.fail(new VigilError('UNAVAILABLE', 'the actor has ended'));
    } else if (request.epoch !== undefined && epoch !== undefined && request.epoch !== epoch) {
      const text = `placed anew: message for revision ${request.epoch}, actor has ${epoch}`;
      port?.fail(new VigilError('UNAVAILABLE', text));
      this.#onDeadLetter(deadLetter(message, 'fenced', text));
    } else {
      this.#deliver(message, request, port);
    }
  }

  #deliver(
    message: Msg,
    { type, body, ttl = DEFAULT_TTL_MS }: ActorRequest,
    port: WayBack | undefined,
  ): void {
    const taken = this.#actor.deliver(type, body, port, ttl);
    if (port === undefined) {
      const text = 'nobody waits for an answer, so the message is lost';
      if (!taken) this.#onDeadLetter(deadLetter(message, 'mailbox_full', text));
    } else if (!port.answered) {
      this.#open ??= new Map();
      port.waitIn(this.#open);
    }
  }

  #cancel(body: unknown): void {
    const reply = typeof body === 'object' && body !== null && 'reply' in body ? body.reply : undefined;
    if (typeof reply !== 'string') return;
    const port = this.#open?.get(reply);
    if (port === undefined) return;
    port.cancelled = true;
    port.onCancel?.();
  }
}
