import type { Tokens } from '../../messages/agent-event.js';
import type { DraftMaker } from '../drafts.js';
import type { OpenEdit } from './aider-prose.js';
import type { Draft } from './format.js';

/** What aider and the programs that it ran printed, as the lines behind `> `. */

/** What goes on from one block of such lines to the next. A JSON value. */
export interface ToolState {
  readonly edits: readonly OpenEdit[];
  readonly model?: string;
}

export const NO_TOOLS: ToolState = { edits: [] };

export interface ToolReading {
  readonly events: Draft[];
  readonly tools: ToolState;
  /** Lines that only say how aider was set up. */
  readonly skipped: number;
}

const SETUP =
  /^(?:Aider v\d|Models?: |Main model: |Weak model: |Editor model: |Git repo: |Repo-map: |Using |VSCode terminal|Use \/help|https:\/\/aider\.chat|Would you like to see what's new|Newer aider version|\S{0,256}\/aider(?: |$))/;
const MODEL = /^(?:Model|Models|Main model): (\S{1,128})/;
/** aider gives up: what it tried to mend is as it was. */
const GIVES_UP = /^Only \d{1,6} reflections allowed, stopping/;
const APPLIED = /^Applied edit to (.{1,512})$/;
const RUNNING = /^Running (.{1,4096})$/;
/** The harness of aider's own benchmark announces its test command. */
const TEST_COMMAND = /^Test Script: (.{1,4096}?);?$/;
const RETURN_CODE = /\bReturn Code: (-?\d{1,3})$/;
const FIX = /^Attempt to fix (test|lint) errors\?/;
const EDIT_REFUSED =
  /^(?:The LLM did not conform to the edit format|# \d{1,4} SEARCH\/REPLACE blocks? failed|Malformed edits|Skipping edits to |Unable to |.{0,256}SearchReplaceNoExactMatch)/;
/** What aider goes on with once it has refused a block. */
const AFTER_REFUSAL = /^(?:Test Script: |Commit [0-9a-f]{7} |Running |Only \d{1,6} reflections allowed)/;
const FAILED_FILE = /failed to exactly match lines in (\S{1,256})/g;
const FAILURE =
  /^(?:litellm\.|\w{0,64}(?:Error|Exception)\b|Error |.{0,512}: file not found error$|The API provider|Model .{1,128} has hit a token limit|Retrying in )/;
const INTERRUPTED = /^\^C(?: KeyboardInterrupt| again to exit)/;
/** What a question of aider's was answered. */
const QUESTION = /^[A-Z].{0,256}\?(?: \(.{1,160}\[.{1,32}\]:)? ?\S{0,16}$/;

const USED = /^Tokens: ([\d.,]{1,12}[kM]?) sent,(.{0,160}?)([\d.,]{1,12}[kM]?) received\./;
const USED_OF_OLD =
  /^(\d{1,12}) prompt tokens, (\d{1,12}) completion tokens(?:, \$(\d{1,9}(?:\.\d{1,9})?) cost)?/;
const CACHE = /([\d.,]{1,12}[kM]?) cache (write|hit)/g;
const COST = /\$(\d{1,9}(?:\.\d{1,9})?) message/;

export function readToolLines(
  lines: readonly string[],
  number: number,
  state: ToolState,
  make: DraftMaker,
): ToolReading {
  const reader = new ToolReader(number, state, make);
  for (const line of lines) reader.line(line);
  return reader.end();
}

/** What the lines that follow belong to: a program that aider ran, or its reasons for refusing edits. */
interface Running {
  readonly tool: 'shell' | 'test' | 'refusal';
  readonly callId: string;
  exitCode: number | undefined;
}

class ToolReader {
  readonly #events: Draft[] = [];
  readonly #make: DraftMaker;
  #number: number;
  #skipped = 0;
  #edits: readonly OpenEdit[];
  #model: string | undefined;
  #running: Running | undefined;
  /** Lines that belong to what runs, or to nothing known yet. */
  #lines: string[] = [];

  constructor(number: number, state: ToolState, make: DraftMaker) {
    this.#number = number;
    this.#edits = state.edits;
    this.#model = state.model;
    this.#make = make;
  }

  line(text: string): void {
    this.#number += 1;
    if (this.#running?.tool === 'refusal' && AFTER_REFUSAL.test(text)) this.#settle();
    const tokens = tokensOf(text);
    const path = APPLIED.exec(text)?.[1];
    if (tokens !== undefined) {
      this.#settle();
      this.#events.push({ at: null, role: 'system', kind: 'usage', tokens, ...this.#named });
    } else if (path !== undefined) {
      this.#settle();
      this.#applied(path, text);
    } else if (FIX.test(text)) this.#failedCheck(FIX.exec(text)?.[1] ?? 'test');
    else if (this.#running?.tool === 'test') this.#output(text);
    else if (this.#running?.tool === 'refusal') this.#lines.push(text);
    else if (!this.#starts(text)) this.#plain(text);
  }

  end(): ToolReading {
    this.#settle();
    return { events: this.#events, tools: { edits: this.#edits, ...this.#named }, skipped: this.#skipped };
  }

  get #named(): { model?: string } {
    return this.#model === undefined ? {} : { model: this.#model };
  }

  #starts(text: string): boolean {
    const command = RUNNING.exec(text)?.[1];
    const test = TEST_COMMAND.exec(text)?.[1];
    if (command === undefined && test === undefined) return false;
    this.#settle();
    this.#run(command === undefined ? 'test' : 'shell', command ?? test ?? '');
    return true;
  }

  #run(tool: Running['tool'], command: string): void {
    const callId = `tool-${this.#number}`;
    const call = this.#make.call(null, { tool: 'shell', input: { command }, callId });
    this.#events.push({ ...call, tool });
    this.#running = { tool, callId, exitCode: undefined };
  }

  #output(text: string): void {
    this.#lines.push(text);
    const code = RETURN_CODE.exec(text)?.[1];
    if (code !== undefined && this.#running !== undefined) this.#running.exitCode = Number(code);
  }

  #plain(text: string): void {
    if (SETUP.test(text)) {
      this.#skipped += 1;
      this.#model = MODEL.exec(text)?.[1] ?? this.#model;
    } else if (GIVES_UP.test(text)) {
      this.#settle();
      this.#events.push(this.#make.error(null, 'system', text));
    } else if (INTERRUPTED.test(text)) {
      this.#settle();
      if (text.includes('KeyboardInterrupt'))
        this.#events.push(this.#make.system(null, '[Request interrupted by user]', 'user'));
    } else if (EDIT_REFUSED.test(text)) {
      this.#settle();
      this.#running = { tool: 'refusal', callId: '', exitCode: undefined };
      this.#lines.push(text);
    } else if (FAILURE.test(text) && this.#running === undefined) {
      this.#settle();
      this.#events.push(this.#make.error(null, 'system', text));
    } else if (QUESTION.test(text)) {
      this.#settle();
      this.#events.push(this.#make.system(null, text));
    } else this.#lines.push(text);
  }

  /** aider asks whether the model shall mend what its check of the edit has found: the check failed. */
  #failedCheck(what: string): void {
    if (this.#running === undefined) {
      const output = this.#takeLines();
      const callId = `tool-${this.#number}`;
      const call = this.#make.call(null, { tool: 'shell', input: { command: what }, callId });
      this.#events.push({ ...call, tool: what });
      this.#events.push(this.#make.result(null, { tool: what, callId, output, isError: true }));
    } else this.#settle(true);
  }

  /** Ends what runs with what it printed; lines of nothing known are kept as they are. */
  #settle(failed = false): void {
    const running = this.#running;
    const output = this.#takeLines();
    this.#running = undefined;
    if (running?.tool === 'refusal') this.#refused(output);
    else if (running !== undefined) {
      const { tool, callId, exitCode } = running;
      const isError = failed || (exitCode !== undefined && exitCode !== 0);
      this.#events.push(this.#make.result(null, { tool, callId, output, exitCode, isError }));
    } else if (output !== '') this.#events.push(this.#make.system(null, output));
  }

  #takeLines(): string {
    const text = this.#lines.join('\n').trim();
    this.#lines = [];
    return text;
  }

  /** All blocks of one file are applied together. Formats without blocks name the file here only. */
  #applied(path: string, output: string): void {
    const mine = this.#edits.filter(([edited]) => edited === path || path.endsWith(`/${edited}`));
    this.#edits = this.#edits.filter((edit) => !mine.includes(edit));
    if (mine.length === 0) {
      const callId = `tool-${this.#number}`;
      this.#events.push(this.#make.call(null, { tool: 'edit', input: { path }, callId }));
      this.#events.push(this.#make.result(null, { tool: 'edit', callId, output }));
    }
    for (const [, callId] of mine)
      this.#events.push(this.#make.result(null, { tool: 'edit', callId, output }));
  }

  /** What was not applied until now was refused. */
  #refused(output: string): void {
    if (this.#edits.length === 0) this.#events.push(this.#make.error(null, 'system', output));
    // Where the files of the blocks that failed are named, the blocks of other files were applied.
    const named = [...output.matchAll(FAILED_FILE)].map((match) => match[1]);
    for (const [path, callId] of this.#edits) {
      const isError = named.length === 0 || named.includes(path);
      this.#events.push(this.#make.result(null, { tool: 'edit', callId, output, isError }));
    }
    this.#edits = [];
  }
}

function tokensOf(text: string): Tokens | undefined {
  const old = USED_OF_OLD.exec(text);
  if (old !== null) {
    const cost = old[3] === undefined ? {} : { cost: Number(old[3]) };
    return { input: Number(old[1]), output: Number(old[2]), ...cost };
  }
  const used = USED.exec(text);
  if (used === null) return undefined;
  const tokens: Tokens = { input: countOf(used[1]), output: countOf(used[3]) };
  for (const [, count, what] of (used[2] ?? '').matchAll(CACHE)) {
    if (what === 'hit') tokens.cacheRead = countOf(count);
    else tokens.cacheWrite = countOf(count);
  }
  const cost = COST.exec(text)?.[1];
  if (cost !== undefined) tokens.cost = Number(cost);
  return tokens;
}

/** `18k` is 18,000: aider rounds what it prints. */
function countOf(text = ''): number {
  const factor = text.endsWith('k') ? 1000 : text.endsWith('M') ? 1_000_000 : 1;
  const count = Math.round(Number(text.replace(/[kM,]/g, '')) * factor);
  return Number.isSafeInteger(count) ? count : 0;
}
