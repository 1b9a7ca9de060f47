/** The ways in which people forbid an edit or a command plainly enough to check. */

export interface Forbidden {
  readonly what: 'edit' | 'run';
  readonly target: string;
}

const NEGATION =
  "(?:do not|don['’]?t|must not|mustn['’]t|should not|shouldn['’]t|may not|never|please avoid|avoid|without)\\s+(?:ever\\s+)?";
const CHANGE =
  '(?:edit|modify|modifie|touch|change|alter|delete|remove|overwrite|rewrite|update|editing|modifying|touching|changing|altering|deleting|removing|overwriting|rewriting|updating)';
const FILLER =
  '(?:any(?:thing)?\\s+(?:files?\\s+)?(?:in|under|of)\\s+|the\\s+|files?\\s+|folder\\s+|directory\\s+|contents of\\s+)*';
const PATH = '([`"\']?)([\\w.@~/\\\\*-]+)\\1';
const AS_IT_IS = '(?:as(?:-| )?(?:it )?is|alone|untouched|unchanged|intact|unmodified)';

/** Each has the path as its second group. */
const NOT_EDIT: readonly RegExp[] = [
  new RegExp(`\\b${NEGATION}${CHANGE}(?:\\s+or\\s+\\w+)?\\s+${FILLER}${PATH}`, 'i'),
  new RegExp(
    `\\b${NEGATION}mak(?:e|ing)\\s+(?:any\\s+)?(?:changes|edits|modifications)\\s+(?:to|in)\\s+${FILLER}${PATH}`,
    'i',
  ),
  new RegExp(`\\b(?:leave|keep)\\s+${FILLER}${PATH}\\s+(?:exactly\\s+)?${AS_IT_IS}\\b`, 'i'),
  new RegExp(
    `${PATH}\\s+(?:must|has to|should|needs to|is to)\\s+(?:stay|remain|be left)\\s+(?:exactly\\s+)?${AS_IT_IS}`,
    'i',
  ),
  new RegExp(
    `${PATH}\\s+(?:must|should|may|can)\\s*(?:not|n['’]t)\\s+be\\s+(?:edited|modified|touched|changed|altered|deleted|removed|updated)`,
    'i',
  ),
  new RegExp(`${PATH}\\s+is\\s+(?:off[- ]limits|read[- ]only|frozen)`, 'i'),
  new RegExp(`\\bhands\\s+off\\s+(?:of\\s+)?${FILLER}${PATH}`, 'i'),
];

const NOT_RUN =
  /\b(?:do not|don['’]?t|must not|mustn['’]t|should not|shouldn['’]t|may not|never|avoid)\s+(?:ever\s+)?(?:run|execute|use|call|invoke|running|executing|using|calling)\s+(?:the\s+)?(?:command\s+)?(?:[`"']([^`"']{2,60})[`"']|((?:git|npm|pnpm|yarn|pip|sudo|docker|make|cargo|kubectl|terraform|rm|curl|wget)(?:\s+[\w-]+)?)\b)/i;

/** Only what names a path or a command beyond doubt; "don't change the behaviour" cannot be checked by a rule. */
export function forbidden(sentence: string): Forbidden | undefined {
  for (const form of NOT_EDIT) {
    const edit = form
      .exec(sentence)?.[2]
      ?.replace(/[.,;:]+$/, '')
      .replace(/\/?\*+$/, '/');
    if (edit !== undefined && /[/\\]|\w\.\w|^\.\w/.test(edit)) return { what: 'edit', target: edit };
  }
  const run = NOT_RUN.exec(sentence);
  const command = (run?.[1] ?? run?.[2])?.trim();
  return command === undefined || command === '' ? undefined : { what: 'run', target: command };
}
