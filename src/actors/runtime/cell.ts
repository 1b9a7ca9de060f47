import { describeIssues, toFailure, VigilError } from '../../messages/errors.js';
import { type ActorContext, type Behaviour, Later, type Protocol } from './behaviour.js';
import type { Clock } from './clock.js';
import { Mailbox } from './mailbox.js';

/** Where the answer to a message goes: exactly one of `ok` and `fail` is called, exactly once. */
export interface ReplyPort {
  ok(body: unknown): void;
  fail(error: VigilError): void;
  /** Set by the port's owner when the one who asked took the message back. */
  cancelled?: boolean;
  /** Set by the cell while a handler listens for that; to be called after `cancelled` is set. */
  onCancel?: (() => void) | undefined;
}

interface Letter {
  readonly type: string;
  readonly body: unknown;
  readonly port: ReplyPort | undefined;
  /** Monotonic time after which nobody waits for the answer any more. */
  readonly expiresAt: number;
}

/** A message whose handler returned `Later`: answered when its work is done, or when the actor ends before. */
interface Deferred {
  readonly letter: Letter;
  readonly abort: AbortController;
}

export type CellState = 'idle' | 'starting' | 'running' | 'crashed' | 'stopping' | 'stopped';

/**
 * One actor: mailbox, state, behaviour. It outlives the crashes of its state: `start` begins a new incarnation, and
 * what waits in the mailbox is handled by that one.
 *
 * Invariant: at most one of `start`, a handler, a timer's action or `end` runs at any time.
 */
export class Cell<State, P extends Protocol> {
  readonly kind: string;
  readonly id: string;
  readonly #behaviour: Behaviour<State, P>;
  readonly #clock: Clock;
  readonly #mailbox: Mailbox<Letter>;
  #cell: CellState = 'idle';
  #state: State | undefined;
  /** The message being handled, while its handler has not settled. */
  #current: Letter | undefined;
  /** Made when a handler first asks for it: most messages never do, and an idle actor holds none. */
  #abort: AbortController | undefined;
  #context: CellContext | undefined;
  #deferred: Set<Deferred> | undefined;
  /** Turns of deferred messages that came while a handler ran; they go before the mailbox. */
  #turns: (() => void)[] | undefined;
  #timers: Set<() => void> | undefined;
  #onCrash: ((error: Error) => void) | undefined;
  #drained: (() => void) | undefined;
  #stopAsked = false;

  constructor(behaviour: Behaviour<State, P>, id: string, options: { mailbox: number; clock: Clock }) {
    this.kind = behaviour.kind;
    this.id = id;
    this.#behaviour = behaviour;
    this.#clock = options.clock;
    this.#mailbox = new Mailbox(options.mailbox);
  }

  get state(): CellState {
    return this.#cell;
  }

  get depth(): number {
    return this.#mailbox.length + (this.#current === undefined ? 0 : 1) + (this.#deferred?.size ?? 0);
  }

  /** Begins an incarnation. `onCrash` is called at most once for it. Rejects when `start` of the behaviour throws. */
  async start(onCrash: (error: Error) => void): Promise<void> {
    this.#cell = 'starting';
    this.#onCrash = onCrash;
    this.#stopAsked = false;
    try {
      const built = this.#behaviour.start(this.#ownContext());
      this.#state = built instanceof Promise ? await built : built;
    } catch (error) {
      this.#cell = 'crashed';
      this.#endIncarnation();
      throw error;
    }
    // A stop may have come while `start` was waiting.
    if (this.#is('stopping')) return this.#finishStop();
    this.#cell = 'running';
    this.#pump();
  }

  /** Takes a message in. A full mailbox or a stopped actor answers at once. */
  deliver(type: string, body: unknown, port: ReplyPort | undefined, ttlMs: number): boolean {
    if (this.#cell === 'stopping' || this.#cell === 'stopped') {
      port?.fail(new VigilError('UNAVAILABLE', `${this.kind} ${this.id} is stopping`));
      return false;
    }
    const letter: Letter = { type, body, port, expiresAt: this.#clock.monotonic() + ttlMs };
    const full = (this.#deferred?.size ?? 0) >= this.#mailbox.capacity || !this.#mailbox.push(letter);
    if (full) {
      port?.fail(
        new VigilError(
          'BUSY',
          `${this.kind} ${this.id} has ${this.#mailbox.capacity} messages waiting; try again later`,
        ),
      );
      return false;
    }
    this.#pump();
    return true;
  }

  /**
   * Stops in order: no new messages, those waiting are handled until `drainMs` is over, then the handler's signal
   * aborts and the rest is answered UNAVAILABLE.
   */
  async stop(drainMs: number): Promise<void> {
    if (this.#cell === 'stopped') return;
    const wasRunning = this.#cell === 'running';
    this.#cell = 'stopping';
    if (wasRunning && this.depth > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      this.#pump();
      let cancel = () => {};
      const late = new Promise<void>((resolve) => {
        cancel = this.#clock.after(drainMs, resolve);
      });
      await Promise.race([idle, late]);
      cancel();
    }
    await this.#finishStop();
  }

  async #finishStop(): Promise<void> {
    if (this.#cell === 'stopped') return;
    this.#cell = 'stopped';
    this.#refuseWaiting('stopped');
    const state = this.#state;
    this.#endIncarnation();
    if (state !== undefined) await this.#behaviour.end?.(state);
  }

  /** Answers everything that waits. Used at stop, and when the supervisor gave the actor up. */
  #refuseWaiting(why: string): void {
    for (let letter = this.#mailbox.shift(); letter !== undefined; letter = this.#mailbox.shift()) {
      letter.port?.fail(new VigilError('UNAVAILABLE', `${this.kind} ${this.id} ${why}`));
    }
  }

  #endIncarnation(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    for (const cancel of this.#timers ?? []) cancel();
    this.#timers = undefined;
    this.#turns = undefined;
    const deferred = this.#deferred;
    this.#deferred = undefined;
    for (const { letter, abort } of deferred ?? []) {
      abort.abort();
      letter.port?.fail(
        new VigilError('UNAVAILABLE', `${this.kind} ${this.id} ended before it had answered`),
      );
    }
    this.#state = undefined;
  }

  /** Reads the state afresh: control flow analysis does not see that it changes during an await. */
  #is(state: CellState): boolean {
    return this.#cell === state;
  }

  #pump(): void {
    // A loop and not recursion: a handler that answers at once is followed by the next message without a new task,
    // which is what makes ten thousand actors on one event loop cheap.
    while (this.#current === undefined && (this.#cell === 'running' || this.#cell === 'stopping')) {
      const turn = this.#turns?.shift();
      if (turn !== undefined) {
        turn();
        continue;
      }
      const letter = this.#mailbox.shift();
      if (letter === undefined) {
        if (this.depth === 0) this.#drained?.();
        return;
      }
      if (letter.port?.cancelled === true) {
        letter.port.fail(new VigilError('CANCELLED', 'taken back before it was handled'));
        continue;
      }
      if (letter.expiresAt < this.#clock.monotonic()) {
        letter.port?.fail(
          new VigilError('TIMEOUT', `waited too long in the mailbox of ${this.kind} ${this.id}`),
        );
        continue;
      }
      this.#handle(letter);
    }
  }

  #handle(letter: Letter): void {
    const spec = this.#behaviour.protocol[letter.type];
    if (spec === undefined) {
      letter.port?.fail(
        new VigilError(
          'BAD_REQUEST',
          `${this.kind} knows no message ${JSON.stringify(letter.type.slice(0, 40))}`,
        ),
      );
      return;
    }
    const parsed = spec.request.safeParse(letter.body);
    if (!parsed.success) {
      letter.port?.fail(new VigilError('BAD_REQUEST', `${letter.type}: ${describeIssues(parsed.error)}`));
      return;
    }
    const handler = this.#behaviour.on[letter.type];
    if (handler === undefined) throw new Error(`${this.kind} has no handler for ${letter.type}`);
    let outcome: unknown;
    this.#current = letter;
    try {
      // `start` has run, so the state is there; it may legitimately be undefined for a stateless actor.
      outcome = handler(this.#state as State, parsed.data as never, this.#ownContext());
    } catch (error) {
      this.#release(letter);
      this.#failed(letter, error);
      return;
    }
    if (outcome instanceof Promise) {
      outcome.then(
        (reply) => {
          this.#release(letter);
          this.#answered(letter, reply);
          this.#pump();
        },
        (error: unknown) => {
          this.#release(letter);
          this.#failed(letter, error);
          this.#pump();
        },
      );
      return;
    }
    this.#release(letter);
    this.#answered(letter, outcome);
  }

  #release(letter: Letter): void {
    this.#current = undefined;
    this.#abort = undefined;
    if (letter.port !== undefined) letter.port.onCancel = undefined;
  }

  #defer(letter: Letter, later: Later<unknown>): void {
    const deferred: Deferred = { letter, abort: new AbortController() };
    this.#deferred ??= new Set();
    this.#deferred.add(deferred);
    if (letter.port !== undefined) letter.port.onCancel = () => deferred.abort.abort();
    if (letter.port?.cancelled === true) deferred.abort.abort();
    const turn = (finish: () => void) => {
      // Not there any more: the actor ended, and the message was answered then.
      if (this.#deferred?.has(deferred) !== true) return;
      this.#turns ??= [];
      this.#turns.push(() => {
        if (this.#deferred?.delete(deferred) === true) finish();
      });
      this.#pump();
    };
    new Promise((resolve) => resolve(later.work(deferred.abort.signal))).then(
      (value) =>
        turn(() => {
          let reply: unknown;
          try {
            reply = later.finish(value);
          } catch (error) {
            this.#failed(letter, error);
            return;
          }
          this.#answered(letter, reply);
        }),
      (error: unknown) => turn(() => this.#failed(letter, error)),
    );
  }

  #answered(letter: Letter, reply: unknown): void {
    if (reply instanceof Later) {
      this.#defer(letter, reply);
      return;
    }
    letter.port?.ok(reply);
    if (this.#stopAsked) this.#crash(undefined);
  }

  #failed(letter: Letter, error: unknown): void {
    if (error instanceof VigilError) {
      letter.port?.fail(error);
      return;
    }
    letter.port?.fail(
      new VigilError('CRASHED', `${this.kind} ${this.id} crashed: ${toFailure(error).message}`, {
        cause: error,
      }),
    );
    this.#crash(error instanceof Error ? error : new Error(String(error)));
  }

  #crash(error: Error | undefined): void {
    if (this.#cell !== 'running') return;
    this.#cell = 'crashed';
    const state = this.#state;
    this.#endIncarnation();
    const report = this.#onCrash;
    this.#onCrash = undefined;
    const ended = state === undefined ? undefined : this.#behaviour.end?.(state);
    // The new incarnation must not start while the old one still frees its resources.
    Promise.resolve(ended).then(
      () => report?.(error ?? STOPPED_ITSELF),
      (endError: unknown) =>
        report?.(error ?? (endError instanceof Error ? endError : new Error(String(endError)))),
    );
  }

  #ownContext(): ActorContext {
    this.#context ??= new CellContext(this);
    return this.#context;
  }

  /** For the context: the present message's signal. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      const port = this.#current?.port;
      if (port !== undefined) port.onCancel = () => abort.abort();
      if (port?.cancelled === true) abort.abort();
    }
    return this.#abort.signal;
  }

  /** For the context: a message to itself, later. */
  schedule(ms: number, type: string, body: unknown): void {
    this.#timers ??= new Set();
    const timers = this.#timers;
    const cancel = this.#clock.after(ms, () => {
      timers.delete(cancel);
      this.deliver(type, body, undefined, Number.POSITIVE_INFINITY);
    });
    timers.add(cancel);
  }

  /** For the context: end once the present message is answered. */
  askStop(): void {
    this.#stopAsked = true;
  }
}

/** What a behaviour sees of its cell. */
class CellContext implements ActorContext {
  readonly #cell: Cell<unknown, Protocol>;

  constructor(cell: unknown) {
    this.#cell = cell as Cell<unknown, Protocol>;
  }
  get kind(): string {
    return this.#cell.kind;
  }
  get id(): string {
    return this.#cell.id;
  }
  get signal(): AbortSignal {
    return this.#cell.signal;
  }
  after(ms: number, type: string, body: unknown): void {
    this.#cell.schedule(ms, type, body);
  }
  stop(): void {
    this.#cell.askStop();
  }
}

/** Reported instead of an error when an actor ended itself with `context.stop()`. */
export const STOPPED_ITSELF = new Error('stopped itself');
