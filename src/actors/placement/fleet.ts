import { EventEmitter } from 'eventemitter3';
import type { KV, NatsConnection } from 'nats';
import type { HostLease } from '../../messages/actor-protocols.js';
import type { AgentSpec } from '../../messages/agents.js';
import type { Subjects } from '../../messages/subjects.js';
import { choose } from './rendezvous.js';

interface Placed {
  spec: AgentSpec;
  /** Host that runs its actor; undefined while unplaced. */
  host: string | undefined;
  /** Revision of the placement: the fencing token. 0 while unplaced. */
  epoch: number;
  /** What the bucket has is not what is wanted. */
  dirty: boolean;
  /** The host has answered for it. */
  shown: boolean;
}

export interface Whereabouts {
  readonly host: string;
  readonly epoch: number;
  /**
   * The host has answered for the agent since it was placed there. Before, the one that had it may be the only one
   * subscribed: when that one hangs, or is cut off, a message is lost without a word.
   */
  readonly shown: boolean;
}

export interface FleetEvents {
  hostJoined: (host: HostLease) => void;
  /** Its agents are being moved. `agents` are those it had. */
  hostLost: (host: HostLease, why: string, agents: ReadonlySet<string>) => void;
}

/** Placement writes under way at once: JetStream takes them four times as fast as one after another. */
const WRITES_IN_FLIGHT = 256;
const RETRY_MS = 250;

/**
 * Which agent runs on which host. Decides it, writes it to the placement bucket, and knows the revision under which
 * each agent acts.
 */
export class Fleet extends EventEmitter<FleetEvents> {
  readonly #bucket: KV;
  readonly #agents = new Map<string, Placed>();
  readonly #hosts = new Map<string, HostLease>();
  readonly #removed = new Set<string>();
  readonly #onError: (error: unknown) => void;
  /** When the bucket was made: another one counts revisions from one again. */
  #made: string;
  #settling: Promise<void> | undefined;
  #closed = false;

  private constructor(bucket: KV, made: string, onError: (error: unknown) => void) {
    super();
    this.#bucket = bucket;
    this.#made = made;
    this.#onError = onError;
  }

  /** Opens the placement bucket, which is there, and takes out what is not on record any more. */
  static async open(
    connection: NatsConnection,
    subjects: Subjects,
    specs: readonly AgentSpec[],
    onError: (error: unknown) => void,
  ): Promise<Fleet> {
    const bucket = await connection.jetstream().views.kv(subjects.placementBucket, { bindOnly: true });
    const fleet = new Fleet(bucket, await whenMade(bucket), onError);
    for (const spec of specs) fleet.#agents.set(spec.id, unplaced(spec));
    for await (const key of await bucket.keys()) if (!fleet.#agents.has(key)) fleet.#removed.add(key);
    await fleet.settle();
    return fleet;
  }

  get hosts(): readonly HostLease[] {
    return [...this.#hosts.values()];
  }

  get unplaced(): number {
    let count = 0;
    for (const agent of this.#agents.values()) if (agent.host === undefined) count++;
    return count;
  }

  agentsOn(host: string): number {
    let count = 0;
    for (const agent of this.#agents.values()) if (agent.host === host) count++;
    return count;
  }

  /** Undefined while the agent is unplaced or unknown. */
  whereIs(agent: string): Whereabouts | undefined {
    const placed = this.#agents.get(agent);
    return placed?.host === undefined || placed.dirty
      ? undefined
      : { host: placed.host, epoch: placed.epoch, shown: placed.shown };
  }

  /** The agent's host has answered for it under that placement. */
  hostShown(agent: string, epoch: number): void {
    const placed = this.#agents.get(agent);
    if (placed !== undefined && placed.epoch === epoch) placed.shown = true;
  }

  register(specs: readonly AgentSpec[]): void {
    for (const spec of specs) {
      this.#removed.delete(spec.id);
      const known = this.#agents.get(spec.id);
      if (known === undefined) this.#agents.set(spec.id, unplaced(spec));
      else {
        known.spec = spec;
        known.dirty = true;
      }
    }
    this.#settleSoon();
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) if (this.#agents.delete(id)) this.#removed.add(id);
    this.#settleSoon();
  }

  hostJoined(lease: HostLease): void {
    const known = this.#hosts.has(lease.id);
    this.#hosts.set(lease.id, lease);
    if (known) return;
    this.emit('hostJoined', lease);
    this.#settleSoon();
  }

  hostLost(id: string, why: string): void {
    const lease = this.#hosts.get(id);
    if (lease === undefined) return;
    this.#hosts.delete(id);
    const agents = new Set<string>();
    for (const [agent, placed] of this.#agents) {
      if (placed.host !== id) continue;
      agents.add(agent);
      placed.host = undefined;
      placed.dirty = true;
    }
    this.emit('hostLost', lease, why, agents);
    this.#settleSoon();
  }

  /** Resolves when the bucket says what is wanted. */
  settle(): Promise<void> {
    this.#settling ??= this.#settle();
    return this.#settling;
  }

  /** Writes every placement anew when the bucket is another one: the broker may have come back with an empty store. */
  async bucketMayBeNew(): Promise<void> {
    const made = await whenMade(this.#bucket);
    if (made === this.#made) return;
    this.#made = made;
    // Others in their place: an answer of the bucket that is gone would give them a revision of it.
    for (const [id, { spec, host }] of this.#agents) this.#agents.set(id, { ...unplaced(spec), host });
    this.#settleSoon();
  }

  close(): void {
    this.#closed = true;
    this.removeAllListeners();
  }

  #settleSoon(): void {
    this.settle().catch((error: unknown) => {
      if (this.#closed) return;
      this.#onError(error);
      setTimeout(() => this.#settleSoon(), RETRY_MS).unref();
    });
  }

  /** Writes until nothing differs; what changes meanwhile is taken up in the next round. */
  async #settle(): Promise<void> {
    // Callers change several things in one turn: let them finish first.
    await Promise.resolve();
    try {
      for (;;) {
        const writes: (() => Promise<unknown>)[] = [];
        for (const id of this.#removed) writes.push(() => this.#erase(id));
        for (const [id, placed] of this.#agents) {
          const wanted = this.#wantedHost(placed.spec);
          if (wanted !== placed.host) placed.dirty = true;
          if (wanted === undefined) placed.host = undefined;
          else if (placed.dirty) writes.push(() => this.#place(id, placed, wanted));
        }
        if (writes.length === 0 || this.#closed) return;
        for (let i = 0; i < writes.length; i += WRITES_IN_FLIGHT) {
          await Promise.all(writes.slice(i, i + WRITES_IN_FLIGHT).map((write) => write()));
        }
      }
    } finally {
      // In the same turn as the last look: what changes after it begins anew.
      this.#settling = undefined;
    }
  }

  #wantedHost(spec: AgentSpec): string | undefined {
    if (spec.label === undefined) return choose(spec.id, this.#hosts.keys());
    const labelled = [...this.#hosts.values()].filter((host) => host.label === spec.label);
    return choose(
      spec.id,
      labelled.map((host) => host.id),
    );
  }

  async #place(id: string, placed: Placed, host: string): Promise<void> {
    const { spec } = placed;
    placed.dirty = true;
    const epoch = await this.#bucket.put(id, JSON.stringify({ host, spec }));
    // A write that failed for others may still be under way when they are all tried again: the newest counts.
    if (this.#agents.get(id) !== placed || epoch < placed.epoch) return;
    placed.epoch = epoch;
    placed.shown &&= placed.host === host;
    // The host may have gone, or the spec changed, while this was written: then it stays dirty.
    placed.host = this.#hosts.has(host) ? host : undefined;
    placed.dirty = placed.host === undefined || placed.spec !== spec;
  }

  async #erase(id: string): Promise<void> {
    await this.#bucket.purge(id);
    if (!this.#agents.has(id)) this.#removed.delete(id);
  }
}

async function whenMade(bucket: KV): Promise<string> {
  const { streamInfo } = await bucket.status();
  return streamInfo.created;
}

function unplaced(spec: AgentSpec): Placed {
  return { spec, host: undefined, epoch: 0, dirty: true, shown: false };
}
