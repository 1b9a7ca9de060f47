import { hash32 } from './hash.js';

/** Words that say nothing about what a task is about: English glue, politeness, and the furniture of coding tasks. */
const STOP_WORDS = new Set(
  `about above after again against also although always another any anything are around back because been before
  being below between both but came can cannot come could did does doing done down during each either else even ever
  every example few first fix for from further get give given goes going gone good had has have having here how into
  its itself just keep know last later least less let like long look made make many may maybe might more most much
  must need needs never new next none not nothing now off once one only onto other our out over own perhaps please
  quite rather really same say see seem seen should show side since some something still such sure take tell than
  that the their them then there these they thing things think this those though through thus time too try two under
  until upon use used uses using very via want wants was way well were what when where whether which while who whole
  whose why will with within without work working would yes yet you your yours agent assistant task issue problem
  file files code repository repo project command commands output input following line lines test tests run running
  add added change changes create update implement write edit open find check import return true false null none self
  def function class const async await string number value values type name names data list error errors bash echo
  head tail grep path main index home user users src lib python node http https www com org txt`.split(/\s+/),
);

const TOKEN = /[\p{L}\p{N}_$][\p{L}\p{N}_$.\-/]*/gu;

/** Nine tokens of ten: nothing to take apart. */
const PLAIN_WORD = /^[a-z]+$/;

/** At most this many characters of a text are looked at for words. */
const MAX_SCAN = 4000;

/**
 * The content words of a text: words of four letters or more that are not glue, identifiers whole and in parts
 * (`TimeDelta`, `time_delta` and `fields.py` give `time`, `delta`, `timedelta`, `fields`). Lower case, distinct, in
 * order of appearance, at most `max`.
 */
export function contentWords(text: string, max = 256): readonly string[] {
  const words = new Set<string>();
  for (const [token] of text.slice(0, MAX_SCAN).matchAll(TOKEN)) {
    for (const word of wordsOfToken(token)) {
      if (words.size >= max) return [...words];
      words.add(word);
    }
  }
  return [...words];
}

function wordsOfToken(token: string): string[] {
  if (PLAIN_WORD.test(token)) {
    const word = stem(token);
    return isContent(word) ? [word] : [];
  }
  const parts = token.split(/[^\p{L}\p{N}]+/u).filter((part) => part !== '');
  const pieces = parts.flatMap((part) => part.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').split(' '));
  return [...parts, ...pieces].map(stem).filter((word) => isContent(word));
}

function isContent(word: string): boolean {
  return word.length >= 4 && word.length <= 40 && !STOP_WORDS.has(word) && !/^\d+$/.test(word);
}

/** Plural and tense off, crudely: enough that "fields" meets "field" and "rounding" meets "round". */
function stem(word: string): string {
  const lower = word.toLowerCase();
  if (lower.length > 6 && lower.endsWith('ing')) return lower.slice(0, -3);
  if (lower.length > 5 && lower.endsWith('ed')) return lower.slice(0, -2);
  if (lower.length > 4 && lower.endsWith('s') && !lower.endsWith('ss')) return lower.slice(0, -1);
  return lower;
}

/** Tokens that name one particular thing: an issue number, a ticket, a file, a path, an identifier with digits. */
export function identifiers(text: string, max = 64): readonly string[] {
  const found = new Set<string>();
  for (const [token] of text.slice(0, MAX_SCAN).matchAll(TOKEN)) {
    const trimmed = token.replace(/[.\-/]+$/, '');
    if (trimmed.length < 2 || !/\d|[a-z0-9][._\-/][a-z]|[a-z][A-Z]/.test(trimmed)) continue;
    found.add(trimmed.toLowerCase());
    if (found.size >= max) break;
  }
  return [...found];
}

/** Hashes of the content words, for sets that must stay small. */
export function wordHashes(text: string, max = 256): readonly number[] {
  return contentWords(text, max).map(hash32);
}
