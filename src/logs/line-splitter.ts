import { isAscii, isUtf8, transcode } from 'node:buffer';
import type { NoteList } from './notes.js';

/** Where a log stands between two ranges of bytes. A JSON value. */
export interface LineState {
  /** Lines seen. */
  readonly lines: number;
  /** Bytes of an over-long line gone by so far; 0 outside of one. */
  readonly skipping: number;
}

export const FIRST_LINE: LineState = { lines: 0, skipping: 0 };

export interface SplitOptions {
  readonly maxLineBytes: number;
  /** `skip`: an over-long line is left out and noted. `cut`: its first `maxLineBytes` are kept. */
  readonly overlong: 'skip' | 'cut';
  /** A last line without newline is a line too. */
  readonly takeRest: boolean;
}

export interface Line {
  /** Offset of its first byte in the bytes given, and behind its last one, its newline left out. */
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly number: number;
  /** The line was cut to `maxLineBytes`. */
  readonly cut: boolean;
  /** The line ended with its newline. */
  readonly whole: boolean;
}

const NEWLINE = 0x0a;

/**
 * Splits bytes into lines, the same however the file is cut into ranges. Takes CRLF for LF, drops a byte order mark
 * and NUL bytes (a truncated and rewritten file has a hole of them), replaces invalid UTF-8. A line longer than
 * `maxLineBytes` is never held: what has gone by of it is only counted.
 */
export class LineSplitter {
  #lines: number;
  #skipping: number;
  #consumed = 0;
  readonly #bytes: Buffer;
  readonly #options: SplitOptions;
  readonly #notes: NoteList;
  /** Up to there all is ASCII, or at least valid UTF-8, and there is no NUL byte: one look at all lines spares many. */
  readonly #asciiEnd: number;
  readonly #soundEnd: number;

  constructor(bytes: Uint8Array, state: LineState, options: SplitOptions, notes: NoteList) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const lines = this.#bytes.subarray(0, this.#bytes.lastIndexOf(NEWLINE) + 1);
    // Looked for in the bytes: in a text of wide characters the engine stumbles over the zero in each of them.
    const holed = lines.includes(0);
    this.#asciiEnd = !holed && isAscii(lines) ? lines.length : 0;
    this.#soundEnd = !holed && isUtf8(lines) ? lines.length : 0;
    this.#lines = state.lines;
    this.#skipping = state.skipping;
    this.#options = options;
    this.#notes = notes;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Bytes that belong to the lines given out so far, or that were skipped. */
  get consumed(): number {
    return this.#consumed;
  }

  get state(): LineState {
    return { lines: this.#lines, skipping: this.#skipping };
  }

  /** Puts a last line without newline back: it is read again when more of it is there. */
  unread(line: Line): void {
    this.#consumed = line.start;
    this.#lines -= 1;
  }

  *[Symbol.iterator](): Generator<Line> {
    while (this.#consumed < this.#bytes.length) {
      const start = this.#consumed;
      const newline = this.#bytes.indexOf(NEWLINE, start);
      const end = newline === -1 ? this.#bytes.length : newline;
      const length = end - start;
      if (this.#skipping > 0) {
        this.#pass(length, newline !== -1);
      } else if (length > this.#options.maxLineBytes) {
        yield* this.#beginOverlong(start, length);
        this.#pass(length, newline !== -1);
      } else if (newline === -1 && !this.#options.takeRest) {
        return;
      } else {
        this.#lines += 1;
        this.#consumed = newline === -1 ? end : end + 1;
        yield this.#line(start, end, newline !== -1, false);
      }
    }
    if (this.#options.takeRest && this.#skipping > 0) this.#endOverlong();
  }

  *#beginOverlong(start: number, length: number): Generator<Line> {
    this.#lines += 1;
    this.#consumed = start + length;
    if (this.#options.overlong === 'cut') {
      yield this.#line(start, start + this.#options.maxLineBytes, true, true);
    }
  }

  #pass(length: number, ends: boolean): void {
    const start = this.#skipping === 0 ? this.#consumed - length : this.#consumed;
    this.#skipping += length;
    this.#consumed = start + length + (ends ? 1 : 0);
    if (ends) this.#endOverlong();
  }

  #endOverlong(): void {
    const what = this.#options.overlong === 'skip' ? 'skipped' : `cut to ${this.#options.maxLineBytes} bytes`;
    this.#notes.add(`line of ${this.#skipping} bytes ${what}`, this.#lines);
    this.#skipping = 0;
  }

  #line(start: number, end: number, whole: boolean, cut: boolean): Line {
    return { start, end, number: this.#lines, cut, whole };
  }

  /** The text of the line. What had to be mended in it is noted. */
  textOf(line: Line): string {
    const { number, end } = line;
    let text = end <= this.#soundEnd ? this.#sound(line) : this.#mended(line);
    if (text.endsWith('\r')) text = text.slice(0, -1);
    if (number === 1 && text.startsWith('\ufeff')) text = text.slice(1);
    return text;
  }

  #sound({ start, end }: Line): string {
    if (end <= this.#asciiEnd) return this.#bytes.toString('latin1', start, end);
    return decoded(this.#bytes.subarray(start, end));
  }

  #mended({ start, end, number, cut }: Line): string {
    const bytes = this.#bytes.subarray(start, end);
    const valid = isUtf8(bytes);
    if (!valid && !cut) this.#notes.add('not valid UTF-8, replaced', number);
    const text = valid ? decoded(bytes) : bytes.toString('utf8');
    if (!bytes.includes(0)) return text;
    this.#notes.add('NUL bytes removed', number);
    return text.replaceAll('\0', '');
  }
}

/** Decodes valid UTF-8, on ways that are several times as fast as the general one. */
function decoded(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  return transcode(bytes, 'utf8', 'utf16le').toString('utf16le');
}
