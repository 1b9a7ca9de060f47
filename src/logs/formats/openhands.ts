import { DraftMaker } from '../drafts.js';
import { BEFORE_LIST, BEFORE_VALUES, type ElementState, readElements } from '../json-elements.js';
import { readJsonLines } from '../json-lines.js';
import { topLevelKeys } from '../json-scan.js';
import { arrayOf, type JsonObject, objectOf, stringOf } from '../json-value.js';
import { FIRST_LINE, type LineState } from '../line-splitter.js';
import { NoteList } from '../notes.js';
import { type Chunk, type Draft, erase, type Format, type Head, type Parsed } from './format.js';
import { NEW_SESSION, type Reading, Session, type SessionState } from './openhands-session.js';
import { isV0Event, readV0 } from './openhands-v0.js';
import { isV1Event, readV1 } from './openhands-v1.js';

/**
 * OpenHands: the trajectory that version 0 saves (one JSON list of events), the events of the SDK (JSON lines, a list,
 * or a file each), and the evaluation's `output.jsonl` (one instance a line with its whole history: one session each).
 */

/** How the records follow one another. */
type Layout =
  | { readonly kind: 'lines'; readonly at: LineState }
  | { readonly kind: 'elements'; readonly at: ElementState };

interface OpenHandsState {
  readonly layout: Layout;
  readonly session: SessionState;
}

function detect(head: Head): number {
  const { objects } = head;
  const known = objects.filter((record) => isInstance(record) || isV0Event(record) || isV1Event(record));
  if (objects.length > 0) return (0.95 * known.length) / objects.length;
  // One event or instance longer than what there is of it, an event over several lines, or a list of events.
  const { kind, keys } = topLevelKeys(head.text);
  const names = (...wanted: string[]): boolean => wanted.every((key) => keys.has(key));
  if (names('kind', 'source', 'timestamp') || names('kind', 'source', 'id')) return 0.9;
  if (names('source', 'action', 'args') || names('source', 'observation', 'extras')) return 0.9;
  const instance = names('instance_id') && (names('history') || names('test_result') || names('instruction'));
  return kind === '{' && instance ? 0.9 : 0;
}

/** One line of the evaluation's output. */
function isInstance(record: JsonObject): boolean {
  return typeof record.instance_id === 'string' && Array.isArray(record.history);
}

function parse(chunk: Chunk, state: OpenHandsState | undefined): Parsed<OpenHandsState> {
  const notes = new NoteList();
  const layout = state?.layout ?? layoutOf(chunk.bytes);
  const reader = new OpenHandsReader(
    new DraftMaker(chunk.limits.maxFieldChars),
    state?.session ?? NEW_SESSION,
  );
  const progress =
    layout.kind === 'lines'
      ? readJsonLines(chunk, layout.at, notes, (line) => reader.read(line.value, line.text))
      : readElements(chunk, layout.at, notes, (value, text) => reader.read(value, text));
  return {
    events: reader.events,
    state: {
      // The progress is of the kind that was asked for.
      layout: { kind: layout.kind, at: progress.state } as Layout,
      session: reader.session,
    },
    consumed: progress.consumed,
    unknown: reader.unknown,
    skipped: reader.skipped,
    notes: notes.toArray(),
    pending: false,
  };
}

export const openHands: Format = erase<OpenHandsState>({
  name: 'openhands',
  unit: 'lines',
  detect,
  parse,
});

/** A list starts with its bracket; an object over several lines has its first line to the brace. */
function layoutOf(bytes: Uint8Array): Layout {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096)).toString(
    'utf8',
  );
  const text = start.replace(/^\ufeff/, '').trimStart();
  if (text.startsWith('[')) return { kind: 'elements', at: BEFORE_LIST };
  if (/^\{\s*\n/.test(text)) return { kind: 'elements', at: BEFORE_VALUES };
  return { kind: 'lines', at: FIRST_LINE };
}

class OpenHandsReader {
  readonly events: Draft[] = [];
  unknown = 0;
  skipped = 0;
  readonly #make: DraftMaker;
  #session: Session;

  constructor(make: DraftMaker, state: SessionState) {
    this.#make = make;
    this.#session = new Session(state);
  }

  get session(): SessionState {
    return this.#session.state;
  }

  read(value: unknown, text: string): void {
    const record = objectOf(value);
    if (record !== undefined && isInstance(record)) this.#instance(record);
    else this.#event(record, text);
  }

  #event(record: JsonObject | undefined, text: string): void {
    const reading = record === undefined ? 'unknown' : this.#readingOf(record);
    if (reading === 'skipped') this.skipped += 1;
    else if (reading === 'unknown') {
      this.unknown += 1;
      this.events.push(this.#make.system(null, text));
    } else for (const event of reading) this.events.push(event);
  }

  #readingOf(record: JsonObject): Reading {
    if (isV1Event(record)) return readV1(record, this.#session, this.#make);
    return readV0(record, this.#session, this.#make);
  }

  /** A session of its own: its history, the task it was given where that does not say it, and how it ended. */
  #instance(record: JsonObject): void {
    const first = this.events.length;
    this.#session = new Session(NEW_SESSION);
    // Early versions paired each action with its observation.
    const history = arrayOf(record.history).flat();
    const instruction = stringOf(record.instruction);
    if (instruction !== undefined && !history.some((event) => objectOf(event)?.source === 'user'))
      this.events.push(this.#make.message(null, 'user', instruction));
    for (const event of history) this.#event(objectOf(event), JSON.stringify(event));
    const metrics = objectOf(record.metrics);
    const tokens = this.#session.spend(objectOf(metrics?.accumulated_token_usage), metrics?.accumulated_cost);
    if (tokens !== undefined) this.events.push({ at: null, role: 'system', kind: 'usage', tokens });
    const error = stringOf(record.error);
    if (error !== undefined && error !== '')
      this.events.push({ ...this.#make.error(null, 'system', error), ended: 'error' });
    const opening = this.events[first];
    if (opening !== undefined) opening.session = stringOf(record.instance_id) ?? '';
  }
}
