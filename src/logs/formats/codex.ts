import { DraftMaker } from '../drafts.js';
import { type JsonLine, readJsonLines } from '../json-lines.js';
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
}

const RECORDS = new Set(['session_meta', 'turn_context', 'response_item', 'event_msg', 'compacted']);

/** Records that hold no part of the conversation, or the second copy of one that does. */
const LEFT_OUT = new Set([
  'session_meta',
  'turn_context',
  'event_msg/agent_message',
  'event_msg/task_started',
  'event_msg/turn_started',
  'response_item/reasoning',
  'response_item/ghost_snapshot',
  'response_item/message/user',
  'response_item/message/developer',
  'response_item/message/system',
]);

function detect(head: Head): number {
  const known = head.objects.filter(
    (record) => RECORDS.has(stringOf(record.type) ?? '') && isObject(record.payload),
  );
  return head.objects.length === 0 ? 0 : (0.95 * known.length) / head.objects.length;
}

/** How Codex itself starts a record. */
const KIND =
  /^\{"timestamp":"[^"\\]{0,40}","type":"(\w{1,32})","payload":\{(?:"type":"(\w{1,32})"(?:,"role":"(\w{1,32})")?)?/;
const HEAD_BYTES = 192;

function shortcut(line: Buffer): 'skip' | undefined {
  const [, type = '', kind = '', role = ''] = KIND.exec(line.toString('latin1', 0, HEAD_BYTES)) ?? [];
  const leftOut =
    LEFT_OUT.has(type) || LEFT_OUT.has(`${type}/${kind}`) || LEFT_OUT.has(`${type}/${kind}/${role}`);
  return leftOut ? 'skip' : undefined;
}

function parse(chunk: Chunk, state: CodexState | undefined): Parsed<CodexState> {
  const notes = new NoteList();
  const reader = new CodexReader(new DraftMaker(chunk.limits.maxFieldChars), state);
  const each = (line: JsonLine): void => reader.read(line.value, line.text, line.number);
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

  constructor(make: DraftMaker, state: CodexState | undefined) {
    this.#make = make;
    this.#openCalls = new Map(state?.openCalls ?? []);
    this.#total = state?.total ?? null;
  }

  get state(): Omit<CodexState, 'line'> {
    return { openCalls: [...this.#openCalls].slice(-MAX_OPEN_CALLS), total: this.#total };
  }

  read(value: unknown, text: string, number: number): void {
    const record = objectOf(value);
    const payload = objectOf(record?.payload) ?? {};
    const type = stringOf(record?.type) ?? '';
    const kind = `${type}/${stringOf(payload.type) ?? ''}`;
    const at = timeOf(record?.timestamp);
    if (LEFT_OUT.has(type) || LEFT_OUT.has(kind) || LEFT_OUT.has(`${kind}/${stringOf(payload.role) ?? ''}`)) {
      this.skipped += 1;
    } else if (!this.#read(kind, at, payload, `line-${number}`)) {
      this.unknown += 1;
      this.events.push(this.#make.system(at, text));
    }
  }

  /** False when the record is of no known kind. */
  #read(kind: string, at: number | null, payload: JsonObject, position: string): boolean {
    switch (kind) {
      case 'event_msg/user_message':
        this.events.push(this.#make.message(at, 'user', requestOf(stringOf(payload.message) ?? '')));
        return true;
      case 'event_msg/agent_reasoning':
        this.events.push(this.#make.thought(at, stringOf(payload.text) ?? ''));
        return true;
      case 'event_msg/token_count':
        this.#usage(at, payload);
        return true;
      case 'event_msg/turn_aborted':
        this.events.push(
          this.#make.system(at, `turn aborted: ${stringOf(payload.reason) ?? 'no reason'}`, 'user'),
        );
        return true;
      case 'event_msg/task_complete':
      case 'event_msg/context_compacted':
      case 'compacted/':
        this.events.push(this.#make.system(at, kind.replace(/^.*\/(?=.)|\/$/, '').replaceAll('_', ' ')));
        return true;
      case 'event_msg/error':
      case 'event_msg/stream_error':
        this.events.push(this.#make.error(at, 'system', stringOf(payload.message) ?? kind));
        return true;
      case 'response_item/message':
        this.events.push(this.#make.message(at, 'assistant', textOf(payload.content)));
        return true;
      case 'response_item/function_call':
      case 'response_item/local_shell_call':
      case 'response_item/custom_tool_call':
      case 'response_item/web_search_call':
        this.#call(at, payload, position);
        return true;
      case 'response_item/function_call_output':
      case 'response_item/custom_tool_call_output':
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
    else this.events.push({ at, role: 'system', kind: 'usage', tokens });
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return arrayOf(content)
    .map((block) => (isObject(block) ? (stringOf(block.text) ?? `[${stringOf(block.type) ?? 'block'}]`) : ''))
    .join('\n');
}
