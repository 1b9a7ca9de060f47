import { printable, widthOf } from '../width.js';
import type { Key } from './keys.js';

/** One line that a person types; the cursor stands between its characters. */
export interface Editor {
  readonly characters: readonly string[];
  readonly cursor: number;
}

/** More than a person types; what an agent is told in one line. */
const MAX_CHARACTERS = 2_000;

export function editorOf(text = ''): Editor {
  const characters = [...text];
  return { characters, cursor: characters.length };
}

export function textOf(editor: Editor): string {
  return editor.characters.join('');
}

/** The line after a key; the same one where the key does nothing. */
export function edited(editor: Editor, key: Key): Editor {
  const { characters, cursor } = editor;
  switch (key.name) {
    case 'text':
    case 'paste': {
      const added = [...printable(key.text)].slice(0, MAX_CHARACTERS - characters.length);
      return {
        characters: [...characters.slice(0, cursor), ...added, ...characters.slice(cursor)],
        cursor: cursor + added.length,
      };
    }
    case 'left':
      return { characters, cursor: Math.max(0, cursor - 1) };
    case 'right':
      return { characters, cursor: Math.min(characters.length, cursor + 1) };
    case 'home':
      return { characters, cursor: 0 };
    case 'end':
      return { characters, cursor: characters.length };
    case 'backspace':
      return without(editor, Math.max(0, cursor - 1), cursor);
    case 'delete':
      return without(editor, cursor, cursor + 1);
    case 'clear':
      return without(editor, 0, cursor);
    case 'rubWord':
      return without(editor, wordStart(characters, cursor), cursor);
    default:
      return editor;
  }
}

/** The part of the line around the cursor that fits, and the cell of the cursor in it. */
export function editorWindow(
  { characters, cursor }: Editor,
  width: number,
): { readonly text: string; readonly cell: number } {
  const room = Math.max(1, width - 1);
  let first = cursor;
  while (first > 0 && widthOf(characters.slice(first - 1, cursor).join('')) <= room) first--;
  let last = cursor;
  while (last < characters.length && widthOf(characters.slice(first, last + 1).join('')) <= room) last++;
  return {
    text: characters.slice(first, last).join(''),
    cell: widthOf(characters.slice(first, cursor).join('')),
  };
}

function without({ characters }: Editor, from: number, to: number): Editor {
  return { characters: [...characters.slice(0, from), ...characters.slice(to)], cursor: from };
}

function wordStart(characters: readonly string[], cursor: number): number {
  let at = cursor;
  while (at > 0 && characters[at - 1] === ' ') at--;
  while (at > 0 && characters[at - 1] !== ' ') at--;
  return at;
}
