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
 * seen by its reader in the numbers of the lines, and costs no more than the counting. The files have everything.
 */
export class OutputUplink {
  readonly #options: UplinkOptions;
  #waiting: Encoded[] = [];
  #waitingBytes = 0;
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
        const left = lines.length - i;
        this.#nextSeq += left;
        this.#countDropped(left);
        return;
      }
      const line = this.#encode(this.#nextSeq++, at, stream, lines[i] ?? '');
      this.#waiting.push(line);
      this.#waitingBytes += line.bytes;
    }
  }

  /** The next message of at most `maxBytes`; undefined when nothing waits. */
  take(maxBytes: number): string | undefined {
    const bound = Math.min(maxBytes, this.#options.batchBytes);
    const lines = fitting(this.#waiting, bound);
    if (lines.length === 0) {
      // The broker takes less than was thought when this line was cut.
      if (this.#waiting.shift() === undefined) return undefined;
      this.#countDropped(1);
      return this.take(maxBytes);
    }
    this.#waiting = this.#waiting.slice(lines.length);
    this.#waitingBytes = sizeOf(this.#waiting);
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
  #encode(seq: number, at: string, stream: OutputStream, text: string): Encoded {
    const { maxLineChars, batchBytes } = this.#options;
    const whole = encoded({ seq, at, stream, text: shorten(text, maxLineChars) });
    const room = batchBytes - ENVELOPE_BYTES;
    if (whole.bytes <= room) return whole;
    return encoded({ seq, at, stream, text: shorten(text, Math.floor(room / MAX_ESCAPED) - ENVELOPE_BYTES) });
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
