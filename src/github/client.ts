import { setTimeout as sleep } from 'node:timers/promises';
import { createAppAuth } from '@octokit/auth-app';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import type { z } from 'zod';
import { describeIssues, VigilError } from '../messages/errors.js';
import type { GitHubQuota } from '../messages/figures.js';
import { visible } from '../messages/visible.js';
import { boundedFetch, type Fetch } from './bounded-fetch.js';
import { type Headers, LimitGate, limitMs, quotaOf } from './limits.js';
import { type Answered, failureOf, isAnswered } from './outcomes.js';

/**
 * Writes are spaced. Reads go without a plugin: the limiters of both are made of timers, about 5 ms a request, which a read
 * that goes well need not wait for. One that fails is handed over to the retrying client for its further tries. The throttling
 * plugin would do nothing for reads that the gate does not do for all of them at once.
 */
const Retrier = Octokit.plugin(retry);
const Writer = Octokit.plugin(throttling);
/** Trying again would change nothing; limits are the gate's. */
const FINAL = [400, 401, 403, 404, 409, 410, 422, 429, 451];

/** How often a request that met a limit is sent again, once the limit is over. */
const LIMIT_RETRIES = 3;
/** Tokens and assertions of the requests under way, with some to spare. */
const KEPT_SECRETS = 16;
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** An installation of a GitHub App. */
export interface AppAccess {
  readonly id: number;
  readonly installation: number;
  readonly key: string;
}

export interface ClientOptions {
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly retries: number;
  readonly retryMs: number;
  readonly maxWaitMs: number;
  /** Neither: public repositories only, at sixty requests an hour. */
  readonly token?: string | undefined;
  readonly app?: AppAccess | undefined;
  readonly userAgent: string;
  /** GitHub refused the token (401): it was revoked or never valid. */
  refused(message: string): void;
  /** It takes it again. */
  accepted(): void;
}

/** What was asked for; nothing when it had not changed since the ETag; absent when there is no such list. */
export type Answer<T> =
  | { readonly kind: 'fresh'; readonly data: T; readonly etag: string | null; readonly next: string | null }
  | { readonly kind: 'same' }
  | { readonly kind: 'absent' };

/** Counts of one use of the client. */
export interface Tally {
  requests: number;
  notModified: number;
}

/** GitHub, each answer parsed, within bounds, and with nothing of the token in any error. */
export class GitHubClient {
  readonly #options: ClientOptions;
  readonly #reader: Octokit;
  readonly #retrier: Octokit;
  readonly #writer: Octokit;
  readonly #gate: LimitGate;
  readonly #closed = new AbortController();
  /** What was sent to log in lately, so that it can be kept out of errors. An App gets new tokens all the time. */
  readonly #secrets = new Set<string>();
  #refusal: string | undefined;
  #isAnswering = false;
  #quota: GitHubQuota | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#gate = new LimitGate(options.maxWaitMs, this.#closed.signal);
    const { app, token } = options;
    const shared = {
      baseUrl: options.baseUrl.replace(/\/+$/, ''),
      userAgent: options.userAgent,
      log: QUIET,
      request: { fetch: this.#fetch() },
    };
    const byApp = app && { appId: app.id, installationId: app.installation, privateKey: app.key };
    this.#reader = new Octokit({
      ...shared,
      ...(byApp === undefined ? { auth: token } : { authStrategy: createAppAuth, auth: byApp }),
    });
    // An App's tokens are one log-in for all three.
    const login = byApp === undefined ? { auth: token } : { authStrategy: () => this.#reader.auth };
    this.#retrier = new Retrier({
      ...shared,
      ...login,
      retry: { retryAfterBaseValue: options.retryMs, doNotRetry: FINAL },
    });
    const no = () => false;
    this.#writer = new Writer({
      ...shared,
      ...login,
      throttle: { id: crypto.randomUUID(), onRateLimit: no, onSecondaryRateLimit: no },
    });
  }

  /** By its latest answer that said so. */
  get quota(): GitHubQuota | undefined {
    return this.#quota;
  }

  /** Its latest answer was neither a limit nor a refused token. */
  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Why GitHub refused the token, until it takes it again. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** A person asks: the token is tried once more. */
  tryAgain(): void {
    this.#refusal = undefined;
  }

  /** Ends what is under way. */
  close(): void {
    this.#closed.abort();
  }

  /**
   * @param path below the base URL, or a whole URL there.
   * @throws VigilError FORBIDDEN, NOT_FOUND, BUSY, UNAVAILABLE, BAD_REPLY, BAD_REQUEST
   */
  async get<T>(schema: z.ZodType<T>, path: string, etag: string | null, tally: Tally): Promise<Answer<T>> {
    tally.requests++;
    let answer: Awaited<ReturnType<Octokit['request']>>;
    try {
      const parameters = etag === null ? {} : { headers: { 'if-none-match': etag } };
      answer = await this.#send(() => this.#read(`GET ${path}`, parameters));
    } catch (error) {
      if (!isAnswered(error)) throw this.#failure(error, path);
      if (error.status === 304) {
        tally.notModified++;
        return { kind: 'same' };
      }
      // A list that is switched off (410), an empty repository (409).
      if (error.status === 410 || error.status === 409) return { kind: 'absent' };
      throw this.#failure(error, path);
    }
    const { headers } = answer;
    const data = this.#parsed(schema, answer.data, path);
    return { kind: 'fresh', data, etag: headers.etag ?? null, next: this.#nextOf(headers.link) };
  }

  /** Not tried again: whether an answer that was lost had been a success is for the caller to find out. */
  async post<T>(schema: z.ZodType<T>, path: string, body: Record<string, unknown>): Promise<T> {
    try {
      const { data } = await this.#send(() => this.#writer.request(`POST ${path}`, body));
      return this.#parsed(schema, data, path);
    } catch (error) {
      throw this.#failure(error, path);
    }
  }

  async #read(route: string, parameters: Record<string, unknown>) {
    try {
      return await this.#reader.request(route, parameters);
    } catch (error) {
      const { retries, retryMs } = this.#options;
      if (!isAnswered(error) || error.status < 400 || FINAL.includes(error.status) || retries === 0)
        throw error;
      await sleep(retryMs, undefined, { signal: this.#closed.signal });
      // The plugin counts from the try that was made here.
      return this.#retrier.request(route, {
        ...parameters,
        request: { retries: retries - 1, retryCount: 1 },
      });
    }
  }

  async #send(request: () => ReturnType<Octokit['request']>) {
    for (let attempt = 0; ; attempt++) {
      if (this.#refusal !== undefined) throw new VigilError('FORBIDDEN', this.#refusal);
      await this.#gate.pass();
      try {
        const answer = await request();
        this.#options.accepted();
        this.#isAnswering = true;
        this.#noteQuota(answer.headers);
        return answer;
      } catch (error) {
        if (!isAnswered(error)) throw error;
        this.#noteQuota(error.response?.headers ?? {});
        if (error.status === 401) throw new VigilError('FORBIDDEN', this.#refuse(error));
        const wait = limitMs(error.status, error.response?.headers ?? {}, error.message, Date.now());
        if (wait === undefined) throw error;
        this.#isAnswering = false;
        this.#gate.close(wait);
        if (attempt >= LIMIT_RETRIES)
          throw new VigilError('BUSY', this.#clean(`GitHub still wants fewer requests: ${error.message}`));
      }
    }
  }

  #noteQuota(headers: Headers): void {
    this.#quota = quotaOf(headers, Date.now()) ?? this.#quota;
  }

  #refuse(error: Answered): string {
    this.#isAnswering = false;
    const known = this.#refusal;
    if (known !== undefined) return known;
    const refusal = `GitHub refuses the token (401: ${this.#clean(error.message)}); give Vigil another one, then sync again`;
    this.#refusal = refusal;
    this.#options.refused(refusal);
    return refusal;
  }

  #failure(error: unknown, path: string): VigilError {
    if (error instanceof VigilError) return error;
    if (this.#closed.signal.aborted) return new VigilError('UNAVAILABLE', 'Vigil is stopping');
    const { code, message } = failureOf(error);
    // Without its cause: Octokit's errors hold the request with its headers.
    return new VigilError(code, this.#clean(`${path.replace(/\?.*/s, '')}: ${message}`));
  }

  #parsed<T>(schema: z.ZodType<T>, data: unknown, path: string): T {
    const result = schema.safeParse(data);
    if (result.success) return result.data;
    throw new VigilError(
      'BAD_REPLY',
      this.#clean(`${path.replace(/\?.*/s, '')}: not GitHub's answer: ${describeIssues(result.error)}`),
    );
  }

  /** Only where the token may go. */
  #nextOf(link: string | undefined): string | null {
    const next = /<([^<>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
    if (next === undefined) return null;
    const { origin } = new URL(this.#options.baseUrl);
    if (URL.canParse(next) && new URL(next).origin === origin) return next;
    throw new VigilError('BAD_REPLY', `the next page is said to be on another server than ${origin}`);
  }

  #fetch(): Fetch {
    const send = boundedFetch(this.#options.timeoutMs, this.#options.maxBytes, this.#closed.signal);
    return (url, init) => {
      // "token ghs_…" or "bearer eyJ…"
      const secret = new globalThis.Headers(init.headers).get('authorization')?.split(' ')[1];
      if (secret !== undefined && secret !== '') {
        this.#secrets.delete(secret);
        this.#secrets.add(secret);
        const [oldest] = this.#secrets;
        if (oldest !== undefined && this.#secrets.size > KEPT_SECRETS) this.#secrets.delete(oldest);
      }
      return send(url, init);
    };
  }

  #clean(message: string): string {
    let safe = message;
    for (const secret of this.#secrets) safe = safe.replaceAll(secret, '***');
    return visible(safe).slice(0, 500);
  }
}
