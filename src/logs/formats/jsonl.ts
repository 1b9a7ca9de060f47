import type { Tokens } from '../../messages/agent-event.js';
import { DraftMaker } from '../drafts.js';
import { readJsonLines } from '../json-lines.js';
import {
  arrayOf,
  canonicalJson,
  countOf,
  integerOf,
  isObject,
  type JsonObject,
  objectOf,
  stringOf,
} from '../json-value.js';
import { FIRST_LINE, type LineState } from '../line-splitter.js';
import { NoteList } from '../notes.js';
import { timeOf } from '../time.js';
import { type Chunk, type Draft, erase, type Format, type Head, type Parsed } from './format.js';

/**
 * Generic JSON lines, for agents of one's own: a time under timestamp, time, ts or at; role, type, event or level;
 * message, msg, content or text; optional tool, input, output, error, exitCode, tokens, model. The README documents it as
 * the format to write when one may choose.
 */

const TIME_FIELDS = ['timestamp', 'time', 'ts', 'at', '@timestamp'] as const;
const KIND_FIELDS = ['role', 'type', 'event', 'kind', 'level', 'severity'] as const;
const TEXT_FIELDS = ['message', 'msg', 'content', 'text', 'output'] as const;

const USER = new Set(['user', 'human']);
const ASSISTANT = new Set(['assistant', 'agent', 'ai', 'model']);
const THOUGHT = new Set(['thought', 'thinking', 'reasoning']);
const FAILURE = new Set(['error', 'fatal', 'critical', 'exception']);
const ENDED = new Set(['finished', 'finish', 'completed', 'session_end', 'exit']);
/** pino's and bunyan's number for `error`. */
const NUMERIC_ERROR_LEVEL = 50;
const MAX_MODEL = 128;

function detect(head: Head): number {
  const { objects } = head;
  if (objects.length * 2 < head.lines.length || objects.length === 0) return 0;
  const fitting = objects.filter(
    (record) => TEXT_FIELDS.some((field) => field in record) || KIND_FIELDS.some((field) => field in record),
  );
  return fitting.length * 2 >= objects.length ? 0.5 : 0.35;
}

function parse(chunk: Chunk, state: LineState | undefined): Parsed<LineState> {
  const notes = new NoteList();
  const make = new DraftMaker(chunk.limits.maxFieldChars);
  const events: Draft[] = [];
  let unknown = 0;
  const progress = readJsonLines(chunk, state ?? FIRST_LINE, notes, (line) => {
    const found = isObject(line.value) ? eventsOf(line.value, `line-${line.number}`, make) : [];
    if (found.length === 0) unknown += 1;
    events.push(...(found.length > 0 ? found : [make.system(timeIn(line.value), line.text)]));
  });
  const { consumed } = progress;
  return {
    events,
    state: progress.state,
    consumed,
    unknown,
    skipped: 0,
    notes: notes.toArray(),
    pending: false,
  };
}

export const jsonLines: Format = erase<LineState>({ name: 'jsonl', unit: 'lines', detect, parse });

/** The events of one record; none when it is nothing that the format describes. */
function eventsOf(record: JsonObject, position: string, make: DraftMaker): Draft[] {
  const at = timeIn(record);
  const words = wordsOf(record);
  const text = textIn(record);
  const failed = isFailure(record, words);
  const events: Draft[] = [];
  const tool = stringOf(record.tool) ?? stringOf(record.tool_name);
  if (tool !== undefined) events.push(...toolEvents(record, tool, position, at, failed, make));
  else if (failed) events.push(make.error(at, roleOf(words) ?? 'system', text ?? errorText(record) ?? ''));
  else if (text !== undefined) events.push(textEvent(at, words, text, make));
  const tokens = tokensIn(record);
  const ended = words.find((word) => ENDED.has(word));
  const first =
    events[0] ?? (tokens !== undefined || ended !== undefined ? usageEvent(at, events) : undefined);
  if (first !== undefined && tokens !== undefined) {
    first.tokens = tokens;
    const model = stringOf(record.model);
    if (model !== undefined) first.model = model.slice(0, MAX_MODEL);
  }
  const last = events.at(-1);
  if (last !== undefined && ended !== undefined) last.ended = ended;
  return events;
}

function usageEvent(at: number | null, events: Draft[]): Draft {
  const event: Draft = { at, role: 'system', kind: 'usage' };
  events.push(event);
  return event;
}

function toolEvents(
  record: JsonObject,
  tool: string,
  position: string,
  at: number | null,
  failed: boolean,
  make: DraftMaker,
): Draft[] {
  const callId = stringOf(record.callId) ?? stringOf(record.call_id) ?? stringOf(record.id) ?? position;
  const input = record.input ?? record.args ?? record.arguments;
  const output = record.output ?? record.result ?? errorText(record);
  const exitCode = integerOf(record.exitCode) ?? integerOf(record.exit_code);
  const isError = failed || (exitCode !== undefined && exitCode !== 0);
  const events: Draft[] = [];
  if (input !== undefined || output === undefined) events.push(make.call(at, { tool, input, callId }));
  if (output !== undefined || exitCode !== undefined) {
    events.push(make.result(at, { output: asText(output ?? ''), tool, callId, exitCode, isError }));
  }
  return events;
}

function textEvent(at: number | null, words: readonly string[], text: string, make: DraftMaker): Draft {
  if (words.some((word) => THOUGHT.has(word))) return make.thought(at, text);
  const role = roleOf(words);
  if (role === 'tool') return make.result(at, { output: text });
  // A line with a level and no speaker is a program's log, not something the agent says.
  if (role === undefined || role === 'system') return make.system(at, text);
  return make.message(at, role, text);
}

function roleOf(words: readonly string[]): Draft['role'] | undefined {
  for (const word of words) {
    if (USER.has(word)) return 'user';
    if (ASSISTANT.has(word)) return 'assistant';
    if (word === 'tool' || word === 'tool_result' || word === 'observation') return 'tool';
    if (word === 'system') return 'system';
  }
  return undefined;
}

function wordsOf(record: JsonObject): string[] {
  const inner = objectOf(record.message);
  return [...KIND_FIELDS.map((field) => record[field]), inner?.role]
    .filter((word) => typeof word === 'string')
    .map((word) => word.toLowerCase());
}

function isFailure(record: JsonObject, words: readonly string[]): boolean {
  const level = integerOf(record.level);
  const flagged = record.isError === true || record.is_error === true;
  const numeric = level !== undefined && level >= NUMERIC_ERROR_LEVEL;
  return flagged || numeric || words.some((word) => FAILURE.has(word)) || errorText(record) !== undefined;
}

function errorText(record: JsonObject): string | undefined {
  const error = record.error ?? record.err;
  if (typeof error === 'string') return error === '' ? undefined : error;
  const inner = objectOf(error);
  return inner === undefined ? undefined : (stringOf(inner.message) ?? canonicalJson(inner));
}

function textIn(record: JsonObject): string | undefined {
  for (const field of TEXT_FIELDS) {
    const value = record[field];
    if (typeof value === 'string') return value;
    const content = isObject(value) ? value.content : value;
    if (typeof content === 'string') return content;
    const texts = arrayOf(content)
      .map((block) => (isObject(block) ? stringOf(block.text) : undefined))
      .filter((text) => text !== undefined);
    if (texts.length > 0) return texts.join('\n');
  }
  return undefined;
}

function timeIn(value: unknown): number | null {
  if (!isObject(value)) return null;
  for (const field of TIME_FIELDS) {
    const at = timeOf(value[field]);
    if (at !== null) return at;
  }
  return null;
}

function tokensIn(record: JsonObject): Tokens | undefined {
  const usage = objectOf(record.tokens) ?? objectOf(record.usage);
  if (usage === undefined) return undefined;
  const input = countOf(usage.input) || countOf(usage.input_tokens) || countOf(usage.prompt_tokens);
  const output = countOf(usage.output) || countOf(usage.output_tokens) || countOf(usage.completion_tokens);
  const cacheRead = countOf(usage.cacheRead) || countOf(usage.cache_read_input_tokens);
  const cacheWrite = countOf(usage.cacheWrite) || countOf(usage.cache_creation_input_tokens);
  // The OpenAI protocol counts what came from the cache as input as well.
  const cached = Math.min(input, countOf(objectOf(usage.prompt_tokens_details)?.cached_tokens));
  const cost = [usage.cost, record.cost].find((each) => typeof each === 'number' && each >= 0);
  if (input + output + cacheRead + cacheWrite === 0) return undefined;
  return {
    input: input - cached,
    output,
    ...(cacheRead + cached > 0 && { cacheRead: cacheRead + cached }),
    ...(cacheWrite > 0 && { cacheWrite }),
    ...(typeof cost === 'number' && Number.isFinite(cost) && { cost }),
  };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : canonicalJson(value);
}
