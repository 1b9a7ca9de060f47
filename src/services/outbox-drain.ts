import type { JetStreamClient, NatsConnection } from 'nats';
import { messageOf, VigilError } from '../messages/errors.js';
import type { OutboxRow } from '../store/outbox.js';
import type { Store } from '../store/store.js';

const BATCH = 256;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

export interface OutboxDrainOptions {
  readonly connection: NatsConnection;
  readonly store: Store;
  /** A row that can never be sent (larger than the broker takes) was dropped. */
  dropped(subject: string, why: string): void;
  /** The stream has these, in the order in which they were written. */
  sent(rows: readonly OutboxRow[]): void;
  /** The stream did not take it; it is tried again. */
  failed(error: unknown): void;
}

/** Moves the outbox to the stream: in order, in batches, each row until the stream has acknowledged it. */
export class OutboxDrain {
  readonly #options: OutboxDrainOptions;
  readonly #stream: JetStreamClient;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: OutboxDrainOptions) {
    this.#options = options;
    this.#stream = options.connection.jetstream();
  }

  /** There is something new. */
  wake(): void {
    if (this.#closed) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#drain().then(
      () => this.#ended(),
      (error: unknown) => this.#retry(error),
    );
  }

  /** Sends what is there and stops; gives up on a broker that does not take it, the rows stay for the next start. */
  async close(): Promise<void> {
    await this.#running;
    if (!this.#options.connection.isClosed() && this.#options.store.outbox.size > 0) {
      await this.#drain().catch((error: unknown) => this.#options.failed(error));
    }
    this.#closed = true;
    clearTimeout(this.#retryTimer);
  }

  #ended(): void {
    this.#running = undefined;
    this.#retryMs = FIRST_RETRY_MS;
    if (!this.#again) return;
    this.#again = false;
    this.wake();
  }

  #retry(error: unknown): void {
    this.#running = undefined;
    if (this.#closed) return;
    this.#options.failed(error);
    this.#retryTimer = setTimeout(() => this.wake(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  async #drain(): Promise<void> {
    const { store } = this.#options;
    let after = 0;
    for (;;) {
      const rows = store.outbox.next(after, BATCH);
      if (rows.length === 0) return;
      const sent = await Promise.allSettled(rows.map((row) => this.#send(row)));
      const done = rows.filter((_row, i) => sent[i]?.status === 'fulfilled');
      if (done.length > 0) {
        await store.write(() => store.outbox.remove(done.map(({ seq }) => seq)));
        this.#options.sent(done);
      }
      const refused = sent.find((each) => each.status === 'rejected');
      if (refused !== undefined) throw refused.reason;
      after = rows.at(-1)?.seq ?? after;
    }
  }

  async #send(row: OutboxRow): Promise<void> {
    const payload = Buffer.from(row.payload);
    const limit = this.#options.connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (payload.length > limit) {
      this.#options.dropped(row.subject, `${payload.length} bytes; the broker takes ${limit} (max_payload)`);
      return;
    }
    try {
      await this.#stream.publish(row.subject, payload, { msgID: row.msgId });
    } catch (error) {
      throw new VigilError('UNAVAILABLE', `result stream: ${messageOf(error)}`, { cause: error });
    }
  }
}
