import { cutTo, widthOf } from '../width.js';

/** How a piece of a line looks. */
export type Style =
  | 'plain'
  | 'bold'
  | 'dim'
  | 'red'
  | 'green'
  | 'yellow'
  | 'magenta'
  | 'cyan'
  | 'heading'
  | 'selected';

/** A piece of a line; its text is printable and takes `widthOf(text)` cells. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

const COLOURS: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  red: '31',
  green: '32',
  yellow: '33',
  magenta: '1;35',
  cyan: '36',
  heading: '1;36',
  selected: '7',
};
/** Without colours (NO_COLOR): what is said by them is said by words and marks as well. */
const NO_COLOURS: Readonly<Record<Style, string>> = {
  ...COLOURS,
  red: '',
  green: '',
  yellow: '',
  magenta: '1',
  cyan: '',
  heading: '1',
};

const ODD = /[^\u0020-\u007e]/;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
/** A terminal that orders text by its direction takes what follows for left to right again. */
const LEFT_TO_RIGHT_MARK = '\u200e';

export function span(text: string, style: Style = 'plain'): Span {
  return { text, style };
}

/**
 * The line as it is sent to a terminal. Behind text that terminals may disagree on the width of, the next piece is put
 * in its column by name, so that columns stand whatever the terminal thinks.
 */
export function paint(line: Line, colours: boolean): string {
  const codes = colours ? COLOURS : NO_COLOURS;
  let out = '';
  let column = 1;
  let placed = true;
  for (const { text, style } of line) {
    if (text === '') continue;
    if (!placed) out += `\u001b[${column}G`;
    const code = codes[style];
    const isOdd = ODD.test(text);
    const marked = isOdd && RIGHT_TO_LEFT.test(text) ? `${text}${LEFT_TO_RIGHT_MARK}` : text;
    out += code === '' ? marked : `\u001b[${code}m${marked}\u001b[0m`;
    column += widthOf(text);
    placed = !isOdd;
  }
  return out;
}

/** The same line, all of it in one style. */
export function restyled(line: Line, style: Style): Line {
  return line.map(({ text }) => ({ text, style }));
}

export function lengthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** What of the line is left on a terminal of that width. */
export function clipped(line: Line, width: number): Line {
  if (lengthOf(line) <= width) return line;
  const kept: Span[] = [];
  let left = width;
  for (const { text, style } of line) {
    if (left <= 0) break;
    const cells = widthOf(text);
    kept.push(cells <= left ? { text, style } : { text: cutTo(text, left), style });
    left -= cells;
  }
  return kept;
}
