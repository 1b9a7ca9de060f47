import type { Subscription } from 'nats';
import { VigilError } from '../../messages/errors.js';
import type { TreeNode } from '../../messages/requests.js';
import type { Subjects } from '../../messages/subjects.js';
import type { Behaviour, EndReason, Messenger, Protocol } from './behaviour.js';
import type { Bus } from './bus.js';
import { Cell, STOPPED_ITSELF } from './cell.js';
import type { Clock } from './clock.js';
import { busMessenger } from './messenger.js';
import type { RestartPolicy } from './restart-policy.js';
import { Supervisor } from './supervision.js';

export interface ActorSystemOptions {
  readonly id: string;
  readonly subjects: Subjects;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly policy: RestartPolicy;
  /** Messages that may wait for one actor. */
  readonly mailbox: number;
  /** How long an actor may work its mailbox off when it is stopped. */
  readonly drainMs: number;
  onCrash(actor: { kind: string; id: string }, error: Error): void;
  /** The actor crashed too often and is not restarted again. */
  onGiveUp(actor: { kind: string; id: string }, error: Error): void;
}

/** What the system knows of an actor whose behaviour it need not know. */
type AnyCell = Pick<Cell<unknown, Protocol>, 'deliver' | 'stop' | 'depth' | 'state'>;

interface Resident {
  readonly cell: AnyCell;
  readonly subscription: Subscription;
  /** Placement revision, for actors that are placed. */
  epoch: number | undefined;
}

/**
 * The actors of one process: each supervised one for one with an intensity of its own, each reachable on its own
 * subject and nowhere else.
 */
export class ActorSystem {
  readonly #options: ActorSystemOptions;
  readonly #supervisor: Supervisor;
  readonly #messenger: Messenger;
  readonly #residents = new Map<string, Resident>();
  /** Invariant: a key stands here exactly while its actor is ending; a new one with that key waits for it. */
  readonly #ending = new Map<string, Promise<void>>();
  /** Monotonic time at which the drain of all ends, once they are being stopped. */
  #stopsAt: number | undefined;

  constructor(options: ActorSystemOptions) {
    this.#options = options;
    this.#messenger = busMessenger(options.bus, options.subjects);
    this.#supervisor = new Supervisor({
      id: options.id,
      strategy: 'one_for_one',
      intensity: 'child',
      policy: options.policy,
      clock: options.clock,
      onCrash: (child, error) => options.onCrash(child, error),
      onGiveUp: (error, child) => this.#gaveUp(child, error),
    });
  }

  get size(): number {
    return this.#residents.size;
  }

  has(kind: string, id: string): boolean {
    return this.#residents.has(`${kind}.${id}`);
  }

  /**
   * Starts an actor and subscribes its subject. Rejects when the behaviour's `start` throws.
   *
   * @param epoch placement revision under which the actor acts.
   */
  async spawn<S, P extends Protocol>(behaviour: Behaviour<S, P>, id: string, epoch?: number): Promise<void> {
    const { subjects, bus, clock, mailbox, drainMs } = this.#options;
    const key = `${behaviour.kind}.${id}`;
    const subject = subjects.actor(behaviour.kind, id);
    await this.#ending.get(key);
    if (this.#residents.has(key)) throw new VigilError('CONFLICT', `${key} runs already`);
    const cell = new Cell(behaviour, id, { mailbox, clock, messenger: this.#messenger });
    const resident: Resident = {
      cell,
      epoch,
      subscription: bus.serve(subject, cell, () => resident.epoch),
    };
    this.#residents.set(key, resident);
    try {
      await this.#supervisor.add({
        kind: behaviour.kind,
        id,
        restart: 'transient',
        shutdownMs: drainMs + 1_000,
        start: (exited) =>
          cell.start((error) => {
            if (error === STOPPED_ITSELF) {
              this.#forget(key, cell);
              this.#tellEnd(behaviour.kind, id, 'stopped');
            }
            exited(error === STOPPED_ITSELF ? undefined : error);
          }),
        stop: () => cell.stop(this.#drainLeft()),
        describe: () => ({ mailbox: cell.depth }),
      });
    } catch (error) {
      this.#forget(key, cell);
      await cell.stop(0);
      throw error;
    }
  }

  /**
   * Asks an actor of this very process, for what runs beside it: the same mailbox and the same checks as over its subject.
   *
   * @throws VigilError the actor's own; UNAVAILABLE when it is not here under that placement; TIMEOUT.
   */
  async askHere(
    { kind, id, epoch }: { readonly kind: string; readonly id: string; readonly epoch: number },
    type: string,
    body: unknown,
    timeoutMs: number,
  ): Promise<unknown> {
    const resident = this.#residents.get(`${kind}.${id}`);
    if (resident === undefined || resident.epoch !== epoch)
      throw new VigilError('UNAVAILABLE', `${kind} ${id} is not here under placement ${epoch}`);
    let late: NodeJS.Timeout | undefined;
    try {
      return await new Promise((ok, fail) => {
        late = setTimeout(
          () => fail(new VigilError('TIMEOUT', `${kind} ${id}: no answer within ${timeoutMs} ms`)),
          timeoutMs,
        );
        resident.cell.deliver(type, body, { ok, fail }, timeoutMs);
      });
    } finally {
      clearTimeout(late);
    }
  }

  /** Goes on with the same actor under a new placement revision. */
  renew(kind: string, id: string, epoch: number): void {
    const resident = this.#residents.get(`${kind}.${id}`);
    if (resident !== undefined) resident.epoch = epoch;
  }

  /**
   * Stops an actor: unsubscribed first, then drained.
   *
   * @param moved it goes on elsewhere, so those who watch it are told nothing.
   */
  async stopActor(kind: string, id: string, moved = false): Promise<void> {
    const key = `${kind}.${id}`;
    const resident = this.#residents.get(key);
    if (resident === undefined) return;
    resident.subscription.unsubscribe();
    this.#residents.delete(key);
    const ended = this.#supervisor.remove(kind, id).then(() => resident.cell.stop(0));
    this.#ending.set(key, ended);
    try {
      await ended;
    } finally {
      this.#ending.delete(key);
      if (!moved) this.#tellEnd(kind, id, 'stopped');
    }
  }

  /** Stops all, the last started first. */
  async stop(): Promise<void> {
    this.#stopsAt ??= this.#options.clock.monotonic() + this.#options.drainMs;
    for (const resident of this.#residents.values()) resident.subscription.unsubscribe();
    await this.#supervisor.stop();
    // One that waits for its restart is not running, but others wait for what is in its mailbox.
    for (const resident of this.#residents.values()) await resident.cell.stop(0);
    this.#residents.clear();
  }

  /** @param limit children shown; those in trouble come first, the rest is counted. */
  tree(limit = Number.POSITIVE_INFINITY): TreeNode {
    const tree = this.#supervisor.tree();
    const children = tree.children ?? [];
    if (children.length <= limit) return tree;
    const trouble = (node: TreeNode) =>
      (node.state === 'running' ? 0 : 1e9) + node.restarts * 1e3 + (node.mailbox ?? 0);
    const worst = [...children].sort((a, b) => trouble(b) - trouble(a)).slice(0, limit);
    return { ...tree, children: worst, omitted: children.length - limit };
  }

  /** All of them have one drain deadline: a hundred that hang must not take a hundred times as long. */
  #drainLeft(): number {
    const { clock, drainMs } = this.#options;
    return this.#stopsAt === undefined ? drainMs : Math.max(0, this.#stopsAt - clock.monotonic());
  }

  #gaveUp(child: { kind: string; id: string }, error: Error): void {
    // It stays subscribed and answers UNAVAILABLE at once: silence would cost every sender its deadline.
    const resident = this.#residents.get(`${child.kind}.${child.id}`);
    const told = () => {
      this.#tellEnd(child.kind, child.id, 'given_up');
      this.#options.onGiveUp(child, error);
    };
    if (resident === undefined) told();
    else resident.cell.stop(0).then(told, told);
  }

  #tellEnd(kind: string, id: string, reason: EndReason): void {
    const { bus, subjects } = this.#options;
    if (!bus.connection.isClosed()) bus.publish(subjects.actorEnded(kind, id), { reason });
  }

  #forget(key: string, cell: AnyCell): void {
    const resident = this.#residents.get(key);
    if (resident?.cell !== cell) return;
    resident.subscription.unsubscribe();
    this.#residents.delete(key);
  }
}
