import { describeIssues, VigilError } from '../../messages/errors.js';
import type { ActorContext, Messenger, Peer, Protocol, ReplyIn, RequestIn } from './behaviour.js';

/** What the context uses of its cell. */
interface Inside {
  readonly kind: string;
  readonly id: string;
  readonly signal: AbortSignal;
  readonly messenger: Messenger;
  schedule(ms: number, type: string, body: unknown): void;
  watch(kind: string, id: string, type: string): void;
  askStop(): void;
}

/** What a behaviour sees of its cell. */
export class CellContext implements ActorContext {
  readonly #cell: Inside;

  constructor(cell: Inside) {
    this.#cell = cell;
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
  async ask<P extends Protocol, M extends keyof P & string>(
    peer: Peer<P>,
    id: string,
    message: M,
    body: RequestIn<P, M>,
    timeoutMs: number,
  ): Promise<ReplyIn<P, M>> {
    const { messenger, signal } = this.#cell;
    const reply = await messenger.ask(peer.kind, id, message, body, { timeoutMs, signal });
    const parsed = peer.protocol[message]?.reply.safeParse(reply);
    if (parsed?.success === true) return parsed.data as ReplyIn<P, M>;
    const why = parsed === undefined ? 'no such message' : describeIssues(parsed.error);
    throw new VigilError('BAD_REPLY', `${peer.kind} ${id}, ${message}: ${why}`);
  }
  tell<P extends Protocol, M extends keyof P & string>(
    peer: Peer<P>,
    id: string,
    message: M,
    body: RequestIn<P, M>,
  ): void {
    this.#cell.messenger.tell(peer.kind, id, message, body);
  }
  watch(kind: string, id: string, message: string): void {
    this.#cell.watch(kind, id, message);
  }
  after(ms: number, type: string, body: unknown): void {
    this.#cell.schedule(ms, type, body);
  }
  stop(): void {
    this.#cell.askStop();
  }
}
