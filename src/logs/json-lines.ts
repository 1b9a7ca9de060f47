import type { Chunk } from './formats/format.js';
import { parseJson } from './json-value.js';
import { LineSplitter, type LineState } from './line-splitter.js';
import type { NoteList } from './notes.js';

export interface JsonLine {
  readonly value: unknown;
  readonly text: string;
  readonly number: number;
}

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
): { readonly state: LineState; readonly consumed: number } {
  const splitter = new LineSplitter(
    chunk.bytes,
    state,
    { maxLineBytes: chunk.limits.maxLineBytes, overlong: 'skip', takeRest: chunk.final },
    notes,
  );
  for (const line of splitter) {
    const text = line.text.trim();
    const value = text === '' ? undefined : parseJson(text);
    if (value !== undefined) each({ value, text, number: line.number });
    else if (text !== '' && line.whole) notes.add('not JSON, skipped', line.number);
    else if (text !== '') {
      splitter.unread(line);
      notes.add('cut off in the middle of a record', line.number);
      break;
    }
  }
  return { state: splitter.state, consumed: splitter.consumed };
}
