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
  /**
   * Ends it in order. Must settle; the supervisor waits `shutdownMs` for it and then calls `kill`. Called while a start
   * is under way, it may cut that short; where the start succeeds all the same, `stop` is called once more.
   */
  stop(): Promise<void>;
  readonly shutdownMs: number;
  /** Ends it at once, when `stop` took too long or failed. */
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
  /** Grows with each start, exit and stop; what belongs to an earlier one is ignored. */
  incarnation: number;
  /** The start under way. */
  starting: Promise<void> | undefined;
  /** The stop under way: whoever else wants it stopped waits for the same one. */
  ending: Promise<void> | undefined;
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
      starting: undefined,
      ending: undefined,
    };
    this.#children.set(key, child);
    let up: boolean;
    try {
      up = await this.#start(child);
    } catch (error) {
      this.#forget(child);
      throw error;
    }
    if (!up) throw new Error(`${key} was stopped while it started`);
  }

  /** Stops a child and forgets it. */
  async remove(kind: string, id: string): Promise<void> {
    const child = this.#children.get(`${kind}.${id}`);
    if (child === undefined) return;
    await this.#stopChild(child);
    this.#forget(child);
  }

  /** Stops all children, the last started first; each within its `shutdownMs`, then by force. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const child of [...this.#children.values()].reverse()) await this.#stopChild(child);
  }

  /** After `stop`: starts the children again, in order. One that does not start is restarted by policy. */
  async start(): Promise<void> {
    this.#stopping = false;
    for (const child of [...this.#children.values()]) {
      if (this.#stopping) return;
      if (!this.#has(child) || child.state !== 'stopped') continue;
      try {
        await this.#start(child);
      } catch (error) {
        this.#exited(child, error instanceof Error ? error : new Error(String(error)));
      }
    }
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

  #forget(child: Child): void {
    if (this.#has(child)) this.#children.delete(keyOf(child.spec));
  }

  #has(child: Child): boolean {
    return this.#children.get(keyOf(child.spec)) === child;
  }

  /** False when it was stopped meanwhile: then neither its success nor its failure matters. */
  async #start(child: Child): Promise<boolean> {
    child.state = 'starting';
    const incarnation = ++child.incarnation;
    let ended: { error: Error | undefined } | undefined;
    try {
      child.starting = child.spec.start((error) => {
        if (child.incarnation !== incarnation) return;
        if (child.state === 'starting') ended = { error };
        else this.#exited(child, error);
      });
      await child.starting;
    } catch (error) {
      if (child.incarnation !== incarnation) return false;
      throw error;
    } finally {
      if (child.incarnation === incarnation) child.starting = undefined;
    }
    if (child.incarnation !== incarnation) return false;
    child.state = 'running';
    if (ended !== undefined) this.#exited(child, ended.error);
    return true;
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
      this.#forget(child);
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
      void this.#restart(child);
    });
  }

  async #restart(child: Child): Promise<void> {
    const down = [{ child, incarnation: child.incarnation }];
    if (this.#options.strategy === 'rest_for_one') {
      const all = [...this.#children.values()];
      for (const later of all.slice(all.indexOf(child) + 1).reverse()) {
        await this.#stopChild(later);
        down.splice(1, 0, { child: later, incarnation: later.incarnation });
      }
    }
    for (const { child: each, incarnation } of down) {
      if (this.#stopping) return;
      if (!this.#has(each) || each.state === 'failed') continue;
      // Another restart, of a child further up, has taken over.
      if (each.incarnation !== incarnation) return;
      try {
        await this.#start(each);
      } catch (error) {
        this.#exited(each, error instanceof Error ? error : new Error(String(error)));
      }
      // The rest waits for this one: its own restart brings them back after it.
      if (!isIn(each, 'running', 'failed') && this.#has(each)) return;
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

  #stopChild(child: Child): Promise<void> {
    child.ending ??= this.#end(child).finally(() => {
      child.ending = undefined;
    });
    return child.ending;
  }

  async #end(child: Child): Promise<void> {
    child.cancelRestart?.();
    child.cancelRestart = undefined;
    if (isIn(child, 'failed', 'stopped')) return;
    const started = isIn(child, 'running', 'starting');
    child.state = 'stopping';
    child.incarnation++;
    if (started) await this.#stopWithin(child);
    child.state = 'stopped';
  }

  async #stopWithin(child: Child): Promise<void> {
    let cancel = () => {};
    const late = new Promise<boolean>((resolve) => {
      cancel = this.#options.clock.after(child.spec.shutdownMs, () => resolve(false));
    });
    const inOrder = stopSpec(child).then(
      () => true,
      (error: unknown) => {
        child.lastError = messageOf(error).slice(0, 500);
        return false;
      },
    );
    if (!(await Promise.race([inOrder, late]))) child.spec.kill?.();
    cancel();
  }
}

async function stopSpec({ spec, starting }: Child): Promise<void> {
  await spec.stop();
  if (starting === undefined) return;
  const succeeded = await starting.then(
    () => true,
    () => false,
  );
  if (succeeded) await spec.stop();
}

/** Reads the state afresh: control flow analysis does not see that it changes during a call or an await. */
function isIn(child: Child, ...states: readonly ChildState[]): boolean {
  return states.includes(child.state);
}

function keyOf(child: { kind: string; id: string }): string {
  return `${child.kind}.${child.id}`;
}

/** A supervisor as the child of another: its own children stop with it, and start again with it. */
export function subtree(supervisor: Supervisor, id: string, shutdownMs: number): ChildSpec {
  return {
    kind: 'supervisor',
    id,
    restart: 'temporary',
    shutdownMs,
    start: () => supervisor.start(),
    stop: () => supervisor.stop(),
    describe: () => {
      const { state, restarts, children } = supervisor.tree();
      return { state, restarts, children };
    },
  };
}
