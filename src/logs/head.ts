import { parseJson } from '../messages/json.js';
import type { Head } from './formats/format.js';
import { objectOf } from './json-value.js';

/** Bytes of a log's start that detection looks at; single lines may reach further. */
export const WINDOW_BYTES = 64 * 1024;
const MAX_LINES = 32;
/** The lines looked at hold this much at most: a first line with an image in it is long. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

export interface CheckedHead extends Head {
  readonly encoding: 'utf-8' | 'utf-16' | 'binary';
  /** What to say of the file when no format takes it. */
  readonly objection: string;
}

const OBJECTIONS = {
  'utf-8': 'is not a log that Vigil knows',
  'utf-16': 'is UTF-16 text, which Vigil does not read: convert it with "iconv -f UTF-16 -t UTF-8"',
  binary: 'is not a log that Vigil knows: it is binary',
} as const;

/** @param whole the bytes are the whole log, so that its last line needs no newline. */
export function readHead(bytes: Uint8Array, whole: boolean): CheckedHead {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const window = buffer.subarray(0, WINDOW_BYTES);
  const encoding = encodingOf(window);
  const text = window.toString('utf8').replace(/^\ufeff/, '');
  const shown = JSON.stringify(text.trimStart().slice(0, 40));
  const objection =
    encoding === 'utf-8' ? `${OBJECTIONS[encoding]}: it starts with ${shown}` : OBJECTIONS[encoding];
  const lines = linesOf(buffer, whole);
  const objects = lines
    .map((line) => (line.startsWith('{') ? objectOf(parseJson(line)) : undefined))
    .filter((object) => object !== undefined);
  return { text, lines, objects, encoding, objection };
}

/** UTF-16 shows itself by its byte order mark or by a NUL in every other place; other NULs by the dozen are binary. */
function encodingOf(window: Buffer): CheckedHead['encoding'] {
  const mark = window.length >= 2 ? window.readUInt16BE(0) : 0;
  if (mark === 0xfffe || mark === 0xfeff) return 'utf-16';
  const nuls: [number, number] = [0, 0];
  for (let at = window.indexOf(0); at !== -1; at = window.indexOf(0, at + 1)) nuls[at % 2 === 0 ? 0 : 1] += 1;
  const [even, odd] = nuls;
  if (Math.max(even, odd) > window.length * 0.3 && Math.min(even, odd) < window.length * 0.02)
    return 'utf-16';
  return even + odd > window.length * 0.1 && !isHole(window) ? 'binary' : 'utf-8';
}

/** A file truncated under a writer that goes on at its old offset starts with NULs, and with text behind them. */
function isHole(window: Buffer): boolean {
  const first = window.findIndex((byte) => byte !== 0);
  return first !== -1 && !window.subarray(first).includes(0);
}

function linesOf(buffer: Buffer, whole: boolean): string[] {
  const lines: string[] = [];
  let start = 0;
  while (lines.length < MAX_LINES && start < Math.min(buffer.length, MAX_LINE_BYTES)) {
    const newline = buffer.indexOf(0x0a, start);
    if (newline === -1 && !whole) break;
    const end = newline === -1 ? buffer.length : newline;
    if (end > MAX_LINE_BYTES) break;
    const line = buffer
      .toString('utf8', start, end)
      .replace(/^\ufeff/, '')
      .trim();
    if (line !== '') lines.push(line);
    start = end + 1;
  }
  return lines;
}
