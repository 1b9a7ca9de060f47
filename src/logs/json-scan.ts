/**
 * A scanner for JSON documents that are too large to parse for a look, cut off or damaged: it walks the text once and
 * knows the last place up to which everything was whole.
 */

interface Container {
  readonly close: '}' | ']';
  /** The text may end here and the container be closed: right behind its opening or one of its values. */
  safeEnd: number;
  /** Holds no value yet. */
  empty: boolean;
}

/** A damaged document, as far as it is whole. */
export interface Salvaged {
  /** Whole values only, nothing invented; every container closed. */
  readonly json: string;
  /** Characters of the document that it holds. */
  readonly usable: number;
}

/** The document up to its first fault or its end. Undefined when not even its first container opens. */
export function salvageJson(text: string): Salvaged | undefined {
  const walker = new Walker(text, () => true);
  walker.run();
  if (walker.finished) return { json: text.slice(0, walker.index), usable: walker.index };
  const usable = walker.stack.at(-1)?.safeEnd;
  if (usable === undefined) return undefined;
  const closing = walker.stack
    .map((container) => container.close)
    .reverse()
    .join('');
  return { json: text.slice(0, usable) + closing, usable };
}

/** The keys of the outermost object, or of the first objects in the outermost list, as far as the text goes. */
export function topLevelKeys(text: string): {
  readonly kind: '{' | '[' | '';
  readonly keys: ReadonlySet<string>;
} {
  const keys = new Set<string>();
  const first = text.trimStart().charAt(0);
  const kind = first === '{' || first === '[' ? first : '';
  const wanted = kind === '[' ? 2 : 1;
  if (kind !== '') new Walker(text, (depth, key) => depth !== wanted || keys.add(key).size < 64).run();
  return { kind, keys };
}

/** Told each key and the depth of its object, 1 for the outermost; false stops the walk. */
type OnKey = (depth: number, key: string) => boolean;

const SPACE = /[ \t\n\r]*/y;
const LITERAL =
  /(?:true|false|null|-?(?:0|[1-9]\d{0,400})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,4})?)(?=[\s,\]}])/y;
const KEY_CHARS = 64;

class Walker {
  readonly stack: Container[] = [];
  /** Offset behind what was taken so far. */
  index = 0;
  /** The outermost container was closed. */
  finished = false;
  readonly #text: string;
  readonly #onKey: OnKey;

  constructor(text: string, onKey: OnKey) {
    this.#text = text;
    this.#onKey = onKey;
  }

  /** Walks until the end, the first fault, or until told to stop. */
  run(): void {
    let going = this.#value();
    while (going && !this.finished) going = this.#next();
  }

  /** Inside a container, behind its opening or a value: what may come now. */
  #next(): boolean {
    const top = this.stack.at(-1);
    if (top === undefined) return false;
    this.#space();
    if (this.#text.charAt(this.index) === top.close) return this.#close();
    if (!top.empty && !this.#take(',')) return false;
    this.#space();
    if (top.close === '}' && !this.#key()) return false;
    return this.#value();
  }

  #key(): boolean {
    const start = this.index;
    if (!this.#string()) return false;
    const key = this.#text.slice(start + 1, Math.min(this.index - 1, start + 1 + KEY_CHARS));
    if (!this.#onKey(this.stack.length, key)) return false;
    this.#space();
    return this.#take(':');
  }

  #value(): boolean {
    this.#space();
    const char = this.#text.charAt(this.index);
    if (char === '{' || char === '[') {
      this.index += 1;
      this.stack.push({ close: char === '{' ? '}' : ']', safeEnd: this.index, empty: true });
      return true;
    }
    if (this.stack.length === 0) return false;
    const whole = char === '"' ? this.#string() : this.#literal();
    if (whole) this.#valueEnded();
    return whole;
  }

  #close(): boolean {
    this.stack.pop();
    this.index += 1;
    if (this.stack.length === 0) this.finished = true;
    else this.#valueEnded();
    return true;
  }

  /** The innermost open container holds one more whole value. */
  #valueEnded(): void {
    const top = this.stack.at(-1);
    if (top === undefined) return;
    top.safeEnd = this.index;
    top.empty = false;
  }

  #take(char: string): boolean {
    if (this.#text.charAt(this.index) !== char) return false;
    this.index += 1;
    return true;
  }

  #space(): void {
    SPACE.lastIndex = this.index;
    SPACE.test(this.#text);
    this.index = SPACE.lastIndex;
  }

  #literal(): boolean {
    LITERAL.lastIndex = this.index;
    if (!LITERAL.test(this.#text)) return false;
    this.index = LITERAL.lastIndex;
    return true;
  }

  #string(): boolean {
    if (this.#text.charAt(this.index) !== '"') return false;
    for (let at = this.index + 1; at < this.#text.length; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) {
        this.index = at + 1;
        return true;
      }
      if (code < 0x20) return false;
      if (code === 0x5c) {
        const escaped = this.#text.charAt(at + 1);
        const fits =
          escaped === 'u' ? HEX4.test(this.#text.slice(at + 2, at + 6)) : '"\\/bfnrt'.includes(escaped);
        if (!fits) return false;
        at += 1;
      }
    }
    return false;
  }
}

const HEX4 = /^[0-9a-fA-F]{4}$/;
