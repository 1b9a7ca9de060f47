import { DraftMaker } from '../drafts.js';
import { stripAnsi } from '../fingerprint.js';
import { topLevelKeys } from '../json-scan.js';
import { FIRST_LINE, LineSplitter, type LineState } from '../line-splitter.js';
import { NoteList } from '../notes.js';
import { type Chunk, type Draft, erase, type Format, type Head, type Parsed } from './format.js';
import { eventOfRecord, type OpenCall } from './text-record.js';
import { type Clock, readStamp, type Stamp } from './text-stamp.js';

/**
 * Plain logs: `output.log`, `agent.log`, `stdout.log` and the like. A line that starts with a time opens a record;
 * lines without one belong to the record before them (stack traces, COMMAND and OBSERVATION blocks). Before the first
 * time, each line is a record, but for indented lines and stack traces.
 */

/** A record is closed at this size, so that a log without times in it cannot pile up. */
const MAX_RECORD_LINES = 2000;
const MAX_RECORD_CHARS = 256 * 1024;

const BLOCK_START = '--BEGIN AGENT OBSERVATION--';
const BLOCK_END = '--END AGENT OBSERVATION--';

/** The record that lines are still added to. */
interface OpenRecord {
  /** Its first line, from 1. */
  readonly number: number;
  readonly at: number | null;
  readonly level: string;
  readonly lines: string[];
  chars: number;
  /** Inside an observation block, whose lines may start with times of their own. */
  inBlock: boolean;
  /** Inside a stack trace without a time in front. */
  inTrace: boolean;
  cut: boolean;
}

interface TextState {
  readonly line: LineState;
  readonly clock: Clock;
  readonly open: OpenRecord | null;
  readonly call: OpenCall;
}

/** Share of control and replacement characters above which it is no text. */
const MAX_ODD_SHARE = 0.02;

function detect(head: Head): number {
  const { kind, keys } = topLevelKeys(head.text);
  if (kind !== '' && keys.size > 0) return 0;
  if (head.lines.length === 0 || oddShare(head.text) > MAX_ODD_SHARE) return 0;
  const clock: Clock = { day: null, last: null, dated: false };
  const dated = head.lines.some((line) => readStamp(stripAnsi(line), clock, null) !== undefined);
  return dated ? 0.6 : 0.3;
}

function oddShare(text: string): number {
  let odd = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (
      code === 0xfffd ||
      (code < 0x20 && code !== 9 && code !== 10 && code !== 13 && code !== 27 && code !== 8)
    )
      odd += 1;
  }
  return text.length === 0 ? 0 : odd / text.length;
}

function parse(chunk: Chunk, state: TextState | undefined): Parsed<TextState> {
  const notes = new NoteList();
  const splitter = new LineSplitter(
    chunk.bytes,
    state?.line ?? FIRST_LINE,
    { maxLineBytes: chunk.limits.maxTextLineBytes, overlong: 'cut', takeRest: chunk.final },
    notes,
  );
  const reader = new TextReader(new DraftMaker(chunk.limits.maxFieldChars), chunk.modifiedAt, state);
  for (const line of splitter) reader.line(splitter.textOf(line), line.number, line.cut);
  if (chunk.final || chunk.flush) reader.close();
  return {
    events: reader.events,
    state: { line: splitter.state, clock: reader.clock, open: reader.open, call: reader.call },
    consumed: splitter.consumed,
    unknown: 0,
    skipped: 0,
    notes: notes.toArray(),
    pending: reader.open !== null,
  };
}

export const plainText: Format = erase<TextState>({ name: 'text', unit: 'lines', detect, parse });

class TextReader {
  readonly events: Draft[] = [];
  open: OpenRecord | null;
  clock: Clock;
  call: OpenCall;
  readonly #make: DraftMaker;
  readonly #modifiedAt: number | null;

  constructor(make: DraftMaker, modifiedAt: number | null, state: TextState | undefined) {
    this.#make = make;
    this.#modifiedAt = modifiedAt;
    const open = state?.open ?? null;
    this.open = open === null ? null : { ...open, lines: [...open.lines] };
    this.clock = state?.clock ?? { day: null, last: null, dated: false };
    this.call = state?.call ?? null;
  }

  line(raw: string, number: number, cut: boolean): void {
    const text = lastOverwrite(stripAnsi(raw));
    const inBlock = this.open?.inBlock === true;
    const stamp = inBlock ? undefined : readStamp(text, this.clock, this.#modifiedAt);
    if (stamp !== undefined) this.#openDated(stamp, number);
    else if (this.#continues(text)) this.#append(text, number);
    else {
      this.close();
      if (text.trim() !== '') this.open = newRecord(number, this.clock.last, '', text);
    }
    if (cut && this.open !== null) this.open.cut = true;
  }

  close(): void {
    const record = this.open;
    this.open = null;
    if (record === null) return;
    while (record.lines.at(-1)?.trim() === '') record.lines.pop();
    const { event, call } = eventOfRecord(record, this.call, this.#make);
    this.call = call;
    this.events.push(record.cut ? { ...event, truncated: true } : event);
  }

  #openDated(stamp: Stamp, number: number): void {
    this.close();
    this.clock = stamp.clock;
    this.open = newRecord(number, stamp.at, stamp.level, stamp.text);
  }

  #append(text: string, number: number): void {
    const record = this.open;
    if (record === null) return;
    if (record.lines.length >= MAX_RECORD_LINES || record.chars + text.length > MAX_RECORD_CHARS) {
      this.close();
      this.open = newRecord(number, record.at, record.level, text);
      return;
    }
    record.lines.push(text);
    record.chars += text.length;
    if (text.startsWith(BLOCK_START)) record.inBlock = true;
    else if (text.startsWith(BLOCK_END)) record.inBlock = false;
    // The line that names the exception is the first one that is not indented; it ends the trace.
    else if (isTraceStart(text)) record.inTrace = true;
    else if (record.inTrace && /^\S/.test(text)) record.inTrace = false;
  }

  #continues(text: string): boolean {
    if (this.open === null) return false;
    if (this.clock.dated) return true;
    return this.open.inTrace || /^[ \t]+\S/.test(text);
  }
}

function newRecord(number: number, at: number | null, level: string, first: string): OpenRecord {
  const inTrace = isTraceStart(first);
  return { number, at, level, lines: [first], chars: first.length, inBlock: false, inTrace, cut: false };
}

function isTraceStart(text: string): boolean {
  return text.startsWith('Traceback (most recent call last)');
}

/** A progress bar rewrites its line with carriage returns: the last state counts. */
function lastOverwrite(text: string): string {
  if (!text.includes('\r')) return text;
  return text.split('\r').findLast((part) => part.trim() !== '') ?? '';
}
