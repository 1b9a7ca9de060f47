import { createHash } from 'node:crypto';
import {
  type BulkheadPolicy,
  bulkhead,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
  isBulkheadRejectedError,
} from 'cockatiel';
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import type { Clock } from '../actors/runtime/clock.js';
import { messageOf, VigilError } from '../messages/errors.js';
import type { Completion, CompletionRequest, ModelCall } from '../messages/llm.js';
import { type ChatAnswer, type ChatServer, inChatSpan, providerOf } from './chat-span.js';
import { TokenBucket } from './token-bucket.js';

/** Bounds on what the model may cost and how long it may take; all of them settings. */
export interface ModelLimits {
  readonly maxConcurrent: number;
  /** Calls that may wait for a place; more are answered BUSY. */
  readonly maxWaiting: number;
  readonly tokensPerMinute: number;
  /** Tokens a day (UTC), over restarts. */
  readonly tokensPerDay: number;
  /** For one call, without its retries. */
  readonly timeoutMs: number;
  /** Tries of one call. */
  readonly attempts: number;
  /** Wait before the second try; doubles with each further one. */
  readonly backoffMs: number;
  /** Failures in a row after which nobody calls for `circuitResetMs`; then one tries. */
  readonly circuitFailures: number;
  readonly circuitResetMs: number;
  /** Answers kept, by the hash of their question. */
  readonly cacheEntries: number;
}

/** What was spent on which day; kept on record by the caller. */
export interface Ledger {
  /** Tokens spent on the present day. */
  today(): number;
  add(tokens: number): void;
}

export interface CompletionsOptions {
  readonly baseUrl: string | undefined;
  readonly apiKey: string;
  readonly model: string;
  readonly limits: ModelLimits;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** The day's budget is used up; told once a day. */
  budgetExhausted(spent: number): void;
  /** Told each call of the server that ended. */
  called(call: ModelCall): void;
  /** Questions and answers go into the spans of a trace. */
  readonly traceContent: boolean;
}

/** Longest wait of a call before its next try. */
const MAX_BACKOFF_MS = 30_000;
/** A server that asks for more is asked again after this. */
const MAX_PAUSE_MS = 3_600_000;
/** English and code come to about this many characters a token; only an estimate before the spending. */
const CHARS_PER_TOKEN = 3.5;

/**
 * Calls of a model by the OpenAI protocol, for all agents of all hosts together: concurrency, tokens per minute and
 * day, retries that obey Retry-After, a circuit breaker and a cache.
 */
export class Completions {
  readonly #options: CompletionsOptions;
  readonly #client: OpenAI;
  readonly #server: ChatServer;
  readonly #bucket: TokenBucket;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #slots: BulkheadPolicy;
  readonly #cache = new Map<string, Completion>();
  #exhaustedOn = '';

  constructor(options: CompletionsOptions) {
    const { limits, clock } = options;
    this.#options = options;
    // The client's own retries would multiply with ours, and its own timeout is ten minutes.
    this.#client = new OpenAI({
      apiKey: options.apiKey,
      baseURL: options.baseUrl ?? null,
      maxRetries: 0,
      timeout: limits.timeoutMs,
    });
    const url = new URL(this.#client.baseURL);
    this.#server = {
      url,
      provider: providerOf(url),
      model: options.model,
      content: options.traceContent,
    };
    this.#bucket = new TokenBucket(limits.tokensPerMinute, clock);
    this.#slots = bulkhead(limits.maxConcurrent, limits.maxWaiting);
    this.#breaker = circuitBreaker(handleWhen(isOutage), {
      halfOpenAfter: limits.circuitResetMs,
      breaker: new ConsecutiveBreaker(limits.circuitFailures),
    });
  }

  /**
   * @throws VigilError BUSY (budget used up, circuit open, server asked to be left alone), TIMEOUT, UNAVAILABLE, FORBIDDEN (key refused), BAD_REQUEST
   *   (model or schema unknown there), BAD_REPLY (refusal, empty), CANCELLED.
   */
  async complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    const key = createHash('sha256')
      .update(JSON.stringify([this.#options.model, request.messages, request.schema]))
      .digest('base64url');
    const known = this.#cache.get(key);
    if (known !== undefined) return { ...known, cached: true, usage: { input: 0, output: 0 } };
    try {
      const completion = await this.#slots.execute(() => this.#attempt(request, signal), signal);
      this.#remember(key, completion);
      return completion;
    } catch (error) {
      throw asVigilError(error, signal);
    }
  }

  async #attempt(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    const { attempts, backoffMs } = this.#options.limits;
    for (let attempt = 1; ; attempt++) {
      this.#checkBudget();
      this.#checkPause();
      const estimate = estimateTokens(request);
      await this.#bucket.take(estimate, signal);
      let spent = 0;
      const spend = (tokens: number) => {
        spent = tokens;
        this.#options.ledger.add(tokens);
      };
      try {
        return await this.#breaker.execute(() =>
          inChatSpan(this.#server, request, this.#options.called, (answered) =>
            this.#call(request, signal, (answer) => {
              answered(answer);
              spend(answer.usage.input + answer.usage.output);
            }),
          ),
        );
      } catch (error) {
        const wait = waitBeforeRetry(error, attempt, backoffMs);
        if (wait === undefined || attempt >= attempts || signal.aborted) throw error;
        // What one caller is told to wait holds for all: they share the limit.
        this.#bucket.pause(wait);
        if (wait > MAX_BACKOFF_MS) throw error;
      } finally {
        this.#bucket.settle(estimate, spent);
      }
    }
  }

  /** @param answered told the answer and what it cost, also when it is of no use: it is paid for. */
  async #call(
    request: CompletionRequest,
    signal: AbortSignal,
    answered: (answer: ChatAnswer) => void,
  ): Promise<Completion> {
    const { model, limits } = this.#options;
    // The client's own timeout ends at the headers: a body that drips in for ever has to end, too.
    const late = AbortSignal.timeout(limits.timeoutMs);
    const answer = await this.#client.chat.completions
      .create(
        {
          model,
          messages: request.messages,
          max_tokens: request.maxTokens,
          temperature: 0,
          response_format: { type: 'json_schema', json_schema: { ...request.schema, strict: true } },
        },
        { signal: AbortSignal.any([signal, late]) },
      )
      .catch((error: unknown) => {
        // The client calls both kinds of abort the same.
        throw late.aborted && !signal.aborted
          ? new VigilError('TIMEOUT', 'the model did not answer in time', { cause: error })
          : error;
      });
    const choice = answer.choices?.[0];
    const text = choice?.message?.content ?? '';
    const usage = {
      input: answer.usage?.prompt_tokens ?? estimateTokens(request),
      output: answer.usage?.completion_tokens ?? Math.ceil(text.length / CHARS_PER_TOKEN),
    };
    answered({
      id: answer.id,
      model: answer.model,
      finishReason: choice?.finish_reason,
      cachedTokens: answer.usage?.prompt_tokens_details?.cached_tokens,
      text,
      usage,
    });
    if (choice?.message?.refusal)
      throw new VigilError('BAD_REPLY', `the model refused: ${choice.message.refusal.slice(0, 200)}`);
    if (text === '') throw new VigilError('BAD_REPLY', 'the model answered nothing');
    return { text, model: answer.model ?? model, cached: false, usage };
  }

  /** A server that wants to be left alone for long is, and nobody waits for it. */
  #checkPause(): void {
    const { pausedMs } = this.#bucket;
    if (pausedMs <= MAX_BACKOFF_MS) return;
    const seconds = Math.ceil(pausedMs / 1_000);
    throw new VigilError('BUSY', `the model's server asked to be left alone for another ${seconds} s`);
  }

  #checkBudget(): void {
    const { limits, ledger, budgetExhausted } = this.#options;
    const spent = ledger.today();
    if (spent < limits.tokensPerDay) return;
    const day = new Date().toISOString().slice(0, 10);
    if (this.#exhaustedOn !== day) {
      this.#exhaustedOn = day;
      budgetExhausted(spent);
    }
    throw new VigilError('BUSY', `the day's budget of ${limits.tokensPerDay} tokens is used up`);
  }

  #remember(key: string, completion: Completion): void {
    this.#cache.set(key, completion);
    if (this.#cache.size <= this.#options.limits.cacheEntries) return;
    const oldest = this.#cache.keys().next().value;
    if (oldest !== undefined) this.#cache.delete(oldest);
  }
}

function estimateTokens(request: CompletionRequest): number {
  const chars = request.messages.reduce((sum, { content }) => sum + content.length, 0);
  return Math.ceil(chars / CHARS_PER_TOKEN) + request.maxTokens;
}

/** Whether the server is in trouble; a request that it refuses for what it says is no outage. */
function isOutage(error: Error): boolean {
  if (error instanceof VigilError) return error.code === 'TIMEOUT';
  if (error instanceof APIUserAbortError) return false;
  if (error instanceof APIConnectionError) return true;
  if (error instanceof APIError) return error.status === undefined || error.status >= 500;
  // Not JSON, or cut off in the middle of it.
  return true;
}

/** Milliseconds, with jitter; undefined when trying again would not help. */
function waitBeforeRetry(error: unknown, attempt: number, backoffMs: number): number | undefined {
  if (isBrokenCircuitError(error)) return undefined;
  const limited = error instanceof APIError && error.status === 429;
  if (!limited && !(error instanceof Error && isOutage(error))) return undefined;
  const asked = error instanceof APIError ? retryAfter(error) : undefined;
  const backoff = Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** (attempt - 1));
  return asked ?? backoff * (0.75 + Math.random() / 2);
}

/** Of the header, which holds seconds or a date. */
function retryAfter(error: APIError): number | undefined {
  const text = error.headers?.get('retry-after');
  if (text === undefined || text === null) return undefined;
  const seconds = Number(text);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_PAUSE_MS) : undefined;
}

function asVigilError(error: unknown, signal: AbortSignal): VigilError {
  if (error instanceof VigilError) return error;
  if (signal.aborted) return new VigilError('CANCELLED', 'taken back', { cause: error });
  if (isBulkheadRejectedError(error))
    return new VigilError('BUSY', 'too many judgements wait for the model', { cause: error });
  if (isBrokenCircuitError(error))
    return new VigilError('BUSY', 'the model failed too often; it is tried again later', { cause: error });
  if (error instanceof APIConnectionTimeoutError)
    return new VigilError('TIMEOUT', 'the model did not answer in time', { cause: error });
  if (error instanceof APIError && error.status !== undefined) {
    const code =
      error.status === 401 || error.status === 403
        ? 'FORBIDDEN'
        : error.status === 429
          ? 'BUSY'
          : error.status < 500
            ? 'BAD_REQUEST'
            : 'UNAVAILABLE';
    return new VigilError(code, `the model's server answered ${error.status}`, { cause: error });
  }
  return new VigilError('UNAVAILABLE', `the model cannot be reached: ${messageOf(error)}`, { cause: error });
}
