import { ErrorCode, headers, type Msg, type MsgHdrs, type NatsConnection, NatsError } from 'nats';
import { readJson } from '../actors/runtime/wire.js';
import { connectBroker, endConnection } from '../broker/connect.js';
import {
  type ErrorCode as Code,
  describeIssues,
  ERROR_CODES,
  parseWith,
  VigilError,
} from '../messages/errors.js';
import { type Endpoint, ErrorReply, REQUESTS, type ReplyOf } from '../messages/requests.js';
import { Subjects } from '../messages/subjects.js';
import { withoutPasswords } from '../settings/redact.js';
import type { Settings } from '../settings/schema.js';
import { findRunning, type Running } from './running.js';

/** Headers that make a message idempotent. */
export function withMessageId(id: string): MsgHdrs {
  const own = headers();
  own.set('Nats-Msg-Id', id);
  return own;
}

/** A client of a running supervisor, as any other: it connects to the broker and speaks its public subjects. */
export class Client {
  readonly connection: NatsConnection;
  readonly subjects: Subjects;
  /** Where the broker is. */
  readonly url: string;

  private constructor(connection: NatsConnection, subjects: Subjects, url: string) {
    this.connection = connection;
    this.subjects = subjects;
    this.url = url;
  }

  /** @throws VigilError BROKER */
  static async connect(running: Running, settings: Settings): Promise<Client> {
    const connection = await connectBroker({ ...settings.nats, ...running }, 'vigil cli', '_INBOX');
    return new Client(connection, new Subjects(running.prefix), withoutPasswords(running.url));
  }

  static find(settings: Settings): Promise<Client> {
    return Client.connect(findRunning(settings), settings);
  }

  /**
   * @param id makes the request idempotent: one of an id that is known is that one.
   * @throws VigilError the supervisor's own error, UNAVAILABLE when none answers, TIMEOUT.
   */
  async request<E extends Endpoint>(
    endpoint: E,
    body: unknown,
    timeoutMs: number,
    id?: string,
  ): Promise<ReplyOf<E>> {
    const message = await this.#send(endpoint, body, timeoutMs, id);
    const value = readJson(message.data);
    if (message.headers?.has('Nats-Service-Error-Code') === true) {
      const { error } = parseWith(ErrorReply, value, 'error reply');
      const code = (ERROR_CODES as readonly string[]).includes(error.code) ? (error.code as Code) : 'CRASHED';
      throw new VigilError(code, error.message);
    }
    const reply = REQUESTS[endpoint].reply.safeParse(value);
    if (reply.success) return reply.data as ReplyOf<E>;
    throw new VigilError('BAD_REPLY', `reply of ${endpoint}: ${describeIssues(reply.error)}`);
  }

  /** Lets go of the broker within a bound of time, also of one that is away. */
  close(): Promise<void> {
    return endConnection(this.connection);
  }

  async #send(endpoint: Endpoint, body: unknown, timeoutMs: number, id: string | undefined): Promise<Msg> {
    try {
      return await this.connection.request(this.subjects.rpc(endpoint), JSON.stringify(body), {
        timeout: timeoutMs,
        ...(id === undefined ? {} : { headers: withMessageId(id) }),
      });
    } catch (error) {
      if (error instanceof NatsError && error.code === ErrorCode.NoResponders) {
        throw new VigilError(
          'UNAVAILABLE',
          'no supervisor answers on that broker; start one with "vigil start"',
          { cause: error },
        );
      }
      if (error instanceof NatsError && error.code === ErrorCode.Timeout) {
        throw new VigilError('TIMEOUT', `no answer within ${timeoutMs} ms`, { cause: error });
      }
      throw error;
    }
  }
}
