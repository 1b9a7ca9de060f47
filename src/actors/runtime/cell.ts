import type { Context } from '@opentelemetry/api';
import { toFailure, VigilError } from '../../messages/errors.js';
import { ATTRIBUTES } from '../../messages/telemetry.js';
import { type ActorContext, type Behaviour, Later, type Messenger, type Protocol } from './behaviour.js';
import { CellContext } from './cell-context.js';
import type { Clock } from './clock.js';
import { Mailbox } from './mailbox.js';
import { parseBody } from './parse-body.js';
import { activeTrace, inProcessSpan, inTrace } from './trace.js';

/** Wait before a timer's message is put into a full mailbox again. */
const FULL_RETRY_MS = 50;

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
  /** Trace that the message belongs to. */
  readonly trace: Context | undefined;
}

/** A message whose handler returned `Later`: answered when its work is done, or when the actor ends before. */
interface Deferred {
  readonly letter: Letter;
  readonly abort: AbortController;
}

export interface CellOptions {
  /** Messages that may wait. */
  readonly mailbox: number;
  readonly clock: Clock;
  readonly messenger?: Messenger | undefined;
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
  readonly #messenger: Messenger | undefined;
  #cell: CellState = 'idle';
  #state: State | undefined;
  /** The message being handled, while its handler has not settled. */
  #current: Letter | undefined;
  /** Made when a handler first asks for it: most messages never do, and an idle actor holds none. */
  #abort: AbortController | undefined;
  /** The one that `start` of the behaviour asked for: aborts at the end of the incarnation. */
  #lifeAbort: AbortController | undefined;
  #context: CellContext | undefined;
  #deferred: Set<Deferred> | undefined;
  /** Turns of deferred messages that came while a handler ran; they go before the mailbox. */
  #turns: (() => void)[] | undefined;
  /** Take timers and watches back. */
  #timers: Set<() => void> | undefined;
  #onCrash: ((error: Error) => void) | undefined;
  #drained: (() => void) | undefined;
  #stopAsked = false;

  /** @param options.messenger reaches other actors; without one, asking and watching fail. */
  constructor(behaviour: Behaviour<State, P>, id: string, options: CellOptions) {
    this.kind = behaviour.kind;
    this.id = id;
    this.#behaviour = behaviour;
    this.#clock = options.clock;
    this.#mailbox = new Mailbox(options.mailbox);
    this.#messenger = options.messenger;
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
    let state: State;
    try {
      const built = this.#behaviour.start(this.#ownContext());
      state = built instanceof Promise ? await built : built;
    } catch (error) {
      if (this.#is('starting')) {
        this.#cell = 'crashed';
        this.#endIncarnation();
      }
      throw error;
    }
    // A stop may have come while `start` was waiting: then everybody has been answered and only this is left.
    if (!this.#is('starting')) {
      if (state !== undefined) await this.#behaviour.end?.(state);
      return;
    }
    this.#state = state;
    this.#lifeAbort = this.#abort;
    this.#abort = undefined;
    this.#cell = 'running';
    this.#pump();
  }

  /** Takes a message in. A full mailbox or a stopped actor answers at once. */
  deliver(type: string, body: unknown, port: ReplyPort | undefined, ttlMs: number): boolean {
    if (this.#cell === 'stopping' || this.#cell === 'stopped') {
      port?.fail(new VigilError('UNAVAILABLE', `${this.kind} ${this.id} is stopping`));
      return false;
    }
    const expiresAt = this.#clock.monotonic() + ttlMs;
    const letter: Letter = { type, body, port, expiresAt, trace: activeTrace() };
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
   * aborts and the rest is answered UNAVAILABLE. Called again meanwhile, it stops at once.
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
    this.#drained?.();
    // Its handler may never settle; what it answers after this comes too late.
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#refuse(current, 'stopped before it had answered');
    this.#refuseWaiting('stopped');
    const state = this.#state;
    this.#endIncarnation();
    if (state !== undefined) await this.#behaviour.end?.(state);
  }

  /** Answers everything that waits. Used at stop, and when the supervisor gave the actor up. */
  #refuseWaiting(why: string): void {
    for (let letter = this.#mailbox.shift(); letter !== undefined; letter = this.#mailbox.shift()) {
      this.#refuse(letter, why);
    }
  }

  #refuse(letter: Letter, why: string): void {
    letter.port?.fail(new VigilError('UNAVAILABLE', `${this.kind} ${this.id} ${why}`));
  }

  #endIncarnation(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#lifeAbort?.abort();
    this.#lifeAbort = undefined;
    for (const cancel of this.#timers ?? []) cancel();
    this.#timers = undefined;
    this.#turns = undefined;
    const deferred = this.#deferred;
    this.#deferred = undefined;
    for (const { letter, abort } of deferred ?? []) {
      abort.abort();
      this.#refuse(letter, 'ended before it had answered');
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
      if (this.#stopAsked && this.#cell === 'running') {
        // What is answered later is waited for; what waits in the mailbox is not begun any more.
        if ((this.#deferred?.size ?? 0) === 0) this.#endIncarnationWith(undefined);
        return;
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
    const { protocol } = this.#behaviour;
    // A type such as `constructor` names no message, though every object has it.
    const spec = Object.hasOwn(protocol, letter.type) ? protocol[letter.type] : undefined;
    if (spec === undefined) {
      letter.port?.fail(
        new VigilError(
          'BAD_REQUEST',
          `${this.kind} knows no message ${JSON.stringify(letter.type.slice(0, 40))}`,
        ),
      );
      return;
    }
    const parsed = parseBody(spec.request, letter.body);
    if (!parsed.success) {
      letter.port?.fail(new VigilError('BAD_REQUEST', `${letter.type}: ${parsed.why}`));
      return;
    }
    const handler = this.#behaviour.on[letter.type];
    if (handler === undefined) throw new Error(`${this.kind} has no handler for ${letter.type}`);
    let outcome: unknown;
    this.#current = letter;
    try {
      // `start` has run, so the state is there; it may legitimately be undefined for a stateless actor.
      const state = this.#state as State;
      const body = parsed.data as never;
      outcome =
        letter.trace === undefined
          ? handler(state, body, this.#ownContext())
          : this.#traced(letter, () => handler(state, body, this.#ownContext()));
    } catch (error) {
      this.#release(letter);
      this.#failed(letter, error);
      return;
    }
    if (outcome instanceof Promise) {
      outcome.then(
        (reply) => {
          if (this.#current !== letter) return;
          this.#release(letter);
          this.#answered(letter, reply);
          this.#pump();
        },
        (error: unknown) => {
          if (this.#current !== letter) return;
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

  #traced(letter: Letter, run: () => unknown): Promise<unknown> {
    const attributes = { [ATTRIBUTES.actorKind]: this.kind, [ATTRIBUTES.message]: letter.type };
    return inTrace(letter.trace, () => inProcessSpan(this.kind, attributes, async () => run()));
  }

  #release(letter: Letter): void {
    this.#current = undefined;
    this.#abort = undefined;
    if (letter.port?.onCancel !== undefined) letter.port.onCancel = undefined;
  }

  #defer(letter: Letter, later: Later<unknown>): void {
    const deferred: Deferred = { letter, abort: new AbortController() };
    this.#deferred ??= new Set();
    this.#deferred.add(deferred);
    if (letter.port !== undefined) letter.port.onCancel = () => deferred.abort.abort();
    if (letter.port?.cancelled === true) deferred.abort.abort();
    const turn = (finish: () => unknown) => {
      // Not there any more: the actor ended, and the message was answered then.
      if (this.#deferred?.has(deferred) !== true) return;
      this.#turns ??= [];
      this.#turns.push(() => {
        if (this.#deferred?.delete(deferred) === true) this.#takeTurn(letter, finish);
      });
      this.#pump();
    };
    const work = () => later.work(deferred.abort.signal);
    new Promise((resolve) => resolve(inTrace(letter.trace, work))).then(
      (value) => turn(() => later.finish(value)),
      (error: unknown) =>
        turn(() => {
          throw error;
        }),
    );
  }

  #takeTurn(letter: Letter, finish: () => unknown): void {
    let reply: unknown;
    this.#current = letter;
    try {
      reply = finish();
    } catch (error) {
      this.#release(letter);
      this.#failed(letter, error);
      return;
    }
    this.#release(letter);
    this.#answered(letter, reply);
  }

  #answered(letter: Letter, reply: unknown): void {
    if (reply instanceof Later) {
      this.#defer(letter, reply);
      return;
    }
    letter.port?.ok(reply);
  }

  #failed(letter: Letter, error: unknown): void {
    if (error instanceof VigilError) {
      letter.port?.fail(error);
      return;
    }
    if (letter.port?.cancelled === true && error instanceof Error && error.name === 'AbortError') {
      // It did as it was told.
      letter.port.fail(new VigilError('CANCELLED', 'taken back while it was handled'));
      return;
    }
    letter.port?.fail(
      new VigilError('CRASHED', `${this.kind} ${this.id} crashed: ${toFailure(error).message}`, {
        cause: error,
      }),
    );
    this.#crash(error instanceof Error ? error : new Error(String(error)));
  }

  #crash(error: Error): void {
    if (this.#cell === 'running') {
      this.#endIncarnationWith(error);
    } else if (this.#cell === 'stopping') {
      // Its state is not to be trusted any more, and there will be no other.
      this.#refuseWaiting('crashed while it was being stopped');
      this.#drained?.();
    }
  }

  /** Ends what runs and reports it: `error`, or that it ended itself. */
  #endIncarnationWith(error: Error | undefined): void {
    this.#cell = error === undefined ? 'stopped' : 'crashed';
    if (error === undefined) this.#refuseWaiting('ended');
    const state = this.#state;
    this.#endIncarnation();
    const report = this.#onCrash;
    this.#onCrash = undefined;
    // The new incarnation must not start while the old one still frees its resources.
    new Promise<void>((resolve) =>
      resolve(state === undefined ? undefined : this.#behaviour.end?.(state)),
    ).then(
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
    if (this.#cell === 'stopped' || this.#cell === 'crashed') return;
    this.#timers ??= new Set();
    const timers = this.#timers;
    const cancel = this.#clock.after(ms, () => {
      timers.delete(cancel);
      // A full mailbox is no reason to lose it: an actor that sets its next timer from this one would fall silent.
      const taken = this.deliver(type, body, undefined, Number.POSITIVE_INFINITY);
      if (!taken && this.#cell === 'running') this.schedule(FULL_RETRY_MS, type, body);
    });
    timers.add(cancel);
  }

  /** For the context. */
  get messenger(): Messenger {
    if (this.#messenger !== undefined) return this.#messenger;
    throw new Error(`${this.kind} ${this.id} runs without a broker and reaches no other actor`);
  }

  /** For the context: a message to itself when another actor ends. */
  watch(kind: string, id: string, type: string): void {
    if (this.#cell === 'stopped' || this.#cell === 'crashed') return;
    this.#timers ??= new Set();
    const timers = this.#timers;
    const cancel = this.messenger.watch(kind, id, (reason) => {
      timers.delete(cancel);
      this.schedule(0, type, { kind, id, reason });
    });
    timers.add(cancel);
  }

  /** For the context: end once the present message is answered. */
  askStop(): void {
    this.#stopAsked = true;
    this.#pump();
  }
}

/** Reported instead of an error when an actor ended itself with `context.stop()`. */
export const STOPPED_ITSELF = new Error('stopped itself');
