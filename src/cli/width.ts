import { visible } from '../messages/visible.js';

/**
 * How many cells of a terminal a text takes. Terminals disagree on sequences (joined emoji, skin tones, flags, variation
 * selectors), so `printable` takes those apart first; what is left is counted code point by code point.
 */

/** East Asian wide and fullwidth, by the blocks that are so throughout (Unicode's EastAsianWidth), and emoji. */
const WIDE =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{18d00}-\u{18d8f}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;
/** Flags are two regional indicators: one cell each. */
const INDICATOR = /[\u{1f1e6}-\u{1f1ff}]/u;
/** Marks above or below what is before them, and vowels and finals of Hangul syllables. */
const NO_CELL = /[\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7ff]/u;
const ONLY_ASCII = /^[\u0020-\u007e]*$/;
const SELECTORS = /[\ufe00-\ufe0f\u{1f3fb}-\u{1f3ff}\u{e0100}-\u{e01ef}]/gu;
/** Marks beyond the fourth on one character serve no language: they would cover the lines above and below. */
const TOO_MANY_MARKS = /([\p{Mn}\p{Me}]{4})[\p{Mn}\p{Me}]+/gu;
const LONE_SURROGATES = /\p{Cs}/gu;

/** A text of others on one line, without what would move the cursor, hide, or be drawn elsewhere than in its cells. */
export function printable(text: string): string {
  if (ONLY_ASCII.test(text)) return text;
  return visible(text)
    .replace(LONE_SURROGATES, '\ufffd')
    .replace(SELECTORS, '')
    .replace(TOO_MANY_MARKS, '$1')
    .replace(/[^\S ]+/g, ' ');
}

/** Cells that a printable text takes. */
export function widthOf(text: string): number {
  if (ONLY_ASCII.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += cellsOf(character);
  return cells;
}

/** A text of others in at most so many cells, ending in an ellipsis when it is cut. */
export function cutTo(text: string, width: number): string {
  // What is far beyond the edge need not be looked at.
  const clean = printable(text.slice(0, Math.max(0, width) * 16 + 64)).trim();
  if (widthOf(clean) <= width) return clean;
  if (width < 1) return '';
  let cut = '';
  let cells = 0;
  for (const character of clean) {
    cells += cellsOf(character);
    if (cells > width - 1) break;
    cut += character;
  }
  return `${cut}…`;
}

/** Exactly so many cells: cut, or filled with spaces. */
export function fitTo(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const cut = cutTo(text, width);
  const space = ' '.repeat(Math.max(0, width - widthOf(cut)));
  return side === 'left' ? cut + space : space + cut;
}

/** The text on lines of at most so many cells, broken between words where there are some. */
export function wrapTo(text: string, width: number, maxLines: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ').filter(Boolean)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    if (lines.length >= maxLines) break;
    line = cutTo(word, width);
  }
  if (line !== '' && lines.length < maxLines) return [...lines, line];
  const last = lines.at(-1);
  return last === undefined || line === '' ? lines : [...lines.slice(0, -1), cutTo(`${last} …`, width)];
}

function cellsOf(character: string): 0 | 1 | 2 {
  if (character >= ' ' && character <= '~') return 1;
  if (NO_CELL.test(character)) return 0;
  return WIDE.test(character) && !INDICATOR.test(character) ? 2 : 1;
}
