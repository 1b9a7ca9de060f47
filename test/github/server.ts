import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A repository as the server has it; everything may be changed while it runs. */
export interface FakeRepository {
  id: number;
  name: string;
  issues: Record<string, unknown>[];
  pulls: Record<string, unknown>[];
  commits: Record<string, unknown>[];
  reviews: Record<number, Record<string, unknown>[]>;
  checks: Record<string, Record<string, unknown>[]>;
  comments: Record<number, { id: number; body: string }[]>;
  labels: Record<number, string[]>;
  /** Before its answer to `GET /repos/<name>`: the one latency that the seed counts for each repository. */
  latencyMs: number;
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly conditional: boolean;
  readonly authorization: string | undefined;
  status: number;
}

/** Takes the request over when it returns true. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export const TIME = '2026-01-01T00:00:00Z';
export const timeOf = (n: number) => new Date(Date.parse(TIME) + n * 1_000).toISOString().replace('.000', '');

/**
 * A real HTTP server that answers as GitHub's REST API does (shapes and headers from docs.github.com/en/rest): ETags
 * and 304, pages by `Link`, rate limit headers, redirects of renamed repositories, the messages of its errors.
 */
export class GitHubServer {
  readonly seen: Seen[] = [];
  readonly repositories = new Map<string, FakeRepository>();
  readonly renamed = new Map<string, string>();
  /** Requests for a repository itself, the first of each sync, that are being answered; the most at once. */
  inFlight = 0;
  peak = 0;
  fault: Fault | undefined;
  token: string | undefined;
  readonly #server: Server;
  #nextId = 1_000;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(t?: { teardown(action: () => void): void }): Promise<GitHubServer> {
    const server = createServer();
    const own = new GitHubServer(server);
    server.on('request', (request, response) => void own.#handle(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t?.teardown(() => own.stop());
    return own;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  add(name: string, fields: Partial<FakeRepository> = {}): FakeRepository {
    const repository: FakeRepository = {
      id: this.#nextId++,
      name,
      issues: [],
      pulls: [],
      commits: [],
      reviews: {},
      checks: {},
      comments: {},
      labels: {},
      latencyMs: 0,
      ...fields,
    };
    this.repositories.set(name.toLowerCase(), repository);
    return repository;
  }

  rename(from: string, to: string): void {
    const repository = this.repositories.get(from.toLowerCase());
    if (repository === undefined) throw new Error(`no ${from}`);
    this.repositories.delete(from.toLowerCase());
    this.renamed.set(from.toLowerCase(), to);
    repository.name = to;
    this.repositories.set(to.toLowerCase(), repository);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen: Seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      conditional: request.headers['if-none-match'] !== undefined,
      authorization: request.headers.authorization,
      status: 0,
    };
    this.seen.push(seen);
    const slow = /^\/repos\/[^/]+\/[^/]+$/.test(request.url ?? '');
    if (slow) this.peak = Math.max(this.peak, ++this.inFlight);
    response.on('close', () => {
      if (slow) this.inFlight--;
      seen.status = response.statusCode;
    });
    response.setHeader('date', new Date().toUTCString());
    response.setHeader('x-ratelimit-limit', '5000');
    response.setHeader('x-ratelimit-remaining', '4999');
    response.setHeader('x-ratelimit-reset', '4102444800');
    if (this.token !== undefined && request.headers.authorization !== `token ${this.token}`)
      return fail(response, 401, 'Bad credentials');
    if ((await this.fault?.(request, response)) === true) return;
    await this.#answer(request, response);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const byId = /^\/repositories\/(\d+)(.*)$/.exec(url.pathname);
    const found = byId === null ? /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(url.pathname) : byId;
    const [, key = '', rest = ''] = found ?? [];
    const repository =
      byId === null
        ? this.repositories.get(key.toLowerCase())
        : [...this.repositories.values()].find(({ id }) => id === Number(key));
    if (repository === undefined) {
      const to = this.repositories.get((this.renamed.get(key.toLowerCase()) ?? '').toLowerCase());
      if (to === undefined) return fail(response, 404, 'Not Found');
      response.writeHead(301, { location: `${this.url}/repositories/${to.id}${rest}${url.search}` });
      response.end(JSON.stringify({ message: 'Moved Permanently' }));
      return;
    }
    if (request.method === 'POST') return this.#write(repository, rest, request, response);
    if (rest === '') {
      if (repository.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, repository.latencyMs));
      return this.#send(request, response, {
        id: repository.id,
        full_name: repository.name,
        default_branch: 'main',
        private: false,
        archived: false,
        has_issues: true,
        owner: { login: repository.name.split('/')[0], id: 1, type: 'Organization' },
      });
    }
    const list = listOf(repository, rest);
    if (list === undefined) return fail(response, 404, 'Not Found');
    this.#page(url, list, rest, request, response);
  }

  #page(
    url: URL,
    list: readonly Record<string, unknown>[],
    rest: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const size = Number(url.searchParams.get('per_page') ?? 30);
    const page = Number(url.searchParams.get('page') ?? 1);
    const items = list.slice((page - 1) * size, page * size);
    if (page * size < list.length) {
      const next = new URL(url);
      next.searchParams.set('page', String(page + 1));
      response.setHeader('link', `<${next}>; rel="next", <${next}>; rel="last"`);
    }
    this.#send(
      request,
      response,
      rest.endsWith('/check-runs') ? { total_count: list.length, check_runs: items } : items,
    );
  }

  async #write(
    repository: FakeRepository,
    rest: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const body = JSON.parse(text) as { body?: string; labels?: string[] };
    const [, issue = '0', what = ''] = /^\/issues\/(\d+)\/(comments|labels)$/.exec(rest) ?? [];
    const number = Number(issue);
    if (what === 'comments') {
      const comment = { id: this.#nextId++, body: body.body ?? '' };
      repository.comments[number] = [...(repository.comments[number] ?? []), comment];
      response.statusCode = 201;
      return this.#send(request, response, comment);
    }
    if (what !== 'labels') return fail(response, 404, 'Not Found');
    repository.labels[number] = [...new Set([...(repository.labels[number] ?? []), ...(body.labels ?? [])])];
    this.#send(
      request,
      response,
      repository.labels[number]?.map((name) => ({ name })),
    );
  }

  #send(request: IncomingMessage, response: ServerResponse, value: unknown): void {
    const text = JSON.stringify(value);
    const etag = `W/"${createHash('sha256')
      .update(text)
      .update(response.getHeader('link')?.toString() ?? '')
      .digest('hex')}"`;
    response.setHeader('etag', etag);
    if (request.headers['if-none-match'] === etag) {
      response.removeHeader('link');
      response.writeHead(304).end();
      return;
    }
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(text);
  }
}

export function fail(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(
    JSON.stringify({ message, documentation_url: 'https://docs.github.com/rest', status: String(status) }),
  );
}

function listOf(repository: FakeRepository, rest: string): Record<string, unknown>[] | undefined {
  const newest = (list: Record<string, unknown>[]) =>
    [...list].sort((a, b) => (String(a['updated_at']) < String(b['updated_at']) ? 1 : -1));
  if (rest === '/issues')
    return newest([...repository.issues, ...repository.pulls.map((each) => ({ ...each, pull_request: {} }))]);
  if (rest === '/pulls') return newest(repository.pulls);
  if (rest === '/commits') return repository.commits;
  const [, pull] = /^\/pulls\/(\d+)\/reviews$/.exec(rest) ?? [];
  if (pull !== undefined) return repository.reviews[Number(pull)] ?? [];
  const [, sha] = /^\/commits\/([^/]+)\/check-runs$/.exec(rest) ?? [];
  if (sha !== undefined) return repository.checks[sha] ?? [];
  const [, issue] = /^\/issues\/(\d+)\/comments$/.exec(rest) ?? [];
  return issue === undefined ? undefined : (repository.comments[Number(issue)] ?? []);
}

export function issueOf(
  number: number,
  at: number,
  fields: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    id: number,
    number,
    title: `issue ${number}`,
    body: null,
    state: 'open',
    user: { login: 'octocat', id: 1 },
    labels: [],
    created_at: TIME,
    updated_at: timeOf(at),
    closed_at: null,
    ...fields,
  };
}

export function pullOf(
  number: number,
  at: number,
  fields: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    ...issueOf(number, at),
    title: `pull ${number}`,
    draft: false,
    merged_at: null,
    head: { ref: `branch-${number}`, sha: `${number}`.padStart(40, 'a') },
    base: { ref: 'main', sha: 'b'.repeat(40) },
    ...fields,
  };
}

export function commitOf(n: number): Record<string, unknown> {
  return {
    sha: `${n}`.padStart(40, 'c'),
    author: { login: 'octocat' },
    commit: { message: `commit ${n}\n\nbody`, committer: { name: 'o', email: 'o@x', date: timeOf(n) } },
  };
}
