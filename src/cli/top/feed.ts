import { setTimeout as wait } from 'node:timers/promises';
import { Events } from 'nats';
import type { FeedEvent } from '../../http/event-feed.js';
import { fleetRow, TREND_POINTS } from '../../http/fleet-row.js';
import { messageOf } from '../../messages/errors.js';
import type { Status } from '../../messages/requests.js';
import type { Settings } from '../../settings/schema.js';
import { Client } from '../client.js';
import { decisions, everyone, trends } from '../fleet-reads.js';
import type { Answer } from './fleet.js';
import { heardEvent } from './heard-event.js';

export interface FeedOptions {
  readonly settings: Settings;
  answered(answer: Answer): void;
  /** @returns false when it speaks of another fleet than is known: all is read anew. */
  status(status: Status): boolean;
  event(event: FeedEvent): void;
  /** Whether anybody answers has changed. */
  turned(): void;
}

const TIMEOUT_MS = 5_000;
/** How often it is asked how the supervisor is. */
const ASK_MS = 2_000;
/** Everything is read anew at least this often: what no event tells shows all the same. */
const REFRESH_MS = 30_000;
/** Not more often than this, however much happens. */
const PAUSE_MS = 4_000;
/** After something that a person did. */
const ASKED_PAUSE_MS = 200;
const COHERENCE_POINTS = 60;

/** What is known comes through here: questions and events of a supervisor, which may go and come back. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #ended = new AbortController();
  #client: Client;
  #heardAt = Date.now();
  #away: string | undefined;
  #reading = false;
  #readAgain = false;
  #readAt = Number.NEGATIVE_INFINITY;
  /** The supervisor's clock less ours. */
  #clockAhead = 0;

  private constructor(client: Client, options: FeedOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** @throws VigilError BROKER, UNAVAILABLE, TIMEOUT when nobody is there to begin with. */
  static async open(options: FeedOptions): Promise<Feed> {
    const client = await connected(options.settings);
    const feed = new Feed(client, options);
    feed.#follow(client);
    void feed.#watch();
    feed.refresh();
    return feed;
  }

  get client(): Client {
    return this.#client;
  }

  /** Since when nobody answers, by our clock, and why. */
  get away(): { readonly since: number; readonly why: string } | undefined {
    return this.#away === undefined ? undefined : { since: this.#heardAt, why: this.#away };
  }

  /** Epoch milliseconds by the clock that wrote the times. */
  get now(): number {
    return Date.now() + this.#clockAhead;
  }

  /** Reads everything anew, now or as soon as it may be read again. @param asked a person waits to see it. */
  refresh(asked = false): void {
    this.#readAgain = true;
    if (asked) this.#readAt = Math.min(this.#readAt, performance.now() - PAUSE_MS + ASKED_PAUSE_MS);
    if (!this.#reading) void this.#read();
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#client.connection.close();
  }

  #follow(client: Client): void {
    const { connection, subjects } = client;
    const callback = (error: Error | null, message: { subject: string; data: Uint8Array }) => {
      if (error !== null || client !== this.#client) return;
      const short = message.subject.slice(subjects.prefix.length + 1);
      const [kind, what] = short.split('.');
      if (kind === 'result' && what !== 'analysis') this.refresh();
      else {
        const event = heardEvent(message.subject, message.data, subjects.prefix);
        if (event !== undefined) this.#options.event(event);
      }
    };
    connection.subscribe(subjects.allResults, { callback });
    connection.subscribe(subjects.allEvents, { callback });
    void this.#notice(client);
  }

  /** The connection tells at once what a question would find out later. */
  async #notice(client: Client): Promise<void> {
    for await (const { type } of client.connection.status())
      if (client === this.#client && type === Events.Disconnect) this.#lost('the broker is away');
  }

  async #watch(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        const status = await this.#client.request('status', {}, TIMEOUT_MS);
        this.#heard(status);
      } catch (error) {
        this.#lost(messageOf(error));
        await this.#findAnother();
      }
      await wait(ASK_MS, undefined, { signal: this.#ended.signal }).catch(() => undefined);
    }
  }

  #heard(status: Status): void {
    this.#heardAt = Date.now();
    this.#clockAhead = Date.parse(status.at) - this.#heardAt;
    const isKnown = this.#options.status(status);
    const wasAway = this.#away !== undefined;
    this.#away = undefined;
    if (wasAway) this.#options.turned();
    if (wasAway || !isKnown || performance.now() - this.#readAt > REFRESH_MS) this.refresh();
  }

  #lost(why: string): void {
    if (this.#ended.signal.aborted || this.#away === why) return;
    this.#away = why;
    this.#options.turned();
  }

  /** A supervisor that was started again may have a broker elsewhere. */
  async #findAnother(): Promise<void> {
    try {
      const client = await connected(this.#options.settings);
      if (this.#ended.signal.aborted) return await client.connection.close();
      const before = this.#client;
      this.#client = client;
      this.#follow(client);
      await before.connection.close();
    } catch (error) {
      this.#lost(messageOf(error));
    }
  }

  async #read(): Promise<void> {
    this.#reading = true;
    while (this.#readAgain && !this.#ended.signal.aborted) {
      const pause = this.#readAt + PAUSE_MS - performance.now();
      if (pause > 0) await wait(pause, undefined, { signal: this.#ended.signal }).catch(() => undefined);
      this.#readAgain = false;
      if (this.#ended.signal.aborted) break;
      this.#readAt = performance.now();
      try {
        this.#options.answered(await read(this.#client));
      } catch (error) {
        // It is read anew once somebody answers again.
        this.#lost(messageOf(error));
      }
    }
    this.#reading = false;
  }
}

/** A client of a supervisor that answers. */
async function connected(settings: Settings): Promise<Client> {
  const client = await Client.find(settings);
  try {
    await client.request('agents.list', { limit: 1 }, TIMEOUT_MS);
    return client;
  } catch (error) {
    await client.connection.close();
    throw error;
  }
}

async function read(client: Client): Promise<Answer> {
  const [records, past, pending, coherence] = await Promise.all([
    everyone(client, 'active'),
    trends(client, TREND_POINTS),
    decisions(client),
    client.request('history.coherence', { points: COHERENCE_POINTS }, TIMEOUT_MS),
  ]);
  const known = new Map(past.map((trend) => [trend.agent, trend]));
  const { latest, points } = coherence;
  return {
    agents: records.map((record) => fleetRow(record, known.get(record.id))),
    pending,
    coherence:
      latest === null ? undefined : { score: latest.report.coherenceScore, status: latest.report.status },
    coherencePoints: points.map(({ score }) => score * 100),
  };
}
