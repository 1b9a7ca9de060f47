import { createHash } from 'node:crypto';

/** Short hashes that make "the same again" a comparison of 16 characters. */

/** 96 bits of SHA-1 as base64url: not for security, only so that equal texts meet and others do not. */
export function shortHash(text: string | Uint8Array): string {
  return createHash('sha1').update(text).digest('base64url').slice(0, 16);
}

/** Equal exactly when tool and input (surrounding white space aside) are equal. Give it the whole input, not a cut one. */
export function actionKey(tool: string, input: string): string {
  return shortHash(`${tool}\0${input.trim()}`);
}

/** Equal when the outcome is the same but for what differs from run to run. Give it the whole output. */
export function outcomeKey(output: string): string {
  return shortHash(normaliseOutcome(output));
}

// Escape sequences: CSI (colours, cursor), OSC (titles, links), and two-byte ones. Every class excludes ESC, so an
// attempt ends at the next ESC and the whole scan stays linear.
const CSI_OR_OSC =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  /\u001b(?:\[[0-9;?]{0,64}[ -/]{0,8}[@-~]|\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** Removes terminal escape sequences. */
export function stripAnsi(text: string): string {
  return text.includes('\u001b') ? text.replace(CSI_OR_OSC, '') : text;
}

/**
 * What differs between two runs of one command, and its stand-in. Applied in this order. Every quantifier is bounded
 * and starts at a word boundary or a literal, so each pass is linear in the text (see the ReDoS tests).
 */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  // 2026-02-02T04:46:00.901Z, 2026-02-02 04:46:00,901, with or without zone
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  // Mon Jan  2 10:00:00 [UTC] 2026; Jan 2 10:00:00
  [
    /\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} \d\d:\d\d(?::\d\d)?(?: [A-Z]{3,5})?(?: \d{4})?\b/g,
    '<time>',
  ],
  [/\b\d{4}[-/]\d\d[-/]\d\d\b/g, '<date>'],
  [/\b\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?\b/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  [/(?:\/private)?\/(?:tmp|var\/tmp|var\/folders)\/[^\s'"`:,;()<>]{1,1024}/g, '<temp>'],
  [/\b0x[0-9a-f]{4,16}\b/gi, '<address>'],
  [/\b(?:pid|tid|process|thread)[ =:#]{1,3}\d{1,10}\b/gi, '<pid>'],
  [
    /\b\d{1,12}(?:\.\d{1,9})? ?(?:ns|us|µs|ms|msecs?|secs?|seconds?|mins?|minutes?|hours?|[smh])\b/g,
    '<duration>',
  ],
  // epoch seconds or milliseconds of 2017 to 2033
  [/\b1[5-9]\d{8}(?:\d{3})?\b/g, '<time>'],
];

/** Hexadecimal ids: at least 7 digits, of which some are letters and some are not (so neither words nor counts). */
const HEX_ID = /\b[0-9a-f]{7,64}\b/gi;

/** Outcome text with the volatile parts replaced. Counts and line numbers stay: they are the outcome. */
export function normaliseOutcome(output: string): string {
  let text = stripAnsi(output);
  for (const [pattern, standIn] of VOLATILE) text = text.replace(pattern, standIn);
  text = text.replace(HEX_ID, (id) => (/[0-9]/.test(id) && /[a-f]/i.test(id) ? '<id>' : id));
  return text.trim();
}
