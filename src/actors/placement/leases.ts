import type { KV, KvEntry, QueuedIterator } from 'nats';
import { HostLease } from '../../messages/actor-protocols.js';
import { newId } from '../../messages/ids.js';
import type { Subjects } from '../../messages/subjects.js';
import type { Bus } from '../runtime/bus.js';
import type { Clock } from '../runtime/clock.js';
import { readJson } from '../runtime/wire.js';

export interface LeaseWatchOptions {
  readonly leaseMs: number;
  readonly clock: Clock;
  joined(lease: HostLease): void;
  lost(id: string, why: string): void;
  /** An entry that is no lease; it is passed over. */
  invalid(key: string): void;
  /** The leases cannot be watched now; it is tried again. */
  failed(error: Error): void;
}

/** The entry by which the watch sees that leases come through; with its point it is no host's id. */
const PROOF_KEY = 'watch.proof';
/** How long that entry may take, when the lease is not even longer. */
const PROOF_MS = 2_000;
/** Wait before the watch is set up again where the broker could not serve it yet. */
const REWATCH_MS = 500;

/**
 * Watches the hosts' leases. A host whose lease was not renewed for `leaseMs` of this process's own monotonic time is
 * lost. When this process itself stood still (suspended, stopped, broker away), every host gets a new term first: a
 * pause of the watcher is not the death of the watched. Nor is a broker that takes no leases, or hands none on: before
 * a host counts as lost, an entry of the watch's own has to come through.
 */
export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  readonly #seen = new Map<string, number>();
  #iterator: QueuedIterator<KvEntry> | undefined;
  #cancelCheck = () => {};
  #cancelRewatch = () => {};
  #lastCheck: number;
  readonly #bus: Bus;
  readonly #bucket: KV;
  /** False from a reconnect until the watch is set up anew. */
  #watching = false;
  /** Grows with each watch; one that was overtaken by a later one counts for nothing. */
  #attempt = 0;
  /** Entries from before this watch may be of hosts long dead: each has to be renewed once before it counts. */
  #live = false;
  /** The proof under way, and what tells that it came through. */
  #proof: { readonly value: string; readonly seen: () => void } | undefined;
  #closed = false;

  private constructor(bus: Bus, bucket: KV, options: LeaseWatchOptions) {
    this.#bus = bus;
    this.#bucket = bucket;
    this.#options = options;
    this.#lastCheck = options.clock.monotonic();
  }

  static async open(bus: Bus, subjects: Subjects, options: LeaseWatchOptions): Promise<LeaseWatch> {
    const { views } = bus.connection.jetstream();
    const bucket = await views.kv(subjects.hostBucket, { bindOnly: true });
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
    this.#cancelRewatch();
    this.#iterator?.stop();
    this.#proof?.seen();
  }

  /** The broker forgets a watch when it restarts, and the client would notice only after missed heartbeats. */
  readonly #rewatch = (): void => {
    this.#watching = false;
    this.#cancelRewatch();
    this.#iterator?.stop();
    this.#watch().catch((error: unknown) => this.#watchFailed(error));
  };

  async #watch(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#live = false;
    const iterator = await this.#bucket
      .watch({
        initializedFn: () => {
          if (attempt === this.#attempt) this.#live = true;
        },
      })
      .catch((error: unknown) => {
        if (attempt === this.#attempt) throw error;
      });
    if (iterator === undefined) return;
    if (this.#closed || attempt !== this.#attempt) {
      iterator.stop();
      return;
    }
    this.#iterator = iterator;
    this.#watching = true;
    const ended = (error: unknown) => {
      if (attempt === this.#attempt && this.#watching) this.#watchFailed(error);
    };
    this.#follow(iterator).then(() => ended(new Error('lease watch ended')), ended);
  }

  /** While it is connected it tries again; when it is not, the next reconnect does. */
  #watchFailed(error: unknown): void {
    this.#watching = false;
    if (this.#closed || !this.#bus.connected) return;
    this.#options.failed(asError(error));
    this.#cancelRewatch();
    this.#cancelRewatch = this.#options.clock.after(REWATCH_MS, this.#rewatch);
  }

  async #follow(entries: QueuedIterator<KvEntry>): Promise<void> {
    for await (const entry of entries) {
      if (entry.key === PROOF_KEY) {
        if (entry.string() === this.#proof?.value) this.#proof.seen();
        continue;
      }
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
    if (stoodStill) this.#newTerms();
    else if (this.#overdue().length > 0 && this.#proof === undefined) void this.#forgetOverdue();
  }

  #newTerms(): void {
    const now = this.#options.clock.monotonic();
    for (const id of this.#seen.keys()) this.#seen.set(id, now);
  }

  #overdue(): string[] {
    const { clock, leaseMs } = this.#options;
    const due = clock.monotonic() - leaseMs;
    return [...this.#seen].filter(([, at]) => at < due).map(([id]) => id);
  }

  /** What was renewed ahead of the proof has been seen when the proof has: the entries come in their order. */
  async #forgetOverdue(): Promise<void> {
    const proven = await this.#prove();
    if (this.#closed) return;
    if (!proven) this.#newTerms();
    else
      for (const id of this.#overdue()) this.#forget(id, `lease not renewed for ${this.#options.leaseMs} ms`);
  }

  /** Whether an entry that is written now comes through. Never rejects. */
  async #prove(): Promise<boolean> {
    const { clock, leaseMs } = this.#options;
    const value = newId();
    let written = false;
    let cancel = () => {};
    try {
      return await new Promise<boolean>((resolve) => {
        this.#proof = { value, seen: () => resolve(!this.#closed) };
        cancel = clock.after(Math.min(PROOF_MS, leaseMs), () => {
          // Taken, and not handed on: it is the watch that is broken.
          if (written && this.#watching) this.#rewatch();
          resolve(false);
        });
        this.#bucket.put(PROOF_KEY, value).then(
          () => {
            written = true;
          },
          () => resolve(false),
        );
      });
    } finally {
      cancel();
      this.#proof = undefined;
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
