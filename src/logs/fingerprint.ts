import { createHash } from 'node:crypto';
import { scratchFor } from './scratch.js';
import { hashOf } from './text-hash.js';
import { keepStable } from './volatile.js';

/** Short hashes that make "the same again" a comparison of 16 characters. */

/**
 * 96 bits of SHA-1 as base64url: not for security, only so that equal texts meet and others do not. Stands in cursors,
 * which outlive a version; the keys of events, which are made in thousands, have a faster hash.
 */
export function shortHash(text: string | Uint8Array): string {
  return createHash('sha1').update(text).digest('base64url').slice(0, 16);
}

/** Of a UTF-16 code unit. */
const MAX_UTF8_BYTES = 3;

/** Equal exactly when tool and input (surrounding white space aside) are equal. Give it the whole input, not a cut one. */
export function actionKey(tool: string, input: string): string {
  const text = `${tool}\0${input.trim()}`;
  const scratch = scratchFor(text.length * MAX_UTF8_BYTES);
  return hashOf(scratch, scratch.bytes.write(text));
}

/**
 * Equal when the outcome is the same but for what differs from run to run. Counts and line numbers stay: they are the
 * outcome. Give it the whole output.
 */
export function outcomeKey(output: string): string {
  const text = stripAnsi(output);
  const scratch = scratchFor(text.length);
  return hashOf(scratch, keepStable(text, scratch));
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
