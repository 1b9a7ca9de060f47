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

/** Records that hold no part of the conversation, or the second copy of one that does. */
const LEFT_OUT: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['event_msg', new Set(['agent_message', 'task_started', 'turn_started'])],
  ['response_item', new Set(['reasoning', 'ghost_snapshot'])],
]);
const CONTEXT = 'turn_context';
/** Roles whose messages are taken from `event_msg`, or are instructions. */
const LEFT_OUT_ROLES = new Set(['user', 'developer', 'system']);

function isLeftOut(type: string, kind: string, role: string): boolean {
  if (type === CONTEXT) return true;
  if (type === 'response_item' && kind === 'message') return LEFT_OUT_ROLES.has(role);
  return LEFT_OUT.get(type)?.has(kind) === true;
}

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
const HEAD_BYTES = 160;

/** Written in a text, its quotes would be escaped. */
const MODEL_FIELD = Buffer.from('"model":"');
const MAX_MODEL = 128;

const TOTAL_START = Buffer.from('"total_token_usage":{');
const TOTAL_END = Buffer.from('}');

/**
 * Most token counts repeat the total before: the same bytes are seen to be the same without parsing them. Of the context
 * of a turn, which is written again and again, only the model counts.
 */
function makeShortcut(turnOf: (model: string) => void): Shortcut {
  let total: Buffer | undefined;
  return (bytes, from, to) => {
    const head = bytes.toString('latin1', from, Math.min(to, from + HEAD_BYTES));
    if (!head.startsWith(TIME_START)) return undefined;
    const typeAt = head.indexOf('"', TIME_START.length);
    const type = textBehind(head, TYPE_START, typeAt);
    if (type === CONTEXT) {
      const model = modelIn(bytes.subarray(from, to));
      if (model !== undefined) turnOf(model);
      return 'skip';
    }
    const kindAt = typeAt + TYPE_START.length + type.length;
    const kind = textBehind(head, KIND_START, kindAt);
    if (type !== 'event_msg' || kind !== 'token_count') {
      const role = textBehind(head, ROLE_START, kindAt + KIND_START.length + kind.length);
      return isLeftOut(type, kind, role) ? 'skip' : undefined;
    }
    const line = bytes.subarray(from, to);
    const start = line.indexOf(TOTAL_START);
    const closing = start === -1 ? -1 : line.indexOf(TOTAL_END, start);
    if (closing === -1) return undefined;
    const known = total;
    total = line.subarray(start, closing);
    return known !== undefined && total.equals(known) ? 'skip' : undefined;
  };
}

/** The text between that start and the next quote; empty when the start does not stand there. */
function textBehind(head: string, start: string, at: number): string {
  if (!head.startsWith(start, at)) return '';
  return head.slice(at + start.length, head.indexOf('"', at + start.length));
}

function modelIn(line: Buffer): string | undefined {
  const start = line.indexOf(MODEL_FIELD);
  if (start === -1) return undefined;
  const text = line.toString('utf8', start + MODEL_FIELD.length, start + MODEL_FIELD.length + MAX_MODEL);
  const quote = text.indexOf('"');
  return quote === -1 ? text : text.slice(0, quote);
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
    if (type === 'session_meta') this.#meta(payload);
    else if (isLeftOut(type, kind, stringOf(payload.role) ?? '')) this.#leaveOut(type, payload);
    else if (!this.#read(type, kind, at, payload, number)) {
      this.unknown += 1;
      this.events.push(this.#make.system(at, text));
    }
    const carrier = this.events[first];
    if (carrier === undefined || this.#place === null) return;
    carrier.place = this.#place;
    this.#place = null;
  }

  #leaveOut(type: string, payload: JsonObject): void {
    this.skipped += 1;
    if (type === CONTEXT) this.#model = stringOf(payload.model)?.slice(0, MAX_MODEL) ?? this.#model;
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

  /** False when the record is of no known kind. */
  #read(type: string, kind: string, at: number | null, payload: JsonObject, number: number): boolean {
    if (type === 'response_item') return this.#item(kind, at, payload, number);
    if (type === 'event_msg') return this.#message(kind, at, payload);
    if (type !== 'compacted') return false;
    this.events.push(this.#make.system(at, 'compacted'));
    return true;
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
        this.events.push(this.#make.message(at, 'assistant', textOf(payload.content)));
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
    const { output, exitCode, isError } = outcomeOf(payload.output);
    this.events.push(this.#make.result(at, { output, exitCode, isError, tool, callId }));
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
