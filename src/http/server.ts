import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { messageOf, VigilError } from '../messages/errors.js';
import type { Settings } from '../settings/schema.js';
import { Access, type Sender } from './access.js';
import { type ApiParts, addApi } from './api.js';
import { addDashboard } from './dashboard.js';
import type { EventFeed } from './event-feed.js';
import { addProbes, type ProbeParts } from './probes.js';

export interface HttpServerOptions extends ApiParts, ProbeParts {
  readonly settings: Settings['http'];
  readonly token: string | undefined;
  readonly feed: EventFeed;
  /** Folder of the built dashboard. */
  readonly dashboard: string;
  failed(what: string, error: unknown): void;
}

const BODY_LIMIT = 1_048_576;
/** A request that has not come in whole by then is cut off. */
const REQUEST_MS = 30_000;
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types vigil',
].join('; ');
const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Paths that are open to whoever asks by a known name: they tell nothing of the fleet. */
const OPEN = new Set(['/livez', '/readyz', '/api/session']);

/** The dashboard, its API, its events and the metrics over HTTP. */
export class HttpServer {
  readonly #app: FastifyInstance;
  readonly #options: HttpServerOptions;

  private constructor(app: FastifyInstance, options: HttpServerOptions) {
    this.#app = app;
    this.#options = options;
  }

  /** @throws VigilError UNAVAILABLE when the address cannot be listened on. */
  static async open(options: HttpServerOptions): Promise<HttpServer> {
    const { settings } = options;
    const app = fastify({
      bodyLimit: BODY_LIMIT,
      requestTimeout: REQUEST_MS,
      forceCloseConnections: true,
      routerOptions: { maxParamLength: 64 },
      exposeHeadRoutes: false,
    });
    const server = new HttpServer(app, options);
    const access = new Access({ token: options.token, allowedHosts: settings.allowedHosts });
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(HEADERS);
      const sender = senderOf(request);
      access.checkOrigin(sender);
      // By the route that was matched: what was asked for can be written in many ways that mean the same.
      const { url: route = '' } = request.routeOptions;
      const isPage = !route.startsWith('/api/') && route !== '/events' && route !== '/metrics';
      if (!isPage && !OPEN.has(route)) access.checkToken(sender, server.#cookieName);
    });
    app.setErrorHandler((error, request, reply) => server.#refuse(error, request, reply));
    app.setNotFoundHandler((request, reply) =>
      server.#refuse(
        new VigilError('NOT_FOUND', `no ${request.method} ${request.url.slice(0, 80)}`),
        request,
        reply,
      ),
    );
    app.post('/api/session', async (request, reply) => {
      access.checkToken({ authorization: request.headers.authorization }, server.#cookieName);
      return reply.header('set-cookie', access.setCookie(server.#cookieName)).send({ ok: true });
    });
    addProbes(app, options);
    addApi(app, options);
    app.get('/events', (request, reply) => {
      options.feed.checkRoom();
      reply.hijack();
      reply.raw.writeHead(200, {
        ...HEADERS,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      options.feed.add(reply.raw, lastEventId(request));
    });
    await addDashboard(app, options.dashboard);
    await server.#listen();
    return server;
  }

  /** Where a browser opens it, with the token behind the `#`, which browsers do not send. */
  get url(): string {
    const { host } = this.#options.settings;
    const named = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
    const { token } = this.#options;
    return `http://${named.includes(':') ? `[${named}]` : named}:${this.port}/${token === undefined ? '' : `#token=${token}`}`;
  }

  get port(): number {
    return (this.#app.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#options.feed.close();
    await this.#app.close();
  }

  /** Cookies belong to a name and not to a port: two supervisors on one machine keep theirs apart. */
  get #cookieName(): string {
    return `vigil_${this.port}`;
  }

  async #listen(): Promise<void> {
    const { host, port } = this.#options.settings;
    try {
      await this.#app.listen({ host, port });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || port === 0)
        throw new VigilError('UNAVAILABLE', `http: ${messageOf(error)}`, { cause: error });
      await this.#app.listen({ host, port: 0 });
    }
  }

  #refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const known = knownError(error);
    if (known.code === 'CRASHED')
      this.#options.failed(`${request.method} ${request.url.split('?', 1)[0]}`, error);
    return reply
      .code(statusCodeOf(error) === 415 ? 415 : known.status)
      .header('cache-control', 'no-store')
      .send({ error: { code: known.code, message: known.message } });
  }
}

/** Fastify's own refusals (no JSON, too large) are the sender's, too. */
function knownError(error: unknown): VigilError {
  if (error instanceof VigilError) return error;
  const status = statusCodeOf(error);
  if (status === 413) return new VigilError('TOO_LARGE', `the body has more than ${BODY_LIMIT} bytes`);
  if (status === 415)
    return new VigilError(
      'BAD_REQUEST',
      'the body is not said to be JSON; send Content-Type: application/json',
    );
  if (typeof status === 'number' && status < 500) return new VigilError('BAD_REQUEST', messageOf(error));
  return new VigilError('CRASHED', `unexpected: ${messageOf(error)}`);
}

/** Of an error that Fastify threw. */
function statusCodeOf(error: unknown): unknown {
  return error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
}

function senderOf({ headers }: FastifyRequest): Sender {
  const site = headers['sec-fetch-site'];
  return {
    host: headers.host,
    origin: headers.origin,
    authorization: headers.authorization,
    cookie: headers.cookie,
    site: typeof site === 'string' ? site : undefined,
  };
}

/** A page that opens the stream anew itself, and not its browser, cannot send the header. */
function lastEventId({ headers, query }: FastifyRequest): string | undefined {
  const { 'last-event-id': header } = headers;
  if (typeof header === 'string') return header;
  const { last } = query as { last?: unknown };
  return typeof last === 'string' ? last : undefined;
}
