import type { Scratch } from './scratch.js';

/**
 * What differs between two runs of one command (times, durations, ids, addresses, temporary paths), found in one pass
 * over the text. All of it but temporary paths holds a digit, so the pass looks at digits and slashes alone, and at
 * the word around them. Patterns are tried where a word starts, bounded and anchored: linear in the text.
 */

// 2026-02-02T04:46:00.901Z, 2026-02-02 04:46:00,901, with or without zone
const DATE_TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?/y;
const DATE = /\d{4}[-/]\d\d[-/]\d\d\b/y;
const CLOCK = /\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?\b/y;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/iy;
const ADDRESS = /0x[0-9a-f]{4,16}\b/iy;
const DURATION =
  /\d{1,12}(?:\.\d{1,9})? ?(?:ns|us|µs|ms|msecs?|secs?|seconds?|mins?|minutes?|hours?|[smh])\b/y;
// epoch seconds or milliseconds of 2017 to 2033
const EPOCH = /1[5-9]\d{8}(?:\d{3})?\b/y;
/** Hexadecimal ids: at least 7 digits, of which some are letters and some are not (so neither words nor counts). */
const HEX_ID = /[0-9a-f]{7,64}\b/iy;
const TEMPORARY = /(?:\/private)?\/(?:tmp|var\/tmp|var\/folders)\/[^\s'"`:,;()<>]{1,1024}/y;
// Mon Jan  2 10:00:00 [UTC] 2026; Jan 2 10:00:00. Up to the day, and from it on.
const MONTH_BEFORE =
  /\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}$/;
const DAY_TIME = /\d{1,2} \d\d:\d\d(?::\d\d)?(?: [A-Z]{3,5})?(?: \d{4})?\b/y;
const PROCESS_BEFORE = /\b(?:pid|tid|process|thread)[ =:#]{1,3}$/i;
const PROCESS_ID = /\d{1,10}\b/y;

/** Longest text in front of a number that says what it is. */
const BEFORE_CHARS = 12;

const DIGIT = 1;
const LETTER = 2;
const HEX = 4;
const SLASH = 8;
/** What each ASCII character is; everything else is nothing. */
const KINDS = new Uint8Array(128);
for (const char of '0123456789') KINDS[char.charCodeAt(0)] = DIGIT;
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_')
  KINDS[char.charCodeAt(0)] = LETTER;
for (const char of 'ABCDEFabcdef') KINDS[char.charCodeAt(0)] = LETTER | HEX;
KINDS['/'.charCodeAt(0)] = SLASH;
const WORD = DIGIT | LETTER;

/** The first two bytes of a temporary path: tm(p), va(r), pr(ivate). */
const TMP = 0x746d;
const VAR = 0x7661;
const PRIVATE = 0x7072;
/** Right before the digits. */
const SLASH_SIGN = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const BLANK = 0x20;
const COLON = 0x3a;
const POINT = 0x2e;

/** One byte for each kind, none of which stands in a text. */
const STAND_INS = { temp: 1, time: 2, date: 3, uuid: 4, address: 5, duration: 6, id: 7, pid: 8 } as const;
type StandIn = (typeof STAND_INS)[keyof typeof STAND_INS];

/**
 * What stays the same of a text from run to run: its bytes in Latin-1 (of any other character its low byte), a byte that
 * stands in for each volatile part, no white space around it. Equal texts have equal ones.
 *
 * @param scratch has room for a byte each character; what stays is put at its start.
 * @returns how many bytes stay.
 */
export function keepStable(text: string, scratch: Scratch): number {
  const { bytes, words } = scratch;
  const size = bytes.write(text, 'latin1');
  // What an earlier text left is no part of a number that ends this one.
  bytes[size] = 0;
  /** Up to here the bytes are what is kept. */
  let kept = 0;
  /** Up to here the text is in them. */
  let done = 0;
  for (let at = nextSign(words, 0, size); at < size; ) {
    const byte = bytes[at] ?? 0;
    const passed = byte === SLASH_SIGN ? passedSlash(bytes, at) : plainDigits(bytes, at, size);
    // Of a character beyond Latin-1 this is the low byte, which only looks like a sign.
    const kind = passed === 0 ? kindAt(text, at) & (DIGIT | SLASH) : 0;
    if (kind === 0) {
      at = nextSign(words, at + Math.max(passed, 1), size);
      continue;
    }
    const found = kind === SLASH ? findPath(text, at) : findNumber(text, at, done);
    if (found.standIn !== undefined) {
      // What was looked at is behind what is written: a stand-in is never longer than its part.
      if (kept !== done) bytes.copyWithin(kept, done, found.start);
      kept += found.start - done;
      bytes[kept] = found.standIn;
      kept += 1;
      done = found.end;
    }
    at = nextSign(words, found.end, size);
  }
  if (kept !== done) bytes.copyWithin(kept, done, size);
  return trim(bytes, kept + size - done);
}

/** Offset of the first byte from there on that may be a sign, four looked at at once; `size` or more when none is. */
function nextSign(words: Int32Array, from: number, size: number): number {
  const end = (size + 3) >> 2;
  let word = from >> 2;
  // In the first word, what stands before `from` is none.
  let signs = word < end ? signsIn(words[word] ?? 0) & (-1 << ((from & 3) << 3)) : 0;
  while (signs === 0) {
    word += 1;
    if (word >= end) return size;
    signs = signsIn(words[word] ?? 0);
  }
  return (word << 2) + (LAST_BYTE - (Math.clz32(signs & -signs) >> 3));
}

const LAST_BYTE = 3;

/**
 * The high bits of those of four bytes that are signs: added to its low seven bits, the first summand sets the high bit
 * from the first sign on, the second one from behind the last; a byte with a high bit of its own is none. No sum carries
 * over.
 */
function signsIn(word: number): number {
  const low = word & 0x7f7f7f7f;
  return (low + 0x51515151) & ~(low + 0x46464646) & ~word & 0x80808080;
}

/** Takes the white space around it away; stand-ins are none. @returns what is left, put at the start. */
function trim(bytes: Buffer, length: number): number {
  let start = 0;
  let end = length;
  while (start < end && isBlank(bytes[start] ?? 0)) start += 1;
  while (end > start && isBlank(bytes[end - 1] ?? 0)) end -= 1;
  if (start > 0) bytes.copyWithin(0, start, end);
  return end - start;
}

function isBlank(byte: number): boolean {
  return byte <= BLANK && (byte < STAND_INS.temp || byte > STAND_INS.pid);
}

/** Bytes that may make a number behind them something, by what they are. */
const SIGNS = new Uint8Array(256);
const IN_WORD = 1;
/** Between a label and its number. */
const SEPARATES = 2;
/** Ends one of the labels. */
const ENDS_LABEL = 4;
/** Goes on with a time, a date, a decimal or a unit. */
const GOES_ON = 8;
/** Starts a unit. */
const STARTS_UNIT = 16;
function sign(chars: string, what: number): void {
  for (const char of chars) SIGNS[char.charCodeAt(0)] = (SIGNS[char.charCodeAt(0)] ?? 0) | what;
}
sign('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_', IN_WORD);
sign(' =:#', SEPARATES);
sign('bcdglnprstvyDS', ENDS_LABEL);
sign('-/:µ', GOES_ON);
sign('nuµmsh', STARTS_UNIT);

/** 1 when a slash starts no temporary path, as the bytes behind it tell; 0: look closer. */
function passedSlash(bytes: Buffer, at: number): number {
  const start = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  return start === TMP || start === VAR || start === PRIVATE ? 0 : 1;
}

/**
 * How many digits stand there, when they are seen at once to be a plain count: most are (line numbers, sizes), and the
 * bytes around them tell. 0: look closer. Behind the text stand bytes that are no digits.
 */
function plainDigits(bytes: Buffer, at: number, size: number): number {
  if (at === 0 || goesWith(bytes, at - 1)) return 0;
  let end = at + 1;
  while (isDigit(bytes[end] ?? 0)) end += 1;
  const length = end - at;
  let tail = end;
  if (bytes[tail] === POINT)
    do tail += 1;
    while (isDigit(bytes[tail] ?? 0));
  if (length >= 10 || tail + 1 >= size) return 0;
  const byte = bytes[tail] ?? 0;
  if (((SIGNS[byte] ?? 0) & (IN_WORD | GOES_ON)) !== 0) return 0;
  return byte === BLANK && ((SIGNS[bytes[tail + 1] ?? 0] ?? 0) & STARTS_UNIT) !== 0 ? 0 : length;
}

/** Whether what stands in front of a number, up to that byte, may be its word or its label. */
function goesWith(bytes: Buffer, last: number): boolean {
  const sign = SIGNS[bytes[last] ?? 0] ?? 0;
  if ((sign & SEPARATES) === 0) return (sign & IN_WORD) !== 0;
  let label = last - 1;
  while (label >= 0 && last - label < 3 && ((SIGNS[bytes[label] ?? 0] ?? 0) & SEPARATES) !== 0) label -= 1;
  return label < 0 || ((SIGNS[bytes[label] ?? 0] ?? 0) & ENDS_LABEL) !== 0;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** What stands at some place; nothing volatile when there is no stand-in. */
interface Found {
  readonly start: number;
  readonly end: number;
  readonly standIn: StandIn | undefined;
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (KINDS[code] ?? 0) : 0;
}

function findPath(text: string, at: number): Found {
  const end = endOf(TEMPORARY, text, at);
  return end === -1
    ? { start: at, end: at + 1, standIn: undefined }
    : { start: at, end, standIn: STAND_INS.temp };
}

/** Looks at the word that the digit stands in. Nothing before `floor` is looked at: it is taken. */
function findNumber(text: string, digit: number, floor: number): Found {
  let start = digit;
  let hex = true;
  while (start > floor && (kindAt(text, start - 1) & WORD) !== 0) {
    start -= 1;
    hex = hex && (kindAt(text, start) & (HEX | DIGIT)) !== 0;
  }
  let end = digit + 1;
  while (end < text.length && (kindAt(text, end) & WORD) !== 0) {
    hex = hex && (kindAt(text, end) & (HEX | DIGIT)) !== 0;
    end += 1;
  }
  const plain = start === digit && isDigits(text, start, end);
  const found = plain
    ? (labelled(text, start, floor) ?? ofNumber(text, start, end))
    : ofMixedWord(text, start, end, start === digit, hex);
  return found ?? { start, end, standIn: undefined };
}

function isDigits(text: string, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at += 1) if ((kindAt(text, at) & DIGIT) === 0) return false;
  return true;
}

/** A word of digits alone: what it can be is told by its length and by what stands behind it. */
function ofNumber(text: string, start: number, end: number): Found | undefined {
  const length = end - start;
  const next = text.charAt(end);
  if (next === '-' || next === '/') {
    if (length === 8) return find(UUID, STAND_INS.uuid, text, start);
    if (length !== 4) return undefined;
    return find(DATE_TIME, STAND_INS.time, text, start) ?? find(DATE, STAND_INS.date, text, start);
  }
  if (next === ':') {
    // Two digits and another colon: a look that spares `1:1:1:…` the pattern.
    const clock = length <= 2 && text.charCodeAt(end + 3) === COLON;
    return clock ? find(CLOCK, STAND_INS.time, text, start) : undefined;
  }
  const measured = length <= 12 && startsUnit(text, end);
  const duration = measured ? find(DURATION, STAND_INS.duration, text, start) : undefined;
  return duration ?? (length === 10 || length === 13 ? find(EPOCH, STAND_INS.time, text, start) : undefined);
}

/** Whether what stands behind a number can be a unit of time: a look that spares most numbers the pattern. */
function startsUnit(text: string, end: number): boolean {
  let at = end;
  if (text.charCodeAt(at) === 0x2e) {
    at += 1;
    while (at - end < 11 && (kindAt(text, at) & DIGIT) !== 0) at += 1;
  }
  if (text.charCodeAt(at) === 0x20) at += 1;
  return at < text.length && 'nuµmsh'.includes(text.charAt(at));
}

/** A word of digits and letters. */
function ofMixedWord(
  text: string,
  start: number,
  end: number,
  digitFirst: boolean,
  hex: boolean,
): Found | undefined {
  const length = end - start;
  if (length === 8 && text.charAt(end) === '-') {
    const uuid = find(UUID, STAND_INS.uuid, text, start);
    if (uuid !== undefined) return uuid;
  }
  if (digitFirst) {
    const found =
      find(ADDRESS, STAND_INS.address, text, start) ?? find(DURATION, STAND_INS.duration, text, start);
    if (found !== undefined) return found;
  }
  return length >= 7 && hex ? find(HEX_ID, STAND_INS.id, text, start) : undefined;
}

function find(pattern: RegExp, standIn: StandIn, text: string, start: number): Found | undefined {
  const end = endOf(pattern, text, start);
  return end === -1 ? undefined : { start, end, standIn };
}

/** A number that the words in front of it make a time or a process. */
function labelled(text: string, start: number, floor: number): Found | undefined {
  let label = start;
  while (label > floor && start - label < 3 && ' =:#'.includes(text.charAt(label - 1))) label -= 1;
  if (label === start || (kindAt(text, label - 1) & LETTER) === 0) return undefined;
  const from = Math.max(floor, start - BEFORE_CHARS);
  const before = text.slice(from, start);
  const month = text.charAt(start - 1) === ' ' ? MONTH_BEFORE.exec(before) : null;
  const time = month === null ? -1 : endOf(DAY_TIME, text, start);
  if (month !== null && time !== -1) return { start: from + month.index, end: time, standIn: STAND_INS.time };
  const process = PROCESS_BEFORE.exec(before);
  const end = process === null ? -1 : endOf(PROCESS_ID, text, start);
  return process === null || end === -1
    ? undefined
    : { start: from + process.index, end, standIn: STAND_INS.pid };
}

/** Offset behind the match that starts there; -1 when there is none. */
function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : -1;
}
