import type { NatsConnection } from 'nats';
import { VigilError } from '../../messages/errors.js';
import { answerText, encode } from './wire.js';

/** Answers larger than this go alone; smaller ones of one turn share messages up to this size. */
const BATCH_CHARS = 32_768;
/** So many answers are sent at once, so that the asker works while the others are made, and not only when all are. */
const BATCH_ANSWERS = 100;
/** What an entry of a batch has beside the answer. */
const ENTRY_CHARS = 100;

/**
 * Sends answers. Those that are made in one turn of the event loop and go to the same asker, who has said that it
 * takes them so, share a message: what a message costs the broker and the asker is most of what an answer costs.
 */
export class Answers {
  readonly #connection: NatsConnection;
  readonly #maxPayload: () => number;
  /** By inbox: the batch being filled, as the entries of a JSON array. */
  readonly #waiting = new Map<string, { entries: string[]; chars: number }>();

  constructor(connection: NatsConnection, maxPayload: () => number) {
    this.#connection = connection;
    this.#maxPayload = maxPayload;
  }

  /**
   * @param reply subject of the answer, `<inbox>.<correlation>`.
   * @param many the asker listens on `<inbox>` for several answers at once.
   */
  ok(reply: string, many: boolean, body: unknown, epoch: number | undefined): void {
    let text: string;
    try {
      text = answerText(body, epoch);
    } catch (error) {
      this.fail(reply, many, new VigilError('BAD_REPLY', `the reply is not JSON: ${String(error)}`));
      return;
    }
    this.#send(reply, many, text);
  }

  fail(reply: string, many: boolean, { code, message }: VigilError): void {
    this.#send(reply, many, JSON.stringify({ error: { code, message: message.slice(0, 2_000) } }));
  }

  /** Sends what waits, now. */
  flush(): void {
    for (const [inbox, { entries }] of this.#waiting) this.#publish(inbox, `[${entries.join(',')}]`);
    this.#waiting.clear();
  }

  #send(reply: string, many: boolean, text: string): void {
    const at = reply.lastIndexOf('.');
    const limit = this.#batchChars();
    if (!many || at < 1 || text.length > limit) {
      this.#publish(reply, text);
      return;
    }
    const inbox = reply.slice(0, at);
    const entry = `[${JSON.stringify(reply.slice(at + 1))},${text}]`;
    if (this.#waiting.size === 0) queueMicrotask(() => this.flush());
    const batch = this.#waiting.get(inbox);
    if (batch === undefined) {
      this.#waiting.set(inbox, { entries: [entry], chars: entry.length });
      return;
    }
    batch.entries.push(entry);
    batch.chars += entry.length;
    if (batch.chars < limit && batch.entries.length < BATCH_ANSWERS) return;
    this.#publish(inbox, `[${batch.entries.join(',')}]`);
    this.#waiting.delete(inbox);
    // The client itself writes what it has at the end of the turn, or when it is much.
    if (!this.#connection.isClosed()) this.#connection.flush().catch(() => undefined); // lost with the connection
  }

  /** Two entries of this size fit a message, at three bytes a character. */
  #batchChars(): number {
    return Math.min(BATCH_CHARS, this.#maxPayload() / 6 - ENTRY_CHARS);
  }

  #publish(subject: string, text: string): void {
    if (this.#connection.isClosed()) return;
    let bytes: Uint8Array;
    try {
      bytes = encode(text, this.#maxPayload());
    } catch (error) {
      // An answer that cannot be sent must still answer: the asker would wait until its deadline.
      if (!(error instanceof VigilError)) throw error;
      this.#connection.publish(
        subject,
        JSON.stringify({ error: { code: error.code, message: error.message } }),
      );
      return;
    }
    this.#connection.publish(subject, bytes);
  }
}
