import type { OutputLine, OutputStream } from '../messages/agent-wire.js';

export interface UplinkOptions {
  readonly instance: string;
  /** Size of a message, and of what waits for the next. */
  readonly batchBytes: number;
  readonly maxLineChars: number;
  /** Sent lines kept for a replay. */
  readonly replayBytes: number;
}

const CUT_MARK = ' … [cut]';
/** What a message has beside its lines. */
const ENVELOPE_BYTES = 256;
/** Lines kept of what came when there was no room. */
const MAX_LATEST = 50;
/** As the schema has it. */
const MAX_LINES = 10_000;
/** Bytes of one UTF-16 unit in JSON at worst: \u0000. */
const MAX_ESCAPED = 6;

/** One line as JSON, ready to be sent. */
interface Encoded {
  readonly json: string;
  readonly bytes: number;
}

/**
 * The copy of an agent's output that goes over the broker. Bounded: what comes faster than it is sent is counted, and
 * seen by its reader in the numbers of the lines, and costs hardly more than the counting; the first and the latest lines
 * of each interval are sent. The files have everything.
 */
export class OutputUplink {
  readonly #options: UplinkOptions;
  #waiting: Encoded[] = [];
  #waitingBytes = 0;
  /** Came when there was no room, the newest last; anything waits then as well. */
  #latest: readonly OutputLine[] = [];
  #sent: readonly Encoded[] = [];
  #nextSeq = 0;
  #dropped = 0;
  #droppedEver = 0;

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  /** Lines left out so far. */
  get dropped(): number {
    return this.#droppedEver;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  offer(stream: OutputStream, at: string, lines: readonly string[]): void {
    const { batchBytes } = this.#options;
    for (let i = 0; i < lines.length; i++) {
      if (this.#waitingBytes >= batchBytes) {
        this.#hold(stream, at, lines, i);
        return;
      }
      this.#await(this.#encode({ seq: this.#nextSeq++, at, stream, text: lines[i] ?? '' }));
    }
  }

  /** The next message of at most `maxBytes`; undefined when nothing waits. */
  take(maxBytes: number): string | undefined {
    const bound = Math.min(maxBytes, this.#options.batchBytes);
    const lines = fitting(this.#waiting, bound);
    if (lines.length === 0) {
      // The broker takes less than was thought when this line was cut.
      const [unfit] = this.#waiting;
      if (unfit === undefined) return undefined;
      this.#removeWaiting(1);
      this.#countDropped(1);
      return this.take(maxBytes);
    }
    this.#removeWaiting(lines.length);
    this.#keep(lines);
    const dropped = this.#dropped;
    this.#dropped = 0;
    return this.#message(lines, `"dropped":${dropped}`);
  }

  /** What was sent last, once more; one empty message when nothing was. */
  replay(maxBytes: number): string[] {
    const bound = Math.min(maxBytes, this.#options.batchBytes);
    const messages: string[] = [];
    let rest: readonly Encoded[] = this.#sent;
    do {
      const lines = fitting(rest, bound);
      messages.push(this.#message(lines, '"replay":true'));
      rest = rest.slice(Math.max(1, lines.length));
    } while (rest.length > 0);
    return messages;
  }

  /** There is no room: of the lines from `first` on, the latest are kept at hand, and nothing is encoded. */
  #hold(stream: OutputStream, at: string, lines: readonly string[], first: number): void {
    const start = Math.max(first, lines.length - MAX_LATEST);
    const held = lines
      .slice(start)
      .map((text, i) => ({ seq: this.#nextSeq + start - first + i, at, stream, text }));
    this.#nextSeq += lines.length - first;
    const latest = [...this.#latest, ...held];
    this.#countDropped(start - first + Math.max(0, latest.length - MAX_LATEST));
    this.#latest = latest.slice(-MAX_LATEST);
  }

  #await(line: Encoded): void {
    this.#waiting.push(line);
    this.#waitingBytes += line.bytes;
  }

  /** Makes room; the latest lines take it, so that the end of a burst is not what is missing. */
  #removeWaiting(count: number): void {
    this.#waiting = this.#waiting.slice(count);
    this.#waitingBytes = sizeOf(this.#waiting);
    const latest = this.#latest.map((line) => this.#encode(line));
    this.#latest = [];
    let room = this.#options.batchBytes - this.#waitingBytes;
    let first = latest.length;
    while (first > 0 && (latest[first - 1]?.bytes ?? 0) <= room) room -= latest[--first]?.bytes ?? 0;
    this.#countDropped(first);
    for (const line of latest.slice(first)) this.#await(line);
  }

  #message(lines: readonly Encoded[], more: string): string {
    const instance = JSON.stringify(this.#options.instance);
    return `{"instance":${instance},${more},"lines":[${lines.map(({ json }) => json).join(',')}]}`;
  }

  #keep(lines: readonly Encoded[]): void {
    const all = [...this.#sent, ...lines];
    let size = sizeOf(all);
    let gone = 0;
    while (size > this.#options.replayBytes) size -= all[gone++]?.bytes ?? size;
    this.#sent = all.slice(gone);
  }

  #countDropped(lines: number): void {
    this.#dropped += lines;
    this.#droppedEver += lines;
  }

  /** A line of JSON is kept whole where it fits: cut, it would be a record no more. */
  #encode(line: OutputLine): Encoded {
    const { maxLineChars, batchBytes } = this.#options;
    const whole = encoded({ ...line, text: shorten(line.text, maxLineChars) });
    const room = batchBytes - ENVELOPE_BYTES;
    if (whole.bytes <= room) return whole;
    return encoded({ ...line, text: shorten(line.text, Math.floor(room / MAX_ESCAPED) - ENVELOPE_BYTES) });
  }
}

function encoded(line: OutputLine): Encoded {
  const json = JSON.stringify(line);
  return { json, bytes: Buffer.byteLength(json) + 1 };
}

function shorten(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}${CUT_MARK}`;
}

/** The first of them that fit a message. */
function fitting(lines: readonly Encoded[], bound: number): readonly Encoded[] {
  let size = ENVELOPE_BYTES;
  let count = 0;
  for (const { bytes } of lines) {
    if (size + bytes > bound || count >= MAX_LINES) break;
    size += bytes;
    count += 1;
  }
  return lines.slice(0, count);
}

function sizeOf(lines: readonly Encoded[]): number {
  return lines.reduce((sum, { bytes }) => sum + bytes, 0);
}
