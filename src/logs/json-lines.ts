import { parseJson } from '../messages/json.js';
import type { Chunk } from './formats/format.js';
import { type Line, LineSplitter, type LineState } from './line-splitter.js';
import type { NoteList } from './notes.js';

export interface JsonLine {
  readonly value: unknown;
  readonly text: string;
  readonly number: number;
}

/**
 * What the start of a line tells about it without parsing it, as the format's own writer orders its fields: `skip` for
 * bookkeeping, or the offset of a last field that repeats what stands before it. Only asked about whole lines.
 *
 * @param bytes the line stands in them, from `start` to `end`.
 */
export type Shortcut = (bytes: Buffer, start: number, end: number) => 'skip' | number | undefined;

/**
 * Walks the JSON values of a chunk, one a line. What is not JSON is noted and skipped, so damage costs the line it is
 * in and nothing else. A half-written last line waits for its rest; at the end of a final chunk it counts when it is
 * JSON already, and is noted when not.
 */
export function readJsonLines(
  chunk: Chunk,
  state: LineState,
  notes: NoteList,
  each: (line: JsonLine) => void,
  shortcut: Shortcut = () => undefined,
): { readonly state: LineState; readonly consumed: number; readonly skipped: number } {
  const splitter = new LineSplitter(
    chunk.bytes,
    state,
    { maxLineBytes: chunk.limits.maxLineBytes, overlong: 'skip', takeRest: chunk.final },
    notes,
  );
  let skipped = 0;
  for (const line of splitter) {
    const short = line.whole ? shortcut(splitter.bytes, line.start, line.end) : undefined;
    if (short === 'skip') {
      skipped += 1;
      continue;
    }
    const part = short === undefined ? undefined : partOf(line, short, splitter);
    const text = part?.text ?? splitter.textOf(line).trim();
    const value = part?.value ?? (text === '' ? undefined : parseJson(text));
    if (value !== undefined) each({ value, text, number: line.number });
    else if (text !== '' && line.whole) notes.add('not JSON, skipped', line.number);
    else if (text !== '') {
      splitter.unread(line);
      notes.add('cut off in the middle of a record', line.number);
      break;
    }
  }
  return { state: splitter.state, consumed: splitter.consumed, skipped };
}

const CLOSING = 0x7d;

/**
 * The record without its last field, which starts with the comma at `end`; undefined when it is not JSON so: then it is
 * read whole. Closed in the bytes for a moment: a brace put to the text would have the parser copy all of it.
 */
function partOf(
  line: Line,
  end: number,
  splitter: LineSplitter,
): { value: unknown; text: string } | undefined {
  const { bytes } = splitter;
  const comma = bytes[end] ?? CLOSING;
  bytes[end] = CLOSING;
  const text = splitter.textOf({ ...line, end: end + 1 });
  bytes[end] = comma;
  const value = parseJson(text);
  return value === undefined ? undefined : { value, text };
}
