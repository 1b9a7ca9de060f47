import { createHmac } from 'node:crypto';
import { messageOf } from '../messages/errors.js';
import type { Notice, NoticeSink } from './notice.js';

export interface WebhookOptions {
  readonly url: string;
  /** Signs what is sent. */
  readonly secret: string | undefined;
  readonly attempts: number;
  /** Before the second try; doubles with each further one. */
  readonly backoffMs: number;
  readonly timeoutMs: number;
  /** Notices that may wait; the oldest goes when there are more. */
  readonly maxWaiting: number;
  /** One was given up. */
  failed(notice: Notice, why: string): void;
}

/** At shutdown what waits may still go out, this long. */
const CLOSE_MS = 2_000;
const MAX_BACKOFF_MS = 60_000;

/**
 * Posts notices to a URL, one after another. `X-Vigil-Signature` is `sha256=` and the hexadecimal HMAC-SHA256 of
 * `<X-Vigil-Timestamp>.<body>`: with the time in it an old one cannot be sent again by somebody else.
 */
export class Webhook implements NoticeSink {
  readonly #options: WebhookOptions;
  readonly #waiting: Notice[] = [];
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  send(notice: Notice): void {
    this.#waiting.push(notice);
    if (this.#waiting.length > this.#options.maxWaiting) {
      const oldest = this.#waiting.shift();
      if (oldest !== undefined)
        this.#options.failed(oldest, 'too many notices wait (notices.webhook.maxWaiting)');
    }
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), CLOSE_MS);
    await this.#running;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const why = await this.#deliver(next);
      if (why !== undefined) this.#options.failed(next, why);
    }
    this.#running = undefined;
  }

  /** @returns why it could not be delivered. */
  async #deliver(notice: Notice): Promise<string | undefined> {
    const { attempts, backoffMs } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const { why, final } = await this.#post(notice);
      if (why === undefined || final || attempt >= attempts || this.#stop.signal.aborted) return why;
      // With jitter: many supervisors must not come back at the same moment.
      await this.#rest(Math.min(backoffMs * 2 ** (attempt - 1), MAX_BACKOFF_MS) * (0.5 + Math.random() / 2));
    }
  }

  async #post(notice: Notice): Promise<{ readonly why?: string; readonly final?: boolean }> {
    const { url, secret, timeoutMs } = this.#options;
    const body = JSON.stringify(notice);
    const timestamp = `${Math.floor(Date.now() / 1_000)}`;
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'user-agent': 'vigil',
      'x-vigil-id': notice.id,
      'x-vigil-timestamp': timestamp,
    };
    if (secret !== undefined)
      headers['x-vigil-signature'] =
        `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)]);
      // A redirect would take the notice to somebody that nobody named.
      const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
      await response.body?.cancel();
      if (response.ok) return {};
      const again = response.status >= 500 || response.status === 429 || response.status === 408;
      return { why: `it answered ${response.status}`, final: !again };
    } catch (error) {
      return { why: messageOf(error) };
    }
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#stop;
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    });
  }
}
