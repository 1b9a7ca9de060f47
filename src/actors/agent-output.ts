import { type LogLimits, limitsFrom } from '../logs/limits.js';
import type { Parse } from '../logs/parse-chunk.js';
import type { AgentEvent } from '../messages/agent-event.js';
import { Output, type OutputLine, type OutputStream } from '../messages/agent-wire.js';
import { VigilError } from '../messages/errors.js';
import type { LogReader, Reading, TakeEvents } from './log-reader.js';
import { OutputParser } from './output-parser.js';

/** How a reader reaches the agent. */
export interface OutputSource {
  /** Calls `take` with each message of the agent's output subject; the returned function ends that. */
  subscribe(take: (message: unknown) => void): () => void;
  /** Asks the agent for its latest lines once more. */
  requestReplay(): void;
}

export interface AgentOutputOptions {
  readonly source: OutputSource;
  readonly parse: Parse;
  readonly limits: Partial<LogLimits>;
  /** Size of the lines that may wait to be read; beyond it the oldest are let go. */
  readonly maxPendingChars: number;
}

/** How long the first lines, or the answer to the request for a replay, are waited for. */
const FIRST_LINES_MS = 1_000;
/** Messages held while the replay is waited for. */
const MAX_HELD = 64;
/** What is held of a line beside its text. */
const LINE_CHARS = 64;

/**
 * The log of an agent that has no files here: the lines of its output subject. It asks for the latest ones once more when
 * it opens, so that neither a late start nor a move to another host loses what the agent still holds.
 */
export class AgentOutput implements LogReader {
  readonly #options: AgentOutputOptions;
  readonly #unsubscribe: () => void;
  readonly #parsers = new Map<OutputStream, OutputParser>();
  readonly #openedAt = performance.now();
  /** Taken, not read yet. */
  #pending: OutputLine[] = [];
  #pendingChars = 0;
  /** Came before the replay did, which repeats them in their place. */
  #held: Output[] | undefined = [];
  #instance: string | undefined;
  #lastSeq = -1;
  #missing = 0;
  #overflow = 0;
  #odd = 0;
  #nextIndex = 0;
  #arrived: () => void = () => {};
  readonly #first: Promise<void>;

  constructor(options: AgentOutputOptions) {
    this.#options = options;
    this.#first = new Promise((resolve) => {
      this.#arrived = resolve;
    });
    this.#unsubscribe = options.source.subscribe((message) => this.#received(message));
    options.source.requestReplay();
  }

  async read(take: TakeEvents, signal: AbortSignal): Promise<Reading> {
    if (this.#held !== undefined) await this.#awaitFirst(signal);
    if (signal.aborted) throw new VigilError('CANCELLED', 'taken back while its lines were read');
    const lines = this.#pending;
    this.#pending = [];
    this.#pendingChars = 0;
    take(await this.#parse(lines));
    const bytes = lines.reduce((sum, { text }) => sum + text.length, 0);
    const [format] = [...this.#parsers.values()].flatMap((parser) => parser.format ?? []);
    return { notes: this.#notes(), grown: lines.length > 0, bytes, format };
  }

  /** Its lines are gone once they are read. */
  position(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    this.#unsubscribe();
  }

  #received(message: unknown): void {
    const parsed = Output.safeParse(message);
    if (!parsed.success) this.#odd++;
    else if (parsed.data.replay === true) {
      // What is held was sent before this replay, and is in it.
      this.#held = undefined;
      this.#take(parsed.data);
      this.#arrived();
    } else if (this.#held === undefined) this.#take(parsed.data);
    else {
      this.#held.push(parsed.data);
      const late = performance.now() - this.#openedAt > FIRST_LINES_MS;
      if (late || this.#held.length >= MAX_HELD) this.#takeHeld();
    }
  }

  /** An agent that answers no requests for a replay is taken as it comes. */
  #takeHeld(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const output of held) this.#take(output);
    this.#arrived();
  }

  #take(output: Output): void {
    if (output.instance !== this.#instance) {
      this.#instance = output.instance;
      this.#lastSeq = -1;
      // Another program may write another format.
      this.#parsers.clear();
    }
    for (const line of output.lines) {
      if (line.seq <= this.#lastSeq) continue;
      if (this.#lastSeq >= 0) this.#missing += line.seq - this.#lastSeq - 1;
      this.#lastSeq = line.seq;
      this.#pending.push(line);
      this.#pendingChars += sizeOf(line);
    }
    let gone = 0;
    while (this.#pendingChars > this.#options.maxPendingChars && gone < this.#pending.length - 1) {
      const line = this.#pending[gone++];
      if (line !== undefined) this.#pendingChars -= sizeOf(line);
    }
    if (gone > 0) this.#pending = this.#pending.slice(gone);
    this.#overflow += gone;
  }

  async #awaitFirst(signal: AbortSignal): Promise<void> {
    let stop = () => {};
    const late = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FIRST_LINES_MS);
      signal.addEventListener('abort', () => resolve(), { once: true });
      stop = () => clearTimeout(timer);
    });
    await Promise.race([this.#first, late]);
    stop();
    // From now on it is taken as it comes, and no reading waits again.
    if (this.#held !== undefined) this.#takeHeld();
  }

  async #parse(lines: readonly OutputLine[]): Promise<AgentEvent[]> {
    const { parse, limits } = this.#options;
    const events: { readonly event: AgentEvent; readonly at: number }[] = [];
    for (const [stream, own] of byStream(lines)) {
      const parser = this.#parsers.get(stream) ?? new OutputParser(parse, limitsFrom(limits));
      this.#parsers.set(stream, parser);
      let at = Number.NEGATIVE_INFINITY;
      for (const event of await parser.parse(own)) {
        at = event.at ?? at;
        events.push({ event, at });
      }
    }
    // Stable: the events of one stream keep their order where the times are equal.
    events.sort((a, b) => a.at - b.at || 0);
    return events.map(({ event }) => ({ ...event, index: this.#nextIndex++ }));
  }

  #notes(): string[] {
    const notes: string[] = [];
    if (this.#missing > 0)
      notes.push(
        `${this.#missing} lines are missing: they came faster than they are sent, or the broker was away`,
      );
    if (this.#overflow > 0)
      notes.push(`${this.#overflow} lines came faster than they are read and were let go`);
    if (this.#odd > 0) notes.push(`${this.#odd} messages on its output subject do not fit the schema`);
    for (const [stream, parser] of this.#parsers)
      for (const note of parser.notes) notes.push(`${stream}: ${note}`);
    return notes;
  }
}

/** What a line takes, its empty ones included. */
function sizeOf({ text }: OutputLine): number {
  return text.length + LINE_CHARS;
}

function byStream(lines: readonly OutputLine[]): Map<OutputStream, OutputLine[]> {
  const streams = new Map<OutputStream, OutputLine[]>();
  for (const line of lines) {
    const own = streams.get(line.stream);
    if (own === undefined) streams.set(line.stream, [line]);
    else own.push(line);
  }
  return streams;
}
