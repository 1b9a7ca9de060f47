import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { VigilError } from '../messages/errors.js';

export interface EventFeedOptions {
  readonly maxClients: number;
  /** Latest events kept for a client that comes back. */
  readonly maxEvents: number;
  /** Unsent bytes of one client; one that lags further is dropped. */
  readonly maxBufferedBytes: number;
}

/** One that is told what happened on the result subjects. */
export interface FeedEvent {
  readonly subject: string;
  readonly body: unknown;
}

interface Kept {
  readonly seq: number;
  readonly text: string;
}

/** A page that hears nothing for three of them knows that its figures are old. */
const BEAT_MS = 3_000;
/** A browser that lost us tries again after this long. */
const RETRY_MS = 1_500;

/**
 * Server-sent events to browsers. Each event has an id, `<start of the feed>-<number>`; a client that comes back with the
 * last one it saw gets what it missed, or is told to read everything anew (`resync`) when that is no longer kept.
 */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #start = randomBytes(6).toString('hex');
  readonly #kept: Kept[] = [];
  readonly #clients = new Set<ServerResponse>();
  readonly #beat: NodeJS.Timeout;
  #seq = 0;
  #dropped = 0;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#beat = setInterval(() => this.#send(`event: beat\ndata: ${Date.now()}\n\n`), BEAT_MS);
    this.#beat.unref();
  }

  get counts(): { readonly clients: number; readonly dropped: number } {
    return { clients: this.#clients.size, dropped: this.#dropped };
  }

  /** @throws VigilError BUSY when there are as many as there may be. */
  checkRoom(): void {
    if (this.#clients.size >= this.#options.maxClients)
      throw new VigilError(
        'BUSY',
        `${this.#clients.size} browsers follow the events already (http.maxClients)`,
      );
  }

  /** @param lastId the id of the last event that the client saw. */
  add(response: ServerResponse, lastId: string | undefined): void {
    this.#clients.add(response);
    response.once('close', () => this.#clients.delete(response));
    response.on('error', () => this.#clients.delete(response));
    const missed = this.#since(lastId);
    const hello = `retry: ${RETRY_MS}\nevent: hello\nid: ${this.#id(this.#seq)}\ndata: ${Date.now()}\n\n`;
    if (missed === undefined) response.write(`event: resync\ndata: {}\n\n${hello}`);
    else response.write(missed.map(({ text }) => text).join('') + hello);
  }

  publish({ subject, body }: FeedEvent): void {
    const seq = ++this.#seq;
    const text = `id: ${this.#id(seq)}\ndata: ${JSON.stringify({ subject, body })}\n\n`;
    this.#kept.push({ seq, text });
    // Cut in lumps: to shift one for each event would move the whole list.
    if (this.#kept.length > this.#options.maxEvents * 1.25)
      this.#kept.splice(0, this.#kept.length - this.#options.maxEvents);
    this.#send(text);
  }

  close(): void {
    clearInterval(this.#beat);
    for (const client of this.#clients) client.end();
    this.#clients.clear();
  }

  #send(text: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > this.#options.maxBufferedBytes) {
        this.#dropped++;
        this.#clients.delete(client);
        client.destroy();
      } else client.write(text);
    }
  }

  #id(seq: number): string {
    return `${this.#start}-${seq}`;
  }

  /** What came after that id; undefined when we cannot know all of it. A client without an id reads everything anyway. */
  #since(lastId: string | undefined): readonly Kept[] | undefined {
    if (lastId === undefined || lastId === '') return [];
    const [start, number] = lastId.split('-');
    const seq = Number(number);
    if (start !== this.#start || !Number.isInteger(seq) || seq > this.#seq) return undefined;
    const oldest = this.#kept[0]?.seq ?? this.#seq + 1;
    if (seq + 1 < oldest) return undefined;
    return this.#kept.slice(seq + 1 - oldest);
  }
}
