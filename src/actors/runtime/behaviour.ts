import type { z } from 'zod';

/** The messages an actor understands: for each its request and its reply. */
export type Protocol = Readonly<Record<string, { readonly request: z.ZodType; readonly reply: z.ZodType }>>;

export type RequestIn<P extends Protocol, M extends keyof P> = z.infer<P[M]['request']>;
export type ReplyIn<P extends Protocol, M extends keyof P> = z.infer<P[M]['reply']>;

/** A kind of actor as others see it: enough to ask one. */
export interface Peer<P extends Protocol> {
  readonly kind: string;
  readonly protocol: P;
}

/** Why a watched actor is there no longer. */
export type EndReason = 'stopped' | 'given_up' | 'no_actor';

/** How an actor reaches others: over the broker, in a process that has one. */
export interface Messenger {
  ask(
    kind: string,
    id: string,
    type: string,
    body: unknown,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<unknown>;
  tell(kind: string, id: string, type: string, body: unknown): void;
  /** Calls `ended` once, when that actor ends or when there is none; the returned function takes the watch back. */
  watch(kind: string, id: string, ended: (reason: EndReason) => void): () => void;
}

/** What a handler may use besides its state. */
export interface ActorContext {
  readonly kind: string;
  readonly id: string;
  /**
   * Aborts when the actor stops, or when the one who asked for the present message took it back. Belongs to the
   * message: read it before the handler's first await.
   */
  readonly signal: AbortSignal;
  /**
   * Asks another actor and waits. In a handler, this actor handles no other message meanwhile; for what takes long
   * return `Later`.
   *
   * @throws VigilError the other's own error; TIMEOUT; UNAVAILABLE; BAD_REPLY when the answer does not fit.
   */
  ask<P extends Protocol, M extends keyof P & string>(
    peer: Peer<P>,
    id: string,
    message: M,
    body: RequestIn<P, M>,
    timeoutMs: number,
  ): Promise<ReplyIn<P, M>>;
  /** Sends another actor a message and waits for nothing; what it cannot take is a dead letter. */
  tell<P extends Protocol, M extends keyof P & string>(
    peer: Peer<P>,
    id: string,
    message: M,
    body: RequestIn<P, M>,
  ): void;
  /**
   * Sends this actor `message` with `{kind, id, reason}` once, when the other actor ends; at once when there is none.
   * A crash that is restarted is no end, nor is a move to another host.
   */
  watch(kind: string, id: string, message: string): void;
  /** Sends this actor a message of its own after `ms`, unless it stops or restarts before. */
  after(ms: number, type: string, body: unknown): void;
  /** Ends this actor once the present message is answered. */
  stop(): void;
}

/**
 * An answer that takes long, returned by a handler instead of a reply. `work` runs while the actor handles its next
 * messages, so it must not touch the state; `finish` is a turn of the actor again and makes the reply.
 */
export class Later<Reply> {
  readonly work: (signal: AbortSignal) => Promise<unknown>;
  readonly finish: (value: unknown) => Reply;

  private constructor(work: (signal: AbortSignal) => Promise<unknown>, finish: (value: unknown) => Reply) {
    this.work = work;
    this.finish = finish;
  }

  static of<T, Reply>(work: (signal: AbortSignal) => Promise<T>, finish: (value: T) => Reply): Later<Reply> {
    return new Later(work, (value) => finish(value as T));
  }
}

/**
 * A kind of actor, as data: its protocol and one handler for each message. One message is handled at a time; the
 * state is reachable through messages only.
 *
 * A handler that throws a `VigilError` answers with it and goes on. Anything else that is thrown is a crash: the
 * sender gets `CRASHED`, the state is thrown away and rebuilt by `start`.
 */
export interface Behaviour<State, P extends Protocol> {
  readonly kind: string;
  readonly protocol: P;
  /** Builds the state, at first start and after each crash. */
  start(context: ActorContext): State | Promise<State>;
  readonly on: {
    readonly [M in keyof P]: (
      state: State,
      body: RequestIn<P, M>,
      context: ActorContext,
    ) => Answered<ReplyIn<P, M>> | Promise<Answered<ReplyIn<P, M>>>;
  };
  /** Frees what the state holds, at stop and after a crash. */
  end?(state: State): void | Promise<void>;
}

export type Answered<Reply> = Reply | Later<Reply>;
