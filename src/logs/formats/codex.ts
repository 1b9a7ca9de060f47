import type { LogPlace } from '../../messages/agent-event.js';
import { DraftMaker } from '../drafts.js';
import { type JsonLine, readJsonLines, type Shortcut } from '../json-lines.js';
import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../json-value.js';
import { FIRST_LINE, type LineState } from '../line-splitter.js';
import { NoteList } from '../notes.js';
import { timeOf } from '../time.js';
import { callOf, outcomeOf, requestOf } from './codex-content.js';
import { type RunningTotal, takeTotal } from './codex-usage.js';
import { type Chunk, type Draft, erase, type Format, type Head, type Parsed } from './format.js';

/**
 * Codex rollout JSONL: `~/.codex/sessions/YYYY/MM/DD/rollout-*.jsonl`. Records are {timestamp, type, payload}.
 *
 * Messages stand twice. What the person said is taken from `event_msg` (the `response_item` copies are mixed with
 * environment context), what the agent said and called from `response_item`, its reasoning from `event_msg` (the
 * `response_item` copy is encrypted).
 */

const MAX_OPEN_CALLS = 1024;

interface CodexState {
  readonly line: LineState;
  /** [call id, tool name] of calls without result. */
  readonly openCalls: readonly (readonly [string, string])[];
  readonly total: RunningTotal;
  /** The model of the turn. */
  readonly model: string | null;
  /** Said, and waiting for an event to go with. */
  readonly place: LogPlace | null;
}

const RECORDS = new Set(['session_meta', 'turn_context', 'response_item', 'event_msg', 'compacted']);

/** Records that hold no part of the conversation, or the second copy of one that does: type, and kind of payload. */
const LEFT_OUT: readonly (readonly [string, string])[] = [
  ['response_item', 'reasoning'],
  ['response_item', 'ghost_snapshot'],
  ['event_msg', 'agent_message'],
  ['event_msg', 'task_started'],
  ['event_msg', 'turn_started'],
];
/** Roles whose messages are taken from `event_msg`, or are instructions. */
const LEFT_OUT_ROLES = new Set(['user', 'developer', 'system']);

function detect(head: Head): number {
  const known = head.objects.filter(
    (record) => RECORDS.has(stringOf(record.type) ?? '') && isObject(record.payload),
  );
  return head.objects.length === 0 ? 0 : (0.95 * known.length) / head.objects.length;
}

/** How Codex itself starts a record: its time, what it is, and of which kind. */
const TIME_START = '{"timestamp":"';
const TYPE_START = '","type":"';
const KIND_START = '","payload":{"type":"';
const ROLE_START = '","role":"';

/** What to do with a record that starts so, behind its time. */
const STARTS: ReadonlyMap<string, 'skip' | 'context' | 'message' | 'count'> = new Map([
  ['turn_context', 'context'],
  [`response_item${KIND_START}message`, 'message'],
  [`event_msg${KIND_START}token_count`, 'count'],
  ...LEFT_OUT.map(([type, kind]) => [`${type}${KIND_START}${kind}`, 'skip'] as const),
]);

/** Written in a text, its quotes would be escaped. */
const MODEL_START = '"model":"';
const PLAIN_NAME = /^[\w.:/@ -]*$/;
const MAX_MODEL = 128;

const TOTAL_START = '","info":{"total_token_usage":{';
/** Behind the counts, and of no use here. */
const LIMITS_START = ',"rate_limits":{';

/**
 * Most of a log is copies and bookkeeping, which a look at the start of a line shows. Most token counts repeat the total
 * before: the same characters are seen to be the same without parsing them. Of the context of a turn, which is written
 * again and again, only the model counts.
 */
function makeShortcut(turnOf: (model: string) => void): Shortcut {
  let total = '';
  return (line) => {
    if (!line.startsWith(TIME_START)) return undefined;
    const typeAt = line.indexOf('"', TIME_START.length);
    if (!line.startsWith(TYPE_START, typeAt)) return undefined;
    const start = typeAt + TYPE_START.length;
    const typeEnd = line.indexOf('"', start);
    const end = line.startsWith(KIND_START, typeEnd)
      ? line.indexOf('"', typeEnd + KIND_START.length)
      : typeEnd;
    switch (STARTS.get(line.slice(start, end))) {
      case 'skip':
        return 'skip';
      case 'message':
        return LEFT_OUT_ROLES.has(textBehind(line, ROLE_START, end)) ? 'skip' : undefined;
      case 'context': {
        const model = modelIn(line);
        if (model === undefined) return undefined;
        if (model !== '') turnOf(model);
        return 'skip';
      }
      case 'count': {
        const closing = line.startsWith(TOTAL_START, end) ? line.indexOf('}', end + TOTAL_START.length) : -1;
        if (closing === -1) return undefined;
        const known = total;
        total = line.slice(end, closing);
        if (total === known) return 'skip';
        const limits = line.indexOf(LIMITS_START, closing);
        return limits === -1 ? undefined : `${line.slice(0, limits)}}}`;
      }
      default:
        return undefined;
    }
  };
}

/** The text between that start and the next quote; empty when the start does not stand there. */
function textBehind(line: string, start: string, at: number): string {
  if (!line.startsWith(start, at)) return '';
  return line.slice(at + start.length, line.indexOf('"', at + start.length));
}

/** Empty when the line names none; undefined when it takes more than a look to read it. */
function modelIn(line: string): string | undefined {
  const start = line.indexOf(MODEL_START);
  const model = start === -1 ? '' : textBehind(line, MODEL_START, start).slice(0, MAX_MODEL);
  return PLAIN_NAME.test(model) ? model : undefined;
}

function parse(chunk: Chunk, state: CodexState | undefined): Parsed<CodexState> {
  const notes = new NoteList();
  const reader = new CodexReader(new DraftMaker(chunk.limits.maxFieldChars), state);
  const each = (line: JsonLine): void => reader.read(line.value, line.text, line.number);
  const shortcut = makeShortcut((model) => reader.turnOf(model));
  const progress = readJsonLines(chunk, state?.line ?? FIRST_LINE, notes, each, shortcut);
  return {
    events: reader.events,
    state: { line: progress.state, ...reader.state },
    consumed: progress.consumed,
    unknown: reader.unknown,
    skipped: reader.skipped + progress.skipped,
    notes: notes.toArray(),
    pending: false,
  };
}

export const codex: Format = erase<CodexState>({ name: 'codex', unit: 'lines', detect, parse });

class CodexReader {
  readonly events: Draft[] = [];
  unknown = 0;
  skipped = 0;
  readonly #make: DraftMaker;
  readonly #openCalls: Map<string, string>;
  #total: RunningTotal;
  #model: string | null;
  #place: LogPlace | null;

  constructor(make: DraftMaker, state: CodexState | undefined) {
    this.#make = make;
    this.#openCalls = new Map(state?.openCalls ?? []);
    this.#total = state?.total ?? null;
    this.#model = state?.model ?? null;
    this.#place = state?.place ?? null;
  }

  get state(): Omit<CodexState, 'line'> {
    const openCalls = [...this.#openCalls].slice(-MAX_OPEN_CALLS);
    return { openCalls, total: this.#total, model: this.#model, place: this.#place };
  }

  turnOf(model: string): void {
    this.#model = model;
  }

  read(value: unknown, text: string, number: number): void {
    const record = objectOf(value);
    const payload = objectOf(record?.payload) ?? {};
    const type = stringOf(record?.type) ?? '';
    const kind = stringOf(payload.type) ?? '';
    const at = timeOf(record?.timestamp);
    const first = this.events.length;
    if (!this.#read(type, kind, at, payload, number)) {
      if (LEFT_OUT.some(([leftType, leftKind]) => leftType === type && leftKind === kind)) this.skipped += 1;
      else {
        this.unknown += 1;
        this.events.push(this.#make.system(at, text));
      }
    }
    const carrier = this.events[first];
    if (carrier === undefined || this.#place === null) return;
    carrier.place = this.#place;
    this.#place = null;
  }

  #context(payload: JsonObject): void {
    this.skipped += 1;
    this.#model = stringOf(payload.model)?.slice(0, MAX_MODEL) ?? this.#model;
  }

  #meta(payload: JsonObject): void {
    this.skipped += 1;
    const git = objectOf(payload.git);
    const said = {
      cwd: stringOf(payload.cwd),
      branch: stringOf(git?.branch),
      repository: stringOf(git?.repository_url),
    };
    const known = Object.entries(said).filter(([, value]) => value !== undefined && value !== '');
    if (known.length > 0) this.#place = Object.fromEntries(known);
  }

  /** False when the record is none that is read. */
  #read(type: string, kind: string, at: number | null, payload: JsonObject, number: number): boolean {
    switch (type) {
      case 'response_item':
        return this.#item(kind, at, payload, number);
      case 'event_msg':
        return this.#message(kind, at, payload);
      case 'turn_context':
        this.#context(payload);
        return true;
      case 'session_meta':
        this.#meta(payload);
        return true;
      case 'compacted':
        this.events.push(this.#make.system(at, 'compacted'));
        return true;
      default:
        return false;
    }
  }

  #message(kind: string, at: number | null, payload: JsonObject): boolean {
    switch (kind) {
      case 'user_message':
        this.events.push(this.#make.message(at, 'user', requestOf(stringOf(payload.message) ?? '')));
        return true;
      case 'agent_reasoning':
        this.events.push(this.#make.thought(at, stringOf(payload.text) ?? ''));
        return true;
      case 'token_count':
        this.#usage(at, payload);
        return true;
      case 'turn_aborted':
        this.events.push(
          this.#make.system(at, `turn aborted: ${stringOf(payload.reason) ?? 'no reason'}`, 'user'),
        );
        return true;
      case 'task_complete':
        this.events.push({ ...this.#make.system(at, 'task complete'), turnEnded: true });
        return true;
      case 'context_compacted':
        this.events.push(this.#make.system(at, kind.replace('_', ' ')));
        return true;
      case 'error':
      case 'stream_error':
        this.events.push(this.#make.error(at, 'system', stringOf(payload.message) ?? kind));
        return true;
      default:
        return false;
    }
  }

  #item(kind: string, at: number | null, payload: JsonObject, number: number): boolean {
    switch (kind) {
      case 'message':
        if (LEFT_OUT_ROLES.has(stringOf(payload.role) ?? '')) this.skipped += 1;
        else this.events.push(this.#make.message(at, 'assistant', textOf(payload.content)));
        return true;
      case 'function_call':
      case 'local_shell_call':
      case 'custom_tool_call':
      case 'web_search_call':
        this.#call(at, payload, `line-${number}`);
        return true;
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#output(at, payload);
        return true;
      default:
        return false;
    }
  }

  #call(at: number | null, payload: JsonObject, position: string): void {
    const { tool, input } = callOf(payload);
    const callId = stringOf(payload.call_id);
    if (callId !== undefined) this.#openCalls.set(callId, tool);
    this.events.push(this.#make.call(at, { tool, input, callId: callId ?? position }));
  }

  #output(at: number | null, payload: JsonObject): void {
    const callId = stringOf(payload.call_id);
    const tool = callId === undefined ? undefined : this.#openCalls.get(callId);
    if (callId !== undefined) this.#openCalls.delete(callId);
    this.events.push(this.#make.result(at, { ...outcomeOf(payload.output), tool, callId }));
  }

  #usage(at: number | null, payload: JsonObject): void {
    const { tokens, total } = takeTotal(objectOf(payload.info), this.#total);
    this.#total = total;
    if (tokens === undefined) this.skipped += 1;
    else {
      const model = this.#model === null ? {} : { model: this.#model };
      this.events.push({ at, role: 'system', kind: 'usage', tokens, ...model });
    }
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return arrayOf(content)
    .map((block) => (isObject(block) ? (stringOf(block.text) ?? `[${stringOf(block.type) ?? 'block'}]`) : ''))
    .join('\n');
}
