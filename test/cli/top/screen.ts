/** How a character is drawn. */
interface Cell {
  readonly text: string;
  readonly style: string;
}

const BLANK: Cell = { text: ' ', style: '' };

/** How many cells a terminal takes for a character; terminals differ. */
export type Widths = (character: string) => number;

/**
 * A terminal's screen as a person sees it: applies what a program sends. Knows what `vigil top` is meant to use; whatever
 * else arrives is kept in `unknown`.
 */
export class Screen {
  readonly unknown: string[] = [];
  isAlternate = false;
  isCursorShown = true;
  wraps = true;
  pastes = false;
  columns: number;
  rows: number;
  /** What was written to the screen that stays. */
  plain = '';
  readonly #widths: Widths;
  #cells: Cell[][];
  #row = 0;
  #column = 0;
  #style = '';
  #rest = '';

  constructor(columns: number, rows: number, widths: Widths) {
    this.columns = columns;
    this.rows = rows;
    this.#widths = widths;
    this.#cells = emptyCells(columns, rows);
  }

  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** Lines without the spaces at their ends. */
  get lines(): readonly string[] {
    return this.#cells.map((row) =>
      row
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    );
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** The style of the cell in which that text begins. */
  styleOf(wanted: string): string | undefined {
    for (const row of this.#cells) {
      const at = row
        .map(({ text }) => text)
        .join('')
        .indexOf(wanted);
      if (at >= 0) return row[at]?.style;
    }
    return undefined;
  }

  /** Everything that can be seen, to compare two screens. */
  get picture(): unknown {
    const { isAlternate, isCursorShown } = this;
    return {
      cells: this.#cells,
      isAlternate,
      isCursorShown,
      cursor: isCursorShown ? this.cursor : undefined,
    };
  }

  resize(columns: number, rows: number): void {
    const old = this.#cells;
    this.columns = columns;
    this.rows = rows;
    this.#cells = emptyCells(columns, rows).map((row, i) => row.map((cell, j) => old[i]?.[j] ?? cell));
  }

  write(text: string): void {
    let left = this.#rest + text;
    this.#rest = '';
    while (left !== '') {
      if (!left.startsWith('\u001b')) {
        const end = left.indexOf('\u001b');
        const plain = end < 0 ? left : left.slice(0, end);
        for (const character of plain) this.#put(character);
        left = left.slice(plain.length);
        continue;
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with a control character
      const sequence = /^\u001b\[([?0-9;]*)([A-Za-z])/.exec(left);
      if (sequence === null) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with a control character
        if (/^\u001b(?:\[[?0-9;]*)?$/.test(left)) {
          this.#rest = left;
          return;
        }
        this.unknown.push(left.slice(0, 12));
        left = left.slice(1);
        continue;
      }
      this.#apply(sequence[1] ?? '', sequence[2] ?? '');
      left = left.slice(sequence[0].length);
    }
  }

  #apply(given: string, command: string): void {
    const [first = 1, second = 1] = given.split(';').map(Number);
    if (command === 'H') {
      this.#row = clamp(first - 1, this.rows);
      this.#column = clamp(second - 1, this.columns);
    } else if (command === 'G') this.#column = clamp(first - 1, this.columns);
    else if (command === 'm') this.#style = given === '0' ? '' : given;
    else if (command === 'J' && given === '2') this.#cells = emptyCells(this.columns, this.rows);
    else if (command === 'K' && given === '2') this.#cells[this.#row] = emptyCells(this.columns, 1)[0] ?? [];
    else if ((command === 'h' || command === 'l') && given.startsWith('?')) this.#set(given, command === 'h');
    else this.unknown.push(`${given}${command}`);
  }

  #set(mode: string, on: boolean): void {
    if (mode === '?1049') {
      this.isAlternate = on;
      this.#cells = emptyCells(this.columns, this.rows);
    } else if (mode === '?25') this.isCursorShown = on;
    else if (mode === '?7') this.wraps = on;
    else if (mode === '?2004') this.pastes = on;
    else if (mode !== '?2026') this.unknown.push(`${mode}${on ? 'h' : 'l'}`);
  }

  #put(character: string): void {
    if (!this.isAlternate) {
      this.plain += character;
      return;
    }
    if (character < ' ' || character === '\u007f') {
      this.unknown.push(JSON.stringify(character));
      return;
    }
    const cells = this.#widths(character);
    const row = this.#cells[this.#row];
    if (row === undefined) return;
    if (cells === 0) {
      const before = row[Math.max(0, this.#column - 1)];
      if (before !== undefined) row[this.#column - 1] = { ...before, text: before.text + character };
      return;
    }
    // Lines do not wrap: what is beyond the edge is written onto its last cell.
    const at = Math.min(this.#column, this.columns - 1);
    row[at] = { text: character, style: this.#style };
    if (cells === 2 && at + 1 < this.columns) row[at + 1] = { text: '', style: this.#style };
    this.#column = Math.min(at + cells, this.columns);
  }
}

function emptyCells(columns: number, rows: number): Cell[][] {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => BLANK));
}

function clamp(value: number, size: number): number {
  return Math.max(0, Math.min(value, size - 1));
}
