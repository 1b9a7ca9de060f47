import type { NatsConnection, Service, ServiceMsg } from 'nats';
import { z } from 'zod';
import { inProcessSpan, inTraceOf } from '../actors/runtime/trace.js';
import { ERROR_STATUS, messageOf, parseWith, VigilError } from '../messages/errors.js';
import { type Endpoint, REQUESTS, type ReplyOf, type RequestOf } from '../messages/requests.js';
import type { Subjects } from '../messages/subjects.js';

/** What each endpoint does. `id` is the caller's `Nats-Msg-Id`, when it sent one. */
export type Handlers = {
  readonly [E in Endpoint]: (
    request: RequestOf<E>,
    id: string | undefined,
  ) => Promise<ReplyOf<E>> | ReplyOf<E>;
};

/**
 * Does what an endpoint is for, with a request from outside: over NATS and over HTTP it is the same.
 *
 * @param id the caller's own id of the request, which makes it idempotent.
 * @throws VigilError BAD_REQUEST when the request does not fit its schema, and whatever the handler throws.
 */
export function dispatch(handlers: Handlers, endpoint: Endpoint, value: unknown, id?: string): unknown {
  const request = parseWith<unknown>(REQUESTS[endpoint].request, value, endpoint);
  // Each handler takes exactly what its endpoint's schema yields; the pairing is lost in the lookup by name.
  const handler = handlers[endpoint] as (request: unknown, id: string | undefined) => unknown;
  return handler(request, id);
}

export interface RpcServiceOptions {
  readonly connection: NatsConnection;
  readonly subjects: Subjects;
  readonly version: string;
  readonly handlers: Handlers;
  /** Requests handled at once; more are answered BUSY. */
  readonly maxRunning: number;
  /** @param id that the caller gave its request. */
  failed(endpoint: string, error: unknown, id: string | undefined): void;
  /** One was answered: `ok`, or the code of its error. */
  answered(endpoint: Endpoint, outcome: string, seconds: number): void;
}

/** Offers the requests as one NATS service: any client can call them, `nats micro` lists them. */
export class RpcService {
  readonly #options: RpcServiceOptions;
  #service: Service | undefined;
  #running = 0;

  private constructor(options: RpcServiceOptions) {
    this.#options = options;
  }

  static async open(options: RpcServiceOptions): Promise<RpcService> {
    const rpc = new RpcService(options);
    const { connection, subjects, version } = options;
    const service = await connection.services.add({
      name: subjects.prefix,
      version,
      description: 'Watches a fleet of AI coding agents',
    });
    rpc.#service = service;
    const group = service.addGroup(subjects.rpcGroup);
    for (const endpoint of Object.keys(REQUESTS) as Endpoint[]) {
      group.addEndpoint(endpoint.replaceAll('.', '-'), {
        subject: endpoint,
        metadata: {
          request: JSON.stringify(z.toJSONSchema(REQUESTS[endpoint].request, { io: 'input' })),
          reply: JSON.stringify(z.toJSONSchema(REQUESTS[endpoint].reply, { io: 'output' })),
        },
        handler: (error, message) => {
          if (error !== null) return;
          void inTraceOf(message, () => rpc.#answer(endpoint, message));
        },
      });
    }
    return rpc;
  }

  async close(): Promise<void> {
    await this.#service?.stop();
  }

  async #answer(endpoint: Endpoint, message: ServiceMsg): Promise<void> {
    const startedAt = performance.now();
    const answered = (outcome: string) =>
      this.#options.answered(endpoint, outcome, (performance.now() - startedAt) / 1_000);
    try {
      if (this.#running >= this.#options.maxRunning) {
        throw new VigilError('BUSY', `${this.#running} requests are being handled; try again later`);
      }
      this.#running++;
      try {
        const reply = Buffer.from(JSON.stringify(await this.#traced(endpoint, message)));
        const limit = this.#options.connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
        if (reply.length > limit)
          throw new VigilError(
            'TOO_LARGE',
            `the reply has ${reply.length} bytes, the broker takes ${limit} (max_payload)`,
          );
        message.respond(reply);
        answered('ok');
      } finally {
        this.#running--;
      }
    } catch (error) {
      const known =
        error instanceof VigilError ? error : new VigilError('CRASHED', `unexpected: ${messageOf(error)}`);
      answered(known.code);
      if (known.code === 'CRASHED') this.#options.failed(endpoint, error, idOf(message));
      const body = JSON.stringify({ error: { code: known.code, message: known.message } });
      // A header cannot hold a line break.
      message.respondError(
        ERROR_STATUS[known.code],
        known.message.replace(/[\r\n]+/g, ' ').slice(0, 500),
        Buffer.from(body),
      );
    }
  }

  #traced(endpoint: Endpoint, message: ServiceMsg): Promise<unknown> {
    return inProcessSpan(endpoint, {}, async () => this.#handle(endpoint, message));
  }

  #handle(endpoint: Endpoint, message: ServiceMsg): unknown {
    const text = message.data.length === 0 ? '{}' : Buffer.from(message.data).toString('utf8');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new VigilError('BAD_REQUEST', `request: expected JSON, got ${messageOf(error)}`);
    }
    return dispatch(this.#options.handlers, endpoint, value, idOf(message));
  }
}

function idOf(message: ServiceMsg): string | undefined {
  return message.headers?.get('Nats-Msg-Id') || undefined;
}
