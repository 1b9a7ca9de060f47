/** What a terminal shows: painted lines from the top, and where its cursor blinks, if it does. */
export interface Frame {
  readonly lines: readonly string[];
  /** From 0. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined;
}

const ESC = '\u001b';
/** A terminal that knows it shows the changes at once; the others pass it over. */
const BEGIN = `${ESC}[?2026h`;
const END = `${ESC}[?2026l`;

/**
 * What has to be written to turn one frame into the other: the lines that changed, and no others.
 *
 * @param before undefined: nothing is known of the screen.
 * @returns empty when nothing changed.
 */
export function changes(before: Frame | undefined, after: Frame): string {
  let out = before === undefined ? `${ESC}[0m${ESC}[2J` : '';
  after.lines.forEach((line, i) => {
    const known = before === undefined ? '' : before.lines[i];
    if (known !== line) out += `${ESC}[${i + 1};1H${ESC}[2K${line}`;
  });
  for (let i = after.lines.length; i < (before?.lines.length ?? 0); i++) out += `${ESC}[${i + 1};1H${ESC}[2K`;
  const { cursor } = after;
  const moved = cursor?.row !== before?.cursor?.row || cursor?.column !== before?.cursor?.column;
  if (out === '' && !moved) return '';
  const place =
    cursor === undefined ? `${ESC}[?25l` : `${ESC}[${cursor.row + 1};${cursor.column + 1}H${ESC}[?25h`;
  return `${BEGIN}${out}${place}${END}`;
}
