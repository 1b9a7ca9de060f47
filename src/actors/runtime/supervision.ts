import { messageOf } from '../../messages/errors.js';
import type { TreeNode } from '../../messages/requests.js';
import type { Clock } from './clock.js';
import { decide, type RestartPolicy } from './restart-policy.js';

/** A child as its supervisor needs it: something that can be started, ends by itself or is stopped. */
export interface ChildSpec {
  readonly kind: string;
  readonly id: string;
  /**
   * `permanent`: restarted whenever it ends. `transient`: restarted when it ends with an error.
   * `temporary`: never restarted.
   */
  readonly restart: 'permanent' | 'transient' | 'temporary';
  /**
   * Starts it. `exited` is called at most once for each start, when the child ends without having been stopped; with
   * no error when it ended as it should. A rejection counts as an exit with that error.
   */
  start(exited: (error?: Error) => void): Promise<void>;
  /** Ends it in order. Must settle; the supervisor waits `shutdownMs` for it and then calls `kill`. */
  stop(): Promise<void>;
  readonly shutdownMs: number;
  /** Ends it at once. */
  kill?(): void;
  /** What the tree shows besides state and restarts. */
  describe?(): Partial<TreeNode>;
}

export type ChildState = 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped' | 'failed';

interface Child {
  readonly spec: ChildSpec;
  state: ChildState;
  restarts: number;
  lastError: string | undefined;
  /** Monotonic times of recent restarts; only with intensity per child. */
  history: readonly number[] | undefined;
  cancelRestart: (() => void) | undefined;
  /** Grows with each start; an exit that belongs to an earlier start is ignored. */
  incarnation: number;
}

export interface SupervisorOptions {
  readonly id: string;
  /**
   * `one_for_one`: only the child that ended is restarted. `rest_for_one`: it and those started after it, which may
   * hold on to what it had.
   */
  readonly strategy: 'one_for_one' | 'rest_for_one';
  readonly policy: RestartPolicy;
  /**
   * Whose restarts are counted. `supervisor`, as in OTP: too many and all children are stopped and `onGiveUp` is
   * told. `child`: too many and that child alone is given up (`failed`), for fleets of independent children.
   */
  readonly intensity: 'supervisor' | 'child';
  readonly clock: Clock;
  readonly random?: () => number;
  /** The intensity was reached: by the whole supervisor, or by the child named. */
  onGiveUp(error: Error, child: { kind: string; id: string }): void;
  /** A child ended with an error; it may still be restarted. */
  onCrash?(child: { kind: string; id: string }, error: Error): void;
}

/**
 * Starts children in order, restarts those that end, gives up when that happens too often, stops them in reverse
 * order. Knows nothing of actors: hosts, actors and services are children alike.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  /** In start order. */
  readonly #children = new Map<string, Child>();
  #history: readonly number[] = [];
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts a child and supervises it. Rejects when its first start fails: what never worked is not retried. */
  async add(spec: ChildSpec): Promise<void> {
    const key = keyOf(spec);
    if (this.#stopping) throw new Error(`${this.#options.id} is stopping`);
    if (this.#children.has(key)) throw new Error(`${key} is supervised already`);
    const child: Child = {
      spec,
      state: 'starting',
      restarts: 0,
      lastError: undefined,
      history: undefined,
      cancelRestart: undefined,
      incarnation: 0,
    };
    this.#children.set(key, child);
    try {
      await this.#start(child);
    } catch (error) {
      this.#children.delete(key);
      throw error;
    }
  }

  /** Stops a child and forgets it. */
  async remove(kind: string, id: string): Promise<void> {
    const child = this.#children.get(`${kind}.${id}`);
    if (child === undefined) return;
    await this.#stopChild(child);
    this.#children.delete(`${kind}.${id}`);
  }

  /** Stops all children, the last started first; each within its `shutdownMs`, then by force. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const child of [...this.#children.values()].reverse()) await this.#stopChild(child);
  }

  get size(): number {
    return this.#children.size;
  }

  tree(): TreeNode {
    const children = [...this.#children.values()].map((child): TreeNode => {
      const node: TreeNode = {
        kind: child.spec.kind,
        id: child.spec.id,
        state: child.state,
        restarts: child.restarts,
        ...child.spec.describe?.(),
      };
      if (child.lastError !== undefined) node.lastError = child.lastError;
      return node;
    });
    return {
      kind: 'supervisor',
      id: this.#options.id,
      state: this.#stopping ? 'stopping' : 'running',
      restarts: children.reduce((sum, child) => sum + child.restarts, 0),
      children,
    };
  }

  async #start(child: Child): Promise<void> {
    child.state = 'starting';
    const incarnation = ++child.incarnation;
    let ended: { error: Error | undefined } | undefined;
    await child.spec.start((error) => {
      if (child.incarnation !== incarnation) return;
      if (child.state === 'starting') ended = { error };
      else this.#exited(child, error);
    });
    if (child.incarnation !== incarnation) return;
    if ((child.state as ChildState) === 'stopping') return;
    child.state = 'running';
    if (ended !== undefined) this.#exited(child, ended.error);
  }

  #exited(child: Child, error: Error | undefined): void {
    child.incarnation++;
    if (this.#stopping || child.state === 'stopping') return;
    if (error !== undefined) {
      child.lastError = messageOf(error).slice(0, 500);
      this.#options.onCrash?.(child.spec, error);
    }
    const wanted =
      child.spec.restart === 'permanent' || (child.spec.restart === 'transient' && error !== undefined);
    if (!wanted) {
      child.state = 'stopped';
      this.#children.delete(keyOf(child.spec));
      return;
    }
    this.#restartOrGiveUp(child, error ?? new Error('ended'));
  }

  #restartOrGiveUp(child: Child, error: Error): void {
    const { policy, clock, intensity, random = Math.random } = this.#options;
    const history = (intensity === 'child' ? child.history : this.#history) ?? [];
    const decision = decide(policy, history, clock.monotonic(), random());
    if (intensity === 'child') child.history = decision.history;
    else this.#history = decision.history;
    if (decision.directive.action === 'escalate') {
      this.#giveUp(child, error);
      return;
    }
    child.state = 'waiting';
    child.restarts++;
    child.cancelRestart = clock.after(decision.directive.delayMs, () => {
      child.cancelRestart = undefined;
      this.#restart(child).catch((restartError: unknown) => {
        this.#exited(child, restartError instanceof Error ? restartError : new Error(String(restartError)));
      });
    });
  }

  async #restart(child: Child): Promise<void> {
    if (this.#stopping) return;
    if (this.#options.strategy === 'one_for_one') return this.#start(child);
    const all = [...this.#children.values()];
    const rest = all.slice(all.indexOf(child) + 1);
    for (const later of [...rest].reverse()) await this.#stopChild(later);
    for (const each of [child, ...rest]) {
      if (this.#stopping) return;
      try {
        await this.#start(each);
      } catch (error) {
        // The rest waits for this one: its own restart brings them back after it.
        this.#exited(each, error instanceof Error ? error : new Error(String(error)));
        return;
      }
    }
  }

  #giveUp(child: Child, error: Error): void {
    child.state = 'failed';
    if (this.#options.intensity === 'child') {
      this.#options.onGiveUp(error, child.spec);
      return;
    }
    this.stop().then(
      () => this.#options.onGiveUp(error, child.spec),
      (stopError: unknown) =>
        this.#options.onGiveUp(new AggregateError([error, stopError], messageOf(error)), child.spec),
    );
  }

  async #stopChild(child: Child): Promise<void> {
    child.cancelRestart?.();
    child.cancelRestart = undefined;
    if (child.state === 'failed' || child.state === 'stopped') return;
    const started = child.state === 'running' || child.state === 'starting';
    child.state = 'stopping';
    child.incarnation++;
    if (started) await this.#stopWithin(child);
    child.state = 'stopped';
  }

  async #stopWithin(child: Child): Promise<void> {
    let cancel = () => {};
    const late = new Promise<'late'>((resolve) => {
      cancel = this.#options.clock.after(child.spec.shutdownMs, () => resolve('late'));
    });
    const done = child.spec.stop().then(
      () => 'done' as const,
      (error: unknown) => {
        child.lastError = messageOf(error).slice(0, 500);
        return 'done' as const;
      },
    );
    if ((await Promise.race([done, late])) === 'late') child.spec.kill?.();
    cancel();
  }
}

function keyOf(child: { kind: string; id: string }): string {
  return `${child.kind}.${child.id}`;
}

/** A supervisor as the child of another: its own children stop with it. */
export function subtree(supervisor: Supervisor, id: string, shutdownMs: number): ChildSpec {
  return {
    kind: 'supervisor',
    id,
    restart: 'temporary',
    shutdownMs,
    start: async () => {},
    stop: () => supervisor.stop(),
    describe: () => {
      const { state, restarts, children } = supervisor.tree();
      return { state, restarts, children };
    },
  };
}
