/** Which file a person means by "it" or "that file". */

const FILE = /(?:[\w.@~-]+\/)+[\w.@~-]*\w|\b[\w@~-][\w.@~-]*\.(?:[A-Za-z]\w{1,4}|[chrdm])\b/g;

/** The last file that a text names; undefined when it names none. */
export function lastFileIn(text: string): string | undefined {
  return [...text.slice(-4000).matchAll(FILE)].at(-1)?.[0];
}

const BY_NAME = /\b(?:that|this|the same)\s+(?:file|folder|directory|module|script)\b/i;
const BY_PRONOUN =
  /\b((?:do not|don['’]?t|must not|should not|never)\s+(?:ever\s+)?(?:edit|modify|touch|change|alter|delete|remove|overwrite|rewrite|update))\s+(?:it|that|this)(?=\s*(?:again|any ?more|anymore)?\s*[.!,;]?\s*$)/i;

/** The sentence with such a word replaced by the file that was named last. */
export function resolved(sentence: string, file: string | undefined): string {
  if (file === undefined || lastFileIn(sentence) !== undefined) return sentence;
  return sentence.replace(BY_NAME, () => file).replace(BY_PRONOUN, (_, order: string) => `${order} ${file}`);
}
