import { setTimeout as wait } from 'node:timers/promises';
import { Events, headers, type Msg, type NatsConnection, type Subscription } from 'nats';
import type { z } from 'zod';
import type { ConnectSettings } from '../broker/connect.js';
import {
  Control,
  type ControlReply,
  type Heartbeat,
  Steer,
  type SteerReply,
} from '../messages/agent-wire.js';
import type { AgentSpec } from '../messages/agents.js';
import { ERROR_STATUS, messageOf, parseWith, toFailure, VigilError } from '../messages/errors.js';
import { ErrorReply, REQUESTS } from '../messages/requests.js';
import { Subjects } from '../messages/subjects.js';
import type { OutputUplink } from './uplink.js';

/** Where the fleet is, and with what to go there. */
export interface Access extends ConnectSettings {
  readonly prefix: string;
  /** The supervisor is on this machine and can read the agent's files. */
  readonly local: boolean;
}

export interface SessionParts {
  readonly agent: string;
  readonly instance: string;
  readonly heartbeatMs: number;
  readonly batchMs: number;
  /** Longest wait between two tries. */
  readonly reconnectMs: number;
  readonly uplink: OutputUplink;
  spec(local: boolean): AgentSpec;
  heartbeat(seq: number): Heartbeat;
  steer(message: Steer): Promise<SteerReply>;
  control(action: Control['action']): ControlReply;
  tell(text: string): void;
}

const REGISTER_TIMEOUT_MS = 5_000;
/** The first wait is this share of the longest; each further one doubles. */
export const FIRST_WAIT = 0.01;
/** For a broker that does not say what it takes; the server's own default. */
const DEFAULT_MAX_PAYLOAD = 1_048_576;
/** How long the last things may take to say. */
const CLOSE_MS = 1_000;

/** A message that another instance of the agent has to answer. */
const FOR_ANOTHER = Symbol('for another instance');

/** What runs over one connection. */
export class FleetSession {
  readonly #connection: NatsConnection;
  readonly #access: Access;
  readonly #parts: SessionParts;
  readonly #subjects: Subjects;
  readonly #nextSeq: () => number;
  #sending: Promise<void> = Promise.resolve();

  constructor(connection: NatsConnection, access: Access, parts: SessionParts, nextSeq: () => number) {
    this.#connection = connection;
    this.#access = access;
    this.#parts = parts;
    this.#subjects = new Subjects(access.prefix);
    this.#nextSeq = nextSeq;
  }

  /** Until the connection breaks or `closing` aborts; then it says the last of what there is to say. */
  async run(closing: AbortSignal, say: (text: string) => void): Promise<'lost' | 'closing'> {
    const { heartbeatMs, batchMs } = this.#parts;
    const over = new AbortController();
    const lost = this.#lost(say);
    this.#listen();
    const beats = setInterval(() => this.beat(), heartbeatMs);
    const batches = this.#access.local ? undefined : setInterval(() => void this.#send(), batchMs);
    try {
      this.beat();
      const registered = this.#registered(over.signal, say);
      if ((await Promise.race([lost, aborted(closing)])) === 'lost') return 'lost';
      // An agent that ended at once is still to be known.
      await within(
        CLOSE_MS,
        registered.then(() => this.#sendAll()),
      );
      this.beat();
      return 'closing';
    } finally {
      clearInterval(beats);
      clearInterval(batches);
      over.abort();
    }
  }

  beat(): void {
    this.#publish(
      this.#subjects.heartbeat(this.#parts.agent),
      JSON.stringify(this.#parts.heartbeat(this.#nextSeq())),
    );
  }

  /** Resolves when the connection breaks. What the broker complains of is said. */
  async #lost(say: (text: string) => void): Promise<'lost'> {
    for await (const status of this.#connection.status()) {
      if (status.type === Events.Disconnect) break;
      if (status.type === Events.Error)
        say(`the broker complains: ${String(status.data)}; is the key that of an agent?`);
    }
    return 'lost';
  }

  /** Registers, trying again while no supervisor answers. */
  async #registered(end: AbortSignal, say: (text: string) => void): Promise<void> {
    const { agent, reconnectMs, spec } = this.#parts;
    const body = JSON.stringify({ agents: [spec(this.#access.local)] });
    for (let delayMs = reconnectMs * FIRST_WAIT; !end.aborted; delayMs = Math.min(reconnectMs, delayMs * 2)) {
      try {
        await this.#register(body);
        say(`watched as ${agent}`);
        return;
      } catch (error) {
        if (end.aborted) return;
        say(`not registered yet: ${messageOf(error)}`);
      }
      await wait(delayMs, undefined, { signal: end }).catch(ignoreAbort);
    }
  }

  async #register(body: string): Promise<void> {
    const subject = this.#subjects.rpc('agents.register');
    const reply = await this.#connection.request(subject, body, { timeout: REGISTER_TIMEOUT_MS });
    if (reply.headers?.has('Nats-Service-Error-Code') === true)
      throw new VigilError('BAD_REQUEST', parseWith(ErrorReply, reply.json(), 'error reply').error.message);
    parseWith(REQUESTS['agents.register'].reply, reply.json(), 'reply');
  }

  #listen(): void {
    const { agent, instance: own, steer, control } = this.#parts;
    this.#serve(this.#subjects.steer(agent), Steer, steer);
    this.#serve(this.#subjects.control(agent), Control, ({ action, instance }) =>
      instance === undefined || instance === own ? control(action) : FOR_ANOTHER,
    );
    this.#connection.subscribe(this.#subjects.replay(agent), {
      callback: (error) => {
        if (error === null && !this.#access.local) this.#replay();
      },
    });
  }

  /** Does what a message asks for, and acknowledges it where the sender waits for that. */
  #serve<T>(subject: string, schema: z.ZodType<T>, handle: (body: T) => unknown): Subscription {
    const answer = async (message: Msg) => {
      try {
        const reply = await handle(parseWith(schema, jsonOf(message), 'message'));
        if (reply === FOR_ANOTHER) return;
        if (message.reply) message.respond(JSON.stringify(reply));
      } catch (error) {
        const { code, message: text } = toFailure(error);
        if (!message.reply) this.#parts.tell(`message on ${subject} refused: ${text}`);
        else {
          const own = headers();
          own.set('Nats-Service-Error-Code', String(ERROR_STATUS[code]));
          own.set('Nats-Service-Error', text.replace(/[\r\n]+/g, ' ').slice(0, 500));
          message.respond(JSON.stringify({ error: { code, message: text } }), { headers: own });
        }
      }
    };
    return this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) void answer(message);
      },
    });
  }

  #replay(): void {
    for (const message of this.#parts.uplink.replay(this.#maxPayload))
      this.#publish(this.#outputSubject, message);
  }

  /** One message at a time: the next goes when the broker has taken this one, so that nothing piles up before it. */
  #send(): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      if (this.#parts.uplink.empty || !this.#isOpen) return;
      const message = this.#parts.uplink.take(this.#maxPayload);
      if (message === undefined) return;
      this.#publish(this.#outputSubject, message);
      // A connection that closes meanwhile has taken nothing more; the numbers of the lines show it. One that does not
      // answer is given up by its pings.
      await this.#connection.flush().catch(() => undefined);
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    if (this.#access.local) return;
    while (this.#isOpen && !this.#parts.uplink.empty) await this.#send();
  }

  get #outputSubject(): string {
    return this.#subjects.output(this.#parts.agent);
  }

  get #maxPayload(): number {
    return this.#connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
  }

  get #isOpen(): boolean {
    return !this.#connection.isClosed() && !this.#connection.isDraining();
  }

  #publish(subject: string, text: string): void {
    if (this.#isOpen) this.#connection.publish(subject, text);
  }
}

function jsonOf(message: Msg): unknown {
  try {
    return message.json();
  } catch (error) {
    throw new VigilError('BAD_REQUEST', `expected JSON, got ${messageOf(error)}`, { cause: error });
  }
}

function aborted(signal: AbortSignal): Promise<'closing'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('closing');
    signal.addEventListener('abort', () => resolve('closing'), { once: true });
  });
}

/** Waits for it, but not longer. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, wait(ms, undefined, { signal: done.signal }).catch(ignoreAbort)]);
  done.abort();
}

export function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
