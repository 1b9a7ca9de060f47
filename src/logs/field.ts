/** A text that fits its bound. */
export interface Field {
  readonly text: string;
  readonly cut: boolean;
}

/** Share of the bound that the head gets: errors and results stand at the end of an output, what was asked at its start. */
const HEAD_SHARE = 0.6;

/**
 * Cuts the middle out of a text longer than `max` UTF-16 code units; head and tail stay, and the cut says how much is
 * gone. Never splits a surrogate pair.
 */
export function fit(text: string, max: number): Field {
  if (text.length <= max) return { text, cut: false };
  const marker = `\n[... ${text.length - max} characters cut ...]\n`;
  const room = Math.max(0, max - marker.length);
  const headEnd = Math.floor(room * HEAD_SHARE);
  const tailStart = text.length - (room - headEnd);
  const head = text.slice(0, isHighSurrogate(text, headEnd - 1) ? headEnd - 1 : headEnd);
  const tail = text.slice(isLowSurrogate(text, tailStart) ? tailStart + 1 : tailStart);
  return { text: detached(head + marker + tail), cut: true };
}

const WIDE = /[^\0-\xff]/;

/** A slice keeps the whole text alive in V8; going through a buffer makes a string of its own. */
function detached(text: string): string {
  const encoding = WIDE.test(text) ? 'utf16le' : 'latin1';
  return Buffer.from(text, encoding).toString(encoding);
}

function isHighSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xd800 && code <= 0xdbff;
}

function isLowSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xdc00 && code <= 0xdfff;
}
