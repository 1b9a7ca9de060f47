import { setTimeout as sleep } from 'node:timers/promises';
import { Events, type NatsConnection } from 'nats';

const RETRY_MS = 1_000;

export interface StreamKeeperOptions {
  readonly connection: NatsConnection;
  /** Makes what is not there of streams and buckets. */
  ensure(): Promise<void>;
  /** They are there: what was in them may not be. */
  ensured(): Promise<void>;
  /** The broker has not taken it; it is tried again. */
  failed(error: unknown): void;
}

/**
 * Has streams and buckets in place, and again after each reconnect: a broker may come back with an empty store, and nobody
 * else makes them while Vigil runs.
 */
export class StreamKeeper {
  readonly #options: StreamKeeperOptions;
  readonly #end = new AbortController();

  private constructor(options: StreamKeeperOptions) {
    this.#options = options;
  }

  /** Resolves when they are there. */
  static async open(options: StreamKeeperOptions): Promise<StreamKeeper> {
    const keeper = new StreamKeeper(options);
    const changes = options.connection.status();
    await options.ensure();
    void keeper.#follow(changes);
    return keeper;
  }

  close(): void {
    this.#end.abort();
  }

  async #follow(changes: ReturnType<NatsConnection['status']>): Promise<void> {
    for await (const { type } of changes) {
      if (this.#closed) return;
      if (type === Events.Reconnect) await this.#restore();
    }
  }

  async #restore(): Promise<void> {
    const { ensure, ensured, failed } = this.#options;
    while (!this.#closed) {
      try {
        await ensure();
        await ensured();
        return;
      } catch (error) {
        if (this.#closed) return;
        failed(error);
        // Ends early when it is closed.
        await sleep(RETRY_MS, undefined, { signal: this.#end.signal }).catch(() => undefined);
      }
    }
  }

  get #closed(): boolean {
    return this.#end.signal.aborted || this.#options.connection.isClosed();
  }
}
