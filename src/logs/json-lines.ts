import { parseJson } from '../messages/json.js';
import type { Chunk } from './formats/format.js';
import { LineSplitter, type LineState } from './line-splitter.js';
import type { NoteList } from './notes.js';

export interface JsonLine {
  readonly value: unknown;
  readonly text: string;
  readonly number: number;
}

/**
 * What a line tells about itself without being parsed, as the format's own writer orders its fields: `skip` for
 * bookkeeping, or the record without its last fields, which are not needed; when that is no JSON, the line is read
 * whole. Only asked about whole lines.
 */
export type Shortcut = (line: string) => 'skip' | string | undefined;

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
  for (let line = splitter.next(); line !== undefined; line = splitter.next()) {
    const text = splitter.textOf(line).trim();
    const short = line.whole ? shortcut(text) : undefined;
    if (short === 'skip') {
      skipped += 1;
      continue;
    }
    const part = short === undefined ? undefined : parseJson(short);
    const value = part ?? (text === '' ? undefined : parseJson(text));
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
