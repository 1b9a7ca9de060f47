import { parseJson } from '../../messages/json.js';
import type { DraftMaker } from '../drafts.js';
import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../json-value.js';
import { timeOf } from '../time.js';
import type { Draft } from './format.js';
import { observe, readStep } from './swe-agent-trajectory.js';

interface Counts {
  skipped: number;
  unknown: number;
}

/** The prompts in front of a trajectory: the system prompt and the task, without the demonstrations. */
export function readPrompts(history: readonly unknown[], make: DraftMaker, counts: Counts): Draft[] {
  const events: Draft[] = [];
  for (const message of history) {
    const role = isObject(message) ? stringOf(message.role) : undefined;
    if (!isObject(message) || role === 'assistant' || role === 'tool') break;
    if (isDemonstration(message)) counts.skipped += 1;
    else if (role === 'system') events.push(make.system(null, contentOf(message)));
    else if (role === 'user') {
      events.push(make.message(null, 'user', contentOf(message)));
      break;
    }
  }
  return events;
}

/** A history without trajectory: the steps are taken from the messages themselves. */
export function readHistory(history: readonly unknown[], make: DraftMaker, counts: Counts): Draft[] {
  const reader = new HistoryReader(make, counts);
  for (const [index, message] of history.entries()) {
    if (isObject(message)) reader.read(message, index);
    else {
      counts.unknown += 1;
      reader.events.push(make.system(null, JSON.stringify(message)));
    }
  }
  return reader.events;
}

class HistoryReader {
  readonly events: Draft[] = [];
  readonly #make: DraftMaker;
  readonly #counts: Counts;
  /** Calls without a result yet, oldest first. */
  #open: Draft[] = [];

  constructor(make: DraftMaker, counts: Counts) {
    this.#make = make;
    this.#counts = counts;
  }

  read(message: JsonObject, index: number): void {
    const first = this.events.length;
    this.#read(message, index);
    const at = timeOf(objectOf(message.extra)?.timestamp);
    for (const event of this.events.slice(first)) event.at = at;
  }

  #read(message: JsonObject, index: number): void {
    const role = stringOf(message.role);
    const content = contentOf(message);
    if (isDemonstration(message)) this.#counts.skipped += 1;
    else if (role === 'system') this.events.push(this.#make.system(null, content));
    else if (role === 'assistant') this.#assistant(message, content, index);
    else if (role === 'exit') this.#exit(message, content);
    else if (role === 'user' || role === 'tool') this.#observation(message, content, role);
    else {
      this.#counts.unknown += 1;
      this.events.push(this.#make.system(null, content));
    }
  }

  #assistant(message: JsonObject, content: string, index: number): void {
    const calls = callsOf(message, content, index);
    const thought = stringOf(message.thought) ?? (calls.length > 0 ? withoutFences(content) : '');
    if (calls.length === 0) {
      this.events.push(this.#make.message(null, 'assistant', content));
      return;
    }
    if (thought.trim() !== '') this.events.push(this.#make.thought(null, thought.trim()));
    for (const { action, callId } of calls)
      this.#open.push(...readStep(action, undefined, callId, this.#make));
    this.events.push(...this.#open.slice(-calls.length));
  }

  /** What follows a call is its observation, whichever role it comes in. */
  #observation(message: JsonObject, content: string, role: 'user' | 'tool'): void {
    const ids = [message.tool_call_id, ...arrayOf(message.tool_call_ids)].filter(
      (id) => typeof id === 'string',
    );
    const call = this.#open.find((open) => ids.includes(open.callId ?? '')) ?? this.#open[0];
    if (call !== undefined) {
      this.#open = this.#open.filter((open) => open !== call);
      this.events.push(observe(call, content, this.#make));
    } else if (role === 'user') this.events.push(this.#make.message(null, 'user', content));
    else this.events.push(this.#make.result(null, { output: content }));
  }

  #exit(message: JsonObject, content: string): void {
    const ended = stringOf(objectOf(message.extra)?.exit_status) ?? 'exit';
    this.events.push({ ...this.#make.system(null, content), ended });
  }
}

interface FoundCall {
  readonly action: string;
  readonly callId: string;
}

function callsOf(message: JsonObject, content: string, index: number): FoundCall[] {
  const ids = arrayOf(message.tool_calls).map((call) => (isObject(call) ? stringOf(call.id) : undefined));
  const action = (stringOf(message.action) ?? '').trim();
  if (action !== '') return [{ action, callId: ids[0] ?? `message-${index}` }];
  const structured = arrayOf(message.tool_calls)
    .map((call, position) => ({
      action: actionOf(call),
      callId: ids[position] ?? `message-${index}-${position}`,
    }))
    .filter((call) => call.action !== '');
  if (structured.length > 0) return structured;
  const fenced = splitFence(content).command;
  return fenced === '' ? [] : [{ action: fenced, callId: `message-${index}` }];
}

/** `bash` calls are their command; other functions are name and arguments on one line. */
function actionOf(call: unknown): string {
  const fn = objectOf(isObject(call) ? call.function : undefined);
  const name = stringOf(fn?.name);
  if (fn === undefined || name === undefined) return '';
  const args = stringOf(fn.arguments) ?? JSON.stringify(fn.arguments ?? {});
  const command = stringOf(objectOf(parseJson(args))?.command);
  return name === 'bash' && command !== undefined ? command.trim() : `${name} ${args}`;
}

const FENCE_OPEN = /```(?:bash|sh|mswea_bash_command)?[ \t]{0,8}\n/;
const FENCE_CLOSE = '\n```';

/** The one fenced block that mini-swe-agent runs, and the text around it. */
function splitFence(content: string): { readonly command: string; readonly around: string } {
  const open = FENCE_OPEN.exec(content);
  if (open === null) return { command: '', around: content };
  const start = open.index + open[0].length;
  const end = content.indexOf(FENCE_CLOSE, start - 1);
  if (end === -1) return { command: '', around: content };
  const around = content.slice(0, open.index) + content.slice(end + FENCE_CLOSE.length);
  return { command: content.slice(start, end).trim(), around };
}

function withoutFences(content: string): string {
  return splitFence(content).around.replace(/^THOUGHT:\s{0,8}/, '');
}

function isDemonstration(message: JsonObject): boolean {
  return message.is_demo === true || message.message_type === 'demonstration';
}

/** Content is text, or a list of blocks with text. */
function contentOf(message: JsonObject): string {
  const content = message.content;
  if (typeof content === 'string') return content;
  return arrayOf(content)
    .map((block) => (isObject(block) ? (stringOf(block.text) ?? '') : ''))
    .join('\n');
}
