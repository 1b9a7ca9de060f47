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
const RETURN = 0x0d;

/**
 * Splits bytes into lines, the same however the file is cut into ranges. Takes CRLF for LF, drops a byte order mark
 * and NUL bytes (a truncated and rewritten file has a hole of them), replaces invalid UTF-8. A line longer than
 * `maxLineBytes` is never held: what has gone by of it is only counted.
 */
export class LineSplitter {
  #lines: number;
  #skipping: number;
  #consumed = 0;
  /** An over-long line was given out, and is still to be gone by. */
  #begun = false;
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
    for (let line = this.next(); line !== undefined; line = this.next()) yield line;
  }

  /** The next line; undefined when there is no whole one any more. */
  next(): Line | undefined {
    while (this.#consumed < this.#bytes.length) {
      const start = this.#consumed;
      const newline = this.#bytes.indexOf(NEWLINE, start);
      const end = newline === -1 ? this.#bytes.length : newline;
      const overlong = end - start > this.#options.maxLineBytes;
      if (this.#skipping === 0 && !overlong) {
        if (newline === -1 && !this.#options.takeRest) return undefined;
        this.#lines += 1;
        this.#consumed = newline === -1 ? end : end + 1;
        return { start, end, number: this.#lines, cut: false, whole: newline !== -1 };
      }
      if (this.#skipping === 0 && !this.#begun) {
        this.#begun = true;
        this.#lines += 1;
        const shown = characterAt(this.#bytes, start + this.#options.maxLineBytes);
        if (this.#options.overlong === 'cut')
          return { start, end: shown, number: this.#lines, cut: true, whole: true };
      }
      this.#begun = false;
      this.#pass(end - start, newline !== -1);
    }
    if (this.#options.takeRest && this.#skipping > 0) this.#endOverlong();
    return undefined;
  }

  #pass(length: number, ends: boolean): void {
    this.#skipping += length;
    this.#consumed += length + (ends ? 1 : 0);
    if (ends) this.#endOverlong();
  }

  #endOverlong(): void {
    const what = this.#options.overlong === 'skip' ? 'skipped' : `cut to ${this.#options.maxLineBytes} bytes`;
    this.#notes.add(`line of ${this.#skipping} bytes ${what}`, this.#lines);
    this.#skipping = 0;
  }

  /** The text of the line. What had to be mended in it is noted. */
  textOf(line: Line): string {
    const { start, number } = line;
    const end = this.#bytes[line.end - 1] === RETURN && line.end > start ? line.end - 1 : line.end;
    const text = this.#decoded(start, end, line);
    return number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text;
  }

  #decoded(start: number, end: number, line: Line): string {
    if (end <= this.#asciiEnd) return this.#bytes.toString('latin1', start, end);
    const bytes = this.#bytes.subarray(start, end);
    return end <= this.#soundEnd ? decoded(bytes) : this.#mended(bytes, line);
  }

  #mended(bytes: Buffer, { number, cut }: Line): string {
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

/** Bytes of a UTF-8 character behind its first one. */
const MAX_CONTINUATION = 3;

/** The start of the UTF-8 character that stands there. */
function characterAt(bytes: Buffer, at: number): number {
  let start = at;
  while (at - start < MAX_CONTINUATION && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}
