import { fileURLToPath } from 'node:url';
import type { ChildSpec } from '../actors/runtime/supervision.js';
import type { Status } from '../messages/requests.js';
import type { Subjects } from '../messages/subjects.js';
import { dispatch, type Handlers } from '../services/rpc-service.js';
import { service } from '../services/service.js';
import type { Settings } from '../settings/schema.js';
import type { OutboxRow } from '../store/outbox.js';
import { EventFeed } from './event-feed.js';
import { feedEvent } from './feed-event.js';
import { Metrics } from './metrics.js';
import { Reads } from './reads.js';
import { HttpServer } from './server.js';
import { tokenFor } from './token.js';

const SHUTDOWN_MS = 5_000;

export interface HttpParts {
  readonly settings: Settings;
  readonly subjects: Subjects;
  readonly dataDir: string;
  readonly version: string;
  handlers(): Handlers;
  missing(): readonly string[];
  failed(what: string, error: unknown): void;
}

/** What people see over HTTP, from the start of the supervisor on: figures are counted while nobody looks, too. */
export class Http {
  readonly metrics: Metrics;
  readonly #parts: HttpParts;
  readonly #reads: Reads;
  #feed: EventFeed;
  #url: string | undefined;

  constructor(parts: HttpParts) {
    this.#parts = parts;
    this.#feed = new EventFeed(parts.settings.http);
    this.#reads = new Reads({ ...parts, browsers: () => this.#feed.counts.clients });
    this.metrics = new Metrics({
      fleet: () => this.#reads.fleet(),
      status: async () => (await dispatch(parts.handlers(), 'status', {})) as Status,
      feed: () => this.#feed.counts,
    });
  }

  /** Where browsers open it; undefined while it is not served. */
  get url(): string | undefined {
    return this.#url;
  }

  /** The result stream has these. */
  sent(rows: readonly OutboxRow[]): void {
    const { prefix } = this.#parts.subjects;
    for (const { subject, payload } of rows) {
      const body = JSON.parse(payload) as Record<string, unknown>;
      this.metrics.sent(subject.slice(prefix.length + 1), body);
      const event = feedEvent(subject, body, prefix);
      if (event !== undefined) this.#feed.publish(event);
    }
  }

  service(): ChildSpec {
    const { settings, dataDir } = this.#parts;
    return service('http', SHUTDOWN_MS, async () => {
      this.#feed.close();
      this.#feed = new EventFeed(settings.http);
      const server = await HttpServer.open({
        ...this.#parts,
        settings: settings.http,
        reads: this.#reads,
        metrics: this.metrics,
        feed: this.#feed,
        token: tokenFor(settings.http, dataDir),
        dashboard: fileURLToPath(new URL('../../dashboard', import.meta.url)),
      });
      this.#url = server.url;
      return async () => {
        this.#url = undefined;
        await server.close();
      };
    });
  }
}
