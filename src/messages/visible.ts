/**
 * Text of agents on one line and without what cannot be seen: control characters (they would move a terminal's cursor),
 * zero-width and direction marks, tag characters (they would hide an instruction from a person's eye).
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

export function visible(text: string): string {
  return text.replace(INVISIBLE, ' ');
}
