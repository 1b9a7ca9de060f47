/** What a person pressed: a name, and for characters and pasted text what they typed. */
export interface Key {
  readonly name: KeyName;
  /** With `text` and `paste`. */
  readonly text: string;
}

export type KeyName =
  | 'text'
  | 'paste'
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'pageUp'
  | 'pageDown'
  | 'home'
  | 'end'
  | 'delete'
  | 'backspace'
  | 'enter'
  | 'tab'
  | 'escape'
  | 'quit'
  | 'suspend'
  | 'redraw'
  | 'clear'
  | 'rubWord';

const CONTROLS: Readonly<Record<string, KeyName>> = {
  '\u0001': 'home',
  '\u0003': 'quit',
  '\u0005': 'end',
  '\u0008': 'backspace',
  '\u0009': 'tab',
  '\u000a': 'enter',
  '\u000c': 'redraw',
  '\u000d': 'enter',
  '\u0015': 'clear',
  '\u0017': 'rubWord',
  '\u001a': 'suspend',
  '\u007f': 'backspace',
};

/** What stands behind `ESC [`, or `ESC O` where a terminal is in application mode. */
const SEQUENCES: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'tab',
  '1~': 'home',
  '7~': 'home',
  '4~': 'end',
  '8~': 'end',
  '3~': 'delete',
  '5~': 'pageUp',
  '6~': 'pageDown',
};

const PASTE_BEGIN = '\u001b[200~';
const PASTE_END = '\u001b[201~';
/** Longer than any key's sequence: what goes on beyond it is none. */
const MAX_SEQUENCE = 32;
/** Characters that are kept of a paste. */
const MAX_PASTE = 20_000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with a control character
const SEQUENCE = /^\u001b(?:\[[\u0030-\u003f]*[\u0020-\u002f]*[\u0040-\u007e]|O[\u0040-\u007e])/;

/** Makes keys of what a terminal sends, however it is cut into pieces. */
export class KeyDecoder {
  /** The beginning of a key, or of the mark that ends a paste, whose rest has not come yet. */
  #rest = '';
  /** While a paste goes on: what of it is kept. */
  #pasted: string | undefined;

  /** Whether Escape may have been pressed, which only the time tells. A paste lasts until its end has come, however long. */
  get mayBeEscape(): boolean {
    return this.#pasted === undefined && (this.#rest.length === 1 || this.#rest.length === 2);
  }

  take(sent: string): Key[] {
    const keys: Key[] = [];
    let text = this.#rest + sent;
    while (text !== '') {
      if (this.#pasted !== undefined) {
        const end = text.indexOf(PASTE_END);
        // Its end may have come in part.
        const stop = end < 0 ? Math.max(0, text.length - PASTE_END.length + 1) : end;
        // What is over the bound is no key either.
        this.#pasted += text.slice(0, Math.min(stop, MAX_PASTE - this.#pasted.length));
        text = text.slice(stop);
        if (end < 0) break;
        keys.push({ name: 'paste', text: this.#pasted });
        this.#pasted = undefined;
        text = text.slice(PASTE_END.length);
      } else if (text.startsWith(PASTE_BEGIN)) {
        this.#pasted = '';
        text = text.slice(PASTE_BEGIN.length);
      } else if (text.startsWith('\u001b')) {
        const sequence = SEQUENCE.exec(text)?.[0];
        if (sequence === undefined) {
          // Alone it may be the Escape key, or the beginning of another one.
          if (text.length < 2 || ('[O'.includes(text.charAt(1)) && text.length < MAX_SEQUENCE)) break;
          // Escape and another key right behind it; Alt with a key looks the same, and is none of ours.
          keys.push({ name: 'escape', text: '' });
          text = text.slice(1);
          continue;
        }
        const name = nameOf(sequence);
        if (name !== undefined) keys.push({ name, text: '' });
        text = text.slice(sequence.length);
      } else {
        const character = String.fromCodePoint(text.codePointAt(0) ?? 0);
        const name = CONTROLS[character] ?? (character < ' ' ? undefined : 'text');
        if (name !== undefined) keys.push({ name, text: name === 'text' ? character : '' });
        text = text.slice(character.length);
      }
    }
    this.#rest = text;
    return keys;
  }

  /** Nothing came behind what may be Escape. @returns what it was. */
  late(): Key[] {
    if (!this.mayBeEscape) return [];
    const rest = this.#rest;
    this.#rest = '';
    return rest === '\u001b' ? [{ name: 'escape', text: '' }] : [];
  }
}

/** With a modifier (`1;5A`) it is the same key. */
function nameOf(sequence: string): KeyName | undefined {
  const body = sequence.slice(2);
  return SEQUENCES[body.replace(/^1;\d+/, '').replace(/;\d+~$/, '~')];
}
