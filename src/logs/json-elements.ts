import { isUtf8 } from 'node:buffer';
import { parseJson } from '../messages/json.js';
import type { Chunk } from './formats/format.js';
import type { NoteList } from './notes.js';

/** Where a list stands between two ranges of bytes. A JSON value. */
export interface ElementState {
  /** Its `[` was read (or there is none: values one after another). */
  readonly opened: boolean;
  /** Damaged: where the next element starts cannot be told. */
  readonly broken: boolean;
  /** Of an over-long element whose start went by: how it stands. */
  readonly inside: { readonly depth: number; readonly inString: boolean; readonly escaped: boolean } | null;
}

/** In front of a JSON list. */
export const BEFORE_LIST: ElementState = { opened: false, broken: false, inside: null };
/** In front of JSON values that follow one another, each over several lines. */
export const BEFORE_VALUES: ElementState = { opened: true, broken: false, inside: null };

export interface Elements {
  readonly state: ElementState;
  readonly consumed: number;
}

/**
 * Walks the elements of one JSON list range by range, so that a list that is written anew with more elements costs its
 * new elements, and one of any length is never held whole. Nothing behind an element is consumed but the next one:
 * the closing bracket is where the next element will stand when the list grows.
 */
export function readElements(
  chunk: Chunk,
  state: ElementState,
  notes: NoteList,
  each: (value: unknown, text: string) => void,
): Elements {
  const scanner = new Scanner(chunk, state, notes);
  for (let element = scanner.next(); element !== undefined; element = scanner.next()) {
    const text = element.toString('utf8');
    if (!isUtf8(element)) notes.add('not valid UTF-8, replaced');
    const value = parseJson(text);
    if (value === undefined) notes.add('not JSON, skipped');
    else each(value, text);
  }
  return { state: scanner.state, consumed: scanner.consumed };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;

class Scanner {
  consumed = 0;
  readonly #bytes: Buffer;
  readonly #chunk: Chunk;
  readonly #notes: NoteList;
  #opened: boolean;
  #broken: boolean;
  #depth: number;
  #inString: boolean;
  #escaped: boolean;
  #skipping: boolean;

  constructor(chunk: Chunk, state: ElementState, notes: NoteList) {
    this.#bytes = Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.byteLength);
    this.#chunk = chunk;
    this.#notes = notes;
    this.#opened = state.opened;
    this.#broken = state.broken;
    this.#skipping = state.inside !== null;
    this.#depth = state.inside?.depth ?? 0;
    this.#inString = state.inside?.inString ?? false;
    this.#escaped = state.inside?.escaped ?? false;
  }

  get state(): ElementState {
    const inside = this.#skipping
      ? { depth: this.#depth, inString: this.#inString, escaped: this.#escaped }
      : null;
    return { opened: this.#opened, broken: this.#broken, inside };
  }

  /** The bytes of the next whole element; undefined when the range holds no further one. */
  next(): Buffer | undefined {
    while (!this.#broken) {
      const start = this.#skipping ? this.consumed : this.#elementStart();
      if (start === undefined) return undefined;
      const end = this.#elementEnd(start);
      if (end === undefined) return this.#incomplete(start);
      this.consumed = end;
      if (!this.#skipping) return this.#bytes.subarray(start, end);
      this.#skipping = false;
    }
    this.consumed = this.#bytes.length;
    return undefined;
  }

  /** What the range ends in the middle of: waits for its rest, or is let go by when it is too long. */
  #incomplete(start: number): undefined {
    const { final, limits } = this.#chunk;
    if (this.#broken) {
      this.#notes.add('damaged: what stands behind is not read');
      this.consumed = this.#bytes.length;
    } else if (this.#skipping || this.#bytes.length - start > limits.maxLineBytes) {
      if (!this.#skipping) this.#notes.add(`record of more than ${limits.maxLineBytes} bytes skipped`);
      this.#skipping = true;
      this.consumed = this.#bytes.length;
    } else if (final) this.#notes.add('cut off in the middle of a record');
    return undefined;
  }

  /** Passes white space, commas and the opening bracket. Undefined: nothing more, or the list was closed. */
  #elementStart(): number | undefined {
    for (let at = this.consumed; at < this.#bytes.length; at += 1) {
      const byte = this.#bytes[at] ?? 0;
      if (byte === CLOSE_LIST) return undefined;
      if (byte === OPEN_LIST && !this.#opened) {
        this.#opened = true;
        this.consumed = at + 1;
      } else if (byte > 0x20 && byte !== COMMA && !isMark(byte, at)) {
        this.#depth = 0;
        this.#inString = false;
        this.#escaped = false;
        return at;
      }
    }
    return undefined;
  }

  /** Offset behind the element; undefined when the range ends before, or the element is broken. */
  #elementEnd(start: number): number | undefined {
    const bytes = this.#bytes;
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#depth === 0) return at + 1;
        } else if (byte < 0x20) {
          // No string holds a raw control character: a quote is missing or one too many.
          this.#broken = true;
          return undefined;
        }
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        this.#depth -= 1;
        // The end of the list, behind a number or a word; a brace that closes nothing is taken by itself.
        if (this.#depth < 0) return Math.max(at, start + 1);
        if (this.#depth === 0) return at + 1;
      } else if (this.#depth === 0 && (byte === COMMA || byte <= 0x20)) return at;
    }
    return undefined;
  }
}

/** A byte order mark at the start. */
function isMark(byte: number, at: number): boolean {
  return at < 3 && byte >= 0xbb;
}
