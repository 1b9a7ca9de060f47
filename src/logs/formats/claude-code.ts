import type { LogPlace } from '../../messages/agent-event.js';
import { DraftMaker } from '../drafts.js';
import { type JsonLine, readJsonLines, type Shortcut } from '../json-lines.js';
import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../json-value.js';
import { FIRST_LINE, type LineState } from '../line-splitter.js';
import { NoteList } from '../notes.js';
import { timeOf } from '../time.js';
import { commandArguments, isMachineText, REJECTION, resultText, textOfBlock } from './claude-content.js';
import { takeUsage, type UsageSeen } from './claude-usage.js';
import { type Chunk, type Draft, erase, type Format, type Head, type Parsed } from './format.js';

/**
 * Claude Code session JSONL: `~/.claude/projects/<folder>/<session>.jsonl`, sub-agents' files, and the stream of
 * `claude -p --output-format stream-json`. One record a line.
 */

/** Calls without a result yet that are remembered; more are never open at once in practice. */
const MAX_OPEN_CALLS = 1024;
const MAX_MODEL = 128;

interface ClaudeState {
  readonly line: LineState;
  /** [call id, tool name] of calls without result. */
  readonly openCalls: readonly (readonly [string, string])[];
  readonly usage: readonly (readonly [string, number])[];
  /** A person asked for something. */
  readonly asked: boolean;
  /** Where the session works, as it was said last. */
  readonly place: LogPlace;
}

/** Records that hold no part of the conversation; `progress` repeats what sub-agents and hooks write elsewhere. */
const BOOKKEEPING = new Set([
  'agent-name',
  'agent-setting',
  'ai-title',
  'attribution-snapshot',
  'bridge-session',
  'content-replacement',
  'cost-state',
  'custom-title',
  'file-history-delta',
  'file-history-snapshot',
  'last-prompt',
  'mode',
  'permission-mode',
  'pr-link',
  'progress',
  'queue-operation',
  'rate_limit_event',
  'started',
  'stream_event',
  'tag',
  'worktree-state',
]);

/** What the client notes once a turn is over. */
const TURN_ENDS = new Set(['turn_duration', 'stop_hook_summary']);

const CONVERSATION = new Set(['user', 'assistant', 'system', 'summary', 'result', 'attachment']);

function detect(head: Head): number {
  const known = head.objects.filter(isClaudeRecord).length;
  return head.objects.length === 0 ? 0 : (0.95 * known) / head.objects.length;
}

function isClaudeRecord(record: JsonObject): boolean {
  const type = stringOf(record.type) ?? '';
  if (type === 'summary') return 'leafUuid' in record;
  if (type === 'file-history-snapshot') return 'snapshot' in record;
  const session = stringOf(record.sessionId) ?? stringOf(record.session_id);
  if (session === undefined) return false;
  if (type === 'user' || type === 'assistant') return isObject(record.message);
  return BOOKKEEPING.has(type) || CONVERSATION.has(type) || 'parentUuid' in record;
}

/** In front of it stand plain fields alone: another brace means that the type may be another object's. */
const TYPE_FIELD = '"type":"';
const HEAD_CHARS = 768;
/** The second copy of a tool's result: behind everything else that is read, where these stand in front of it. */
const COPY = ',"toolUseResult":';
const PLACE_FIELD = '"cwd":';
const MESSAGE_FIELD = '"message":';
/** Below this a record is parsed whole in the time that it takes to look for the copy. */
const SHORT_CHARS = 2048;

function makeShortcut(): Shortcut {
  /** Where the field stood last: the records of a session start alike. */
  let usual = 0;
  return (line) => {
    const field = line.startsWith(TYPE_FIELD, usual) ? usual : line.slice(0, HEAD_CHARS).indexOf(TYPE_FIELD);
    const behind = line.indexOf('"', field + TYPE_FIELD.length);
    const brace = line.indexOf('{', 1);
    if (field === -1 || behind === -1 || !line.startsWith('{') || (brace !== -1 && brace < field))
      return undefined;
    usual = field;
    const type = line.slice(field + TYPE_FIELD.length, behind);
    if (BOOKKEEPING.has(type)) return 'skip';
    if (type !== 'user' || line.length < SHORT_CHARS) return undefined;
    // Written in a text, its quotes would be escaped: this is a field, and whether it is one of the record itself shows
    // when what stands before it is parsed. Newer versions write the place, and more, behind it.
    const head = line.slice(0, HEAD_CHARS);
    const message = head.includes(PLACE_FIELD) ? head.indexOf(MESSAGE_FIELD) : -1;
    const copy = message === -1 ? -1 : line.indexOf(COPY, message);
    return copy === -1 ? undefined : `${line.slice(0, copy)}}`;
  };
}

function parse(chunk: Chunk, state: ClaudeState | undefined): Parsed<ClaudeState> {
  const notes = new NoteList();
  const reader = new ClaudeReader(new DraftMaker(chunk.limits.maxFieldChars), state);
  const each = (line: JsonLine): void => reader.read(line.value, line.text);
  const progress = readJsonLines(chunk, state?.line ?? FIRST_LINE, notes, each, makeShortcut());
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

export const claudeCode: Format = erase<ClaudeState>({ name: 'claude-code', unit: 'lines', detect, parse });

class ClaudeReader {
  readonly events: Draft[] = [];
  unknown = 0;
  skipped = 0;
  readonly #make: DraftMaker;
  readonly #openCalls: Map<string, string>;
  readonly #usage: UsageSeen;
  #asked: boolean;
  #place: LogPlace;

  constructor(make: DraftMaker, state: ClaudeState | undefined) {
    this.#make = make;
    this.#openCalls = new Map(state?.openCalls ?? []);
    this.#usage = new Map(state?.usage ?? []);
    this.#asked = state?.asked ?? false;
    this.#place = state?.place ?? {};
  }

  get state(): Omit<ClaudeState, 'line'> {
    const openCalls = [...this.#openCalls].slice(-MAX_OPEN_CALLS);
    return { openCalls, usage: [...this.#usage], asked: this.#asked, place: this.#place };
  }

  read(value: unknown, text: string): void {
    const record = objectOf(value);
    const type = stringOf(record?.type);
    if (record === undefined || type === undefined) {
      this.#unknown(null, text);
      return;
    }
    if (BOOKKEEPING.has(type)) {
      this.skipped += 1;
      return;
    }
    const at = timeOf(record.timestamp);
    const first = this.events.length;
    if (type === 'assistant') this.#assistant(at, record, text);
    else if (type === 'user') this.#user(at, record, text);
    else if (type === 'system') this.#system(at, record);
    else if (type === 'summary') this.#emit(this.#make.system(at, stringOf(record.summary) ?? ''));
    else if (type === 'result') this.#result(at, record);
    else if (type === 'attachment') this.#attachment(at, record);
    else this.#unknown(at, text);
    if (record.isSidechain === true || stringOf(record.parent_tool_use_id) !== undefined) {
      for (const event of this.events.slice(first)) event.sidechain = true;
    }
    const carrier = this.events[first];
    if (carrier !== undefined) this.#note(carrier, record);
  }

  /** A session may move: to another folder, to another branch. */
  #note(carrier: Draft, record: JsonObject): void {
    const cwd = stringOf(record.cwd) ?? this.#place.cwd;
    const branch = stringOf(record.gitBranch) || this.#place.branch;
    if (cwd === this.#place.cwd && branch === this.#place.branch) return;
    this.#place = { ...(cwd === undefined ? {} : { cwd }), ...(branch === undefined ? {} : { branch }) };
    carrier.place = this.#place;
  }

  #emit(event: Draft): void {
    this.events.push(event);
  }

  #unknown(at: number | null, text: string): void {
    this.unknown += 1;
    this.#emit(this.#make.system(at, text));
  }

  #assistant(at: number | null, record: JsonObject, text: string): void {
    const message = objectOf(record.message);
    if (message === undefined) {
      this.#unknown(at, text);
      return;
    }
    const first = this.events.length;
    for (const block of blocksOf(message.content)) this.#assistantBlock(at, record, block);
    const last = this.events.at(-1);
    if (message.stop_reason === 'end_turn' && last?.kind === 'message') last.turnEnded = true;
    const tokens = takeUsage(message, this.#usage);
    if (tokens === undefined) return;
    const carrier: Draft = this.events[first] ?? { at, role: 'assistant', kind: 'usage' };
    if (this.events.length === first) this.#emit(carrier);
    carrier.tokens = tokens;
    const model = stringOf(message.model)?.slice(0, MAX_MODEL);
    if (model !== undefined) carrier.model = model;
  }

  #assistantBlock(at: number | null, record: JsonObject, block: JsonObject): void {
    const type = stringOf(block.type);
    if (type === 'text') {
      const text = stringOf(block.text) ?? '';
      const failed = record.isApiErrorMessage === true;
      this.#emit(
        failed ? this.#make.error(at, 'assistant', text) : this.#make.message(at, 'assistant', text),
      );
    } else if (type === 'thinking' || type === 'redacted_thinking') {
      this.#emit(this.#make.thought(at, stringOf(block.thinking) ?? ''));
    } else if (type === 'tool_use' || type === 'server_tool_use') {
      const tool = stringOf(block.name) ?? 'unknown';
      const callId = stringOf(block.id);
      if (callId !== undefined) this.#openCalls.set(callId, tool);
      this.#emit(this.#make.call(at, { tool, input: block.input, callId }));
    } else if (type?.endsWith('tool_result') === true) this.#toolResult(at, block);
    else this.#unknown(at, textOfBlock(block));
  }

  #user(at: number | null, record: JsonObject, text: string): void {
    const message = objectOf(record.message);
    if (message === undefined) {
      this.#unknown(at, text);
      return;
    }
    const fromMachine =
      record.isMeta === true || record.isCompactSummary === true || record.isSynthetic === true;
    const said: JsonObject[] = [];
    for (const block of blocksOf(message.content)) {
      if (stringOf(block.type)?.endsWith('tool_result') === true) this.#toolResult(at, block);
      else said.push(block);
    }
    this.#userBlocks(at, said, fromMachine);
  }

  /** Pictures come in front of what is said of them, and are named behind it. */
  #userBlocks(at: number | null, blocks: readonly JsonObject[], fromMachine: boolean): void {
    const texts = blocks.map((block) => stringOf(block.text)).filter((text) => text !== undefined);
    const others = blocks.filter((block) => stringOf(block.text) === undefined).map(textOfBlock);
    const last = [...texts.splice(-1), ...others].join('\n');
    for (const text of last === '' ? texts : [...texts, last]) this.#userText(at, text, fromMachine);
  }

  /** What a person types while the agent works stands here alone; all else is put in by the client. */
  #attachment(at: number | null, record: JsonObject): void {
    const attachment = objectOf(record.attachment);
    const mode = stringOf(attachment?.commandMode) ?? 'prompt';
    const origin = stringOf(objectOf(attachment?.origin)?.kind) ?? 'human';
    if (stringOf(attachment?.type) !== 'queued_command' || mode !== 'prompt' || origin !== 'human')
      this.skipped += 1;
    else this.#userBlocks(at, blocksOf(attachment?.prompt), false);
  }

  #userText(at: number | null, text: string, fromMachine: boolean): void {
    if (text.trimStart().startsWith('[Request interrupted by user')) {
      this.#emit(this.#make.system(at, text, 'user'));
      return;
    }
    // A session that a slash command opens has its request behind the command.
    const request = this.#asked || fromMachine ? undefined : commandArguments(text);
    if (request === undefined && (fromMachine || isMachineText(text))) {
      this.#emit(this.#make.system(at, text));
    } else {
      this.#asked = true;
      this.#emit(this.#make.message(at, 'user', request ?? text));
    }
  }

  #toolResult(at: number | null, block: JsonObject): void {
    const callId = stringOf(block.tool_use_id);
    const tool = callId === undefined ? undefined : this.#openCalls.get(callId);
    if (callId !== undefined) this.#openCalls.delete(callId);
    const output = resultText(block.content);
    const rejected = block.is_error === true && REJECTION.test(output);
    const exit = block.is_error === true ? /^Exit code (\d{1,3})\b/.exec(output)?.[1] : undefined;
    this.#emit(
      this.#make.result(at, {
        tool,
        callId,
        output,
        rejected,
        isError: block.is_error === true && !rejected,
        exitCode: exit === undefined ? undefined : Number(exit),
      }),
    );
  }

  #system(at: number | null, record: JsonObject): void {
    const subtype = stringOf(record.subtype) ?? 'system';
    const text = stringOf(record.content) ?? apiErrorOf(record) ?? subtype;
    if (TURN_ENDS.has(subtype)) this.#emit({ ...this.#make.system(at, text), turnEnded: true });
    else if ((record.level === 'error' || subtype === 'api_error') && !isTriedAgain(record))
      this.#emit(this.#make.error(at, 'system', text));
    else this.#emit(this.#make.system(at, text));
  }

  /** The last line of a headless run: how it ended. */
  #result(at: number | null, record: JsonObject): void {
    const ended = stringOf(record.subtype) ?? 'result';
    const text = stringOf(record.result) ?? ended;
    const event =
      record.is_error === true ? this.#make.error(at, 'system', text) : this.#make.system(at, text);
    this.#emit({ ...event, ended });
  }
}

/** Content is a string or a list of blocks; a bare string among them is a text block. */
function blocksOf(content: unknown): JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return arrayOf(content).map((block) =>
    isObject(block)
      ? block
      : { type: 'text', text: typeof block === 'string' ? block : JSON.stringify(block) },
  );
}

/** What a service answered to a call of the model. */
function apiErrorOf(record: JsonObject): string | undefined {
  const error = objectOf(record.error);
  const status = error?.status;
  return (
    stringOf(error?.formatted) ??
    stringOf(error?.message) ??
    (typeof status === 'number' ? `API error ${status}` : undefined)
  );
}

/** The client itself calls again: nothing has gone wrong for the agent yet. */
function isTriedAgain({ retryAttempt, maxRetries }: JsonObject): boolean {
  return typeof retryAttempt === 'number' && typeof maxRetries === 'number' && retryAttempt < maxRetries;
}
