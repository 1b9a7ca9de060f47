/** Something odd about a log, for a person. Alike notes are one note with a count, so that garbage cannot flood. */
export interface Note {
  readonly text: string;
  readonly count: number;
  /** Line of the first occurrence, from 1, where the format has lines. */
  readonly line?: number;
}

/** Distinct notes kept of one read; further ones are counted together. */
const MAX_DISTINCT = 32;
const OVERFLOW_TEXT = 'further oddities';

/** Collects notes, alike ones together, in the order of first occurrence. */
export class NoteList {
  readonly #notes = new Map<string, { text: string; count: number; line?: number }>();

  add(text: string, line?: number, count = 1): void {
    const known = this.#notes.get(text);
    if (known !== undefined) {
      known.count += count;
      return;
    }
    if (this.#notes.size >= MAX_DISTINCT && text !== OVERFLOW_TEXT) {
      this.add(OVERFLOW_TEXT, undefined, count);
      return;
    }
    this.#notes.set(text, line === undefined ? { text, count } : { text, count, line });
  }

  addAll(notes: readonly Note[]): void {
    for (const note of notes) this.add(note.text, note.line, note.count);
  }

  toArray(): Note[] {
    return [...this.#notes.values()];
  }
}

/** One sentence: "line 17: not JSON, skipped (and 3 more like it)". */
export function describeNote(note: Note): string {
  const where = note.line === undefined ? '' : `line ${note.line}: `;
  const more = note.count > 1 ? ` (and ${note.count - 1} more like it)` : '';
  return where + note.text + more;
}
