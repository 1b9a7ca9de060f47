import type { KV, KvEntry, NatsConnection, QueuedIterator } from 'nats';
import { HostLease } from '../../messages/actor-protocols.js';
import type { Subjects } from '../../messages/subjects.js';
import type { Bus } from '../runtime/bus.js';
import type { Clock } from '../runtime/clock.js';
import { readJson } from '../runtime/wire.js';

export interface LeaseWatchOptions {
  readonly leaseMs: number;
  /** Servers of a cluster that keep the bucket; one when absent. */
  readonly replicas?: number;
  readonly clock: Clock;
  joined(lease: HostLease): void;
  lost(id: string, why: string): void;
  /** An entry that is no lease; it is passed over. */
  invalid(key: string): void;
  /** The watch itself ended without having been closed. */
  ended(error: Error): void;
}

/**
 * Watches the hosts' leases. A host whose lease was not renewed for `leaseMs` of this process's own monotonic time is
 * lost. When this process itself stood still (suspended, stopped, broker away), every host gets a new term first: a
 * pause of the watcher is not the death of the watched.
 */
export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  readonly #seen = new Map<string, number>();
  #iterator: QueuedIterator<KvEntry> | undefined;
  #cancelCheck = () => {};
  #lastCheck: number;
  readonly #bus: Bus;
  readonly #bucket: KV;
  /** False from a reconnect until the watch is set up anew. */
  #watching = false;
  /** Entries from before this watch may be of hosts long dead: each has to be renewed once before it counts. */
  #live = false;
  #closed = false;

  private constructor(bus: Bus, bucket: KV, options: LeaseWatchOptions) {
    this.#bus = bus;
    this.#bucket = bucket;
    this.#options = options;
    this.#lastCheck = options.clock.monotonic();
  }

  static async open(bus: Bus, subjects: Subjects, options: LeaseWatchOptions): Promise<LeaseWatch> {
    const bucket = await openHostBucket(bus.connection, subjects, options);
    const watch = new LeaseWatch(bus, bucket, options);
    await watch.#watch();
    bus.on('reconnect', watch.#rewatch);
    watch.#scheduleCheck();
    return watch;
  }

  close(): void {
    this.#closed = true;
    this.#bus.off('reconnect', this.#rewatch);
    this.#cancelCheck();
    this.#iterator?.stop();
  }

  /** The broker forgets a watch when it restarts, and the client would notice only after missed heartbeats. */
  readonly #rewatch = (): void => {
    this.#watching = false;
    this.#iterator?.stop();
    this.#watch().catch((error: unknown) => {
      // Gone again already: the next reconnect watches anew.
      if (this.#bus.connected && !this.#closed) this.#options.ended(asError(error));
    });
  };

  async #watch(): Promise<void> {
    this.#live = false;
    const iterator = await this.#bucket.watch({
      initializedFn: () => {
        this.#live = true;
      },
    });
    if (this.#closed) {
      iterator.stop();
      return;
    }
    this.#iterator = iterator;
    this.#watching = true;
    this.#follow(iterator).then(
      () => this.#ended(new Error('lease watch ended'), iterator),
      (error: unknown) => this.#ended(error, iterator),
    );
  }

  /** Told to the supervisor, unless it was closed or replaced on purpose. */
  #ended(error: unknown, iterator?: QueuedIterator<KvEntry>): void {
    if (this.#closed || !this.#watching || (iterator !== undefined && iterator !== this.#iterator)) return;
    this.#options.ended(asError(error));
  }

  async #follow(entries: QueuedIterator<KvEntry>): Promise<void> {
    for await (const entry of entries) {
      if (entry.operation !== 'PUT') {
        this.#forget(entry.key, 'left');
        continue;
      }
      const lease = readLease(entry);
      if (lease === undefined || lease.id !== entry.key) {
        this.#options.invalid(entry.key);
        continue;
      }
      if (!this.#live && !this.#seen.has(lease.id)) continue;
      this.#seen.set(lease.id, this.#options.clock.monotonic());
      this.#options.joined(lease);
    }
  }

  #scheduleCheck(): void {
    this.#cancelCheck = this.#options.clock.after(this.#options.leaseMs / 4, () => {
      this.#check();
      this.#scheduleCheck();
    });
  }

  #check(): void {
    const { clock, leaseMs } = this.#options;
    const now = clock.monotonic();
    const stoodStill = now - this.#lastCheck > leaseMs / 2 || !this.#bus.connected || !this.#watching;
    this.#lastCheck = now;
    for (const [id, at] of this.#seen) {
      if (stoodStill) this.#seen.set(id, now);
      else if (now - at > leaseMs) this.#forget(id, `lease not renewed for ${leaseMs} ms`);
    }
  }

  #forget(id: string, why: string): void {
    if (this.#seen.delete(id)) this.#options.lost(id, why);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function readLease(entry: KvEntry): HostLease | undefined {
  return HostLease.safeParse(readJson(entry.value)).data;
}

/** The bucket's time to live only sweeps up; who is alive is decided by `LeaseWatch`. */
function openHostBucket(
  connection: NatsConnection,
  subjects: Subjects,
  { leaseMs, replicas = 1 }: LeaseWatchOptions,
): Promise<KV> {
  return connection
    .jetstream()
    .views.kv(subjects.hostBucket, { history: 1, ttl: Math.max(60_000, leaseMs * 10), replicas });
}
