import { DraftMaker } from '../drafts.js';
import { FIRST_LINE, LineSplitter, type LineState } from '../line-splitter.js';
import { NoteList } from '../notes.js';
import { timeOf } from '../time.js';
import { readProse } from './aider-prose.js';
import { NO_TOOLS, readToolLines, type ToolState } from './aider-tools.js';
import { type Chunk, type Draft, erase, type Format, type Head, type Parsed } from './format.js';

/**
 * aider's `.aider.chat.history.md`: many chats in one file, each a session. A chat opens with its time, the only one
 * there is. `#### ` lines are what the person typed, `> ` lines what aider and the programs it ran printed, the rest is
 * the model's prose with its edits in SEARCH/REPLACE blocks.
 *
 * What aider writes itself ends with two spaces (a line break in Markdown); headings and quotes in the model's prose do
 * not, which tells them apart.
 */

type BlockKind = 'user' | 'tool' | 'prose';

/** Lines of one speaker that more may be added to. */
interface Block {
  readonly kind: BlockKind;
  /** Its first line, from 1. */
  readonly number: number;
  readonly lines: string[];
  chars: number;
  /** A message of aider's over several lines, of which only the first has its `> `: it goes on. */
  open: boolean;
}

interface AiderState {
  readonly line: LineState;
  readonly block: Block | null;
  readonly tools: ToolState;
}

/** A block is closed at this size, so that one that never ends cannot pile up. */
const MAX_BLOCK_CHARS = 256 * 1024;

const CHAT = /^# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*$/;
const USER = /^#### (.*) {2}$/;
const TOOL = /^> ?(.*)$/;
/** Its reasons for refusing edits quote them: what follows up to the next line break of aider's is no prose. */
const LONG_MESSAGE = /^> (# \d{1,4} SEARCH\/REPLACE blocks? failed\b.*)$/;
/** Head lines of a chat; a file whose first chat line was cut off is known by them. */
const HEAD_LINE = /^> (?:Aider v\d|Models?: |Main model: |Git repo: |Repo-map: )/;

function detect(head: Head): number {
  if (head.objects.length > 0) return 0;
  if (head.lines.some((line) => CHAT.test(line))) return 0.95;
  const heads = head.lines.filter((line) => HEAD_LINE.test(line)).length;
  return heads >= 2 ? 0.8 : 0;
}

function parse(chunk: Chunk, state: AiderState | undefined): Parsed<AiderState> {
  const notes = new NoteList();
  const splitter = new LineSplitter(
    chunk.bytes,
    state?.line ?? FIRST_LINE,
    { maxLineBytes: chunk.limits.maxTextLineBytes, overlong: 'cut', takeRest: chunk.final },
    notes,
  );
  const reader = new AiderReader(new DraftMaker(chunk.limits.maxFieldChars), state);
  for (const line of splitter) reader.line(splitter.textOf(line), line.number);
  if (chunk.final || chunk.flush) reader.close();
  return {
    events: reader.events,
    state: { line: splitter.state, block: reader.block, tools: reader.tools },
    consumed: splitter.consumed,
    unknown: 0,
    skipped: reader.skipped,
    notes: notes.toArray(),
    pending: reader.block !== null,
  };
}

export const aider: Format = erase<AiderState>({ name: 'aider', unit: 'lines', detect, parse });

class AiderReader {
  readonly events: Draft[] = [];
  skipped = 0;
  block: Block | null;
  tools: ToolState;
  readonly #make: DraftMaker;

  constructor(make: DraftMaker, state: AiderState | undefined) {
    this.#make = make;
    this.tools = state?.tools ?? NO_TOOLS;
    const block = state?.block ?? null;
    this.block = block === null ? null : { ...block, lines: [...block.lines] };
  }

  line(text: string, number: number): void {
    const started = CHAT.exec(text)?.[1];
    if (started !== undefined) {
      this.#chat(started);
      return;
    }
    if (this.block?.open === true) {
      this.block.open = !text.endsWith('  ');
      this.#add('tool', text.trimEnd(), number);
      return;
    }
    const long = text.endsWith('  ') ? undefined : LONG_MESSAGE.exec(text)?.[1];
    if (long !== undefined) {
      this.#add('tool', long, number);
      if (this.block !== null) this.block.open = true;
      return;
    }
    const asked = USER.exec(text)?.[1];
    // Inside a SEARCH/REPLACE block `>>>>>>> REPLACE` is its end, and a quote is text.
    const tool = text.endsWith('  ') || text === '>' ? TOOL.exec(text)?.[1] : undefined;
    if (asked !== undefined) this.#add('user', asked, number);
    else if (tool !== undefined) this.#add('tool', tool.trimEnd(), number);
    else if (text.trim() !== '') this.#add('prose', text, number);
    else this.#blank(number);
  }

  /** A blank line ends what a person typed and what a tool printed; in prose it is a paragraph. */
  #blank(number: number): void {
    if (this.block?.kind === 'prose') this.#add('prose', '', number);
    else this.close();
  }

  #chat(started: string): void {
    this.close();
    this.tools = NO_TOOLS;
    const event = this.#make.system(timeOf(started), `aider chat started at ${started}`);
    this.events.push({ ...event, session: started });
  }

  #add(kind: BlockKind, text: string, number: number): void {
    const block = this.block;
    if (block === null || block.kind !== kind || block.chars + text.length > MAX_BLOCK_CHARS) {
      this.close();
      this.block = { kind, number, lines: [text], chars: text.length, open: false };
      return;
    }
    block.lines.push(text);
    block.chars += text.length;
  }

  close(): void {
    const block = this.block;
    this.block = null;
    if (block === null) return;
    if (block.kind === 'user') this.#user(block.lines.join('\n'));
    else if (block.kind === 'prose') {
      const { events, edits } = readProse(block.lines, `line-${block.number}`, this.#make);
      this.tools = { ...this.tools, edits };
      for (const event of events) this.events.push(event);
    } else {
      const { events, tools, skipped } = readToolLines(block.lines, block.number, this.tools, this.#make);
      this.tools = tools;
      this.skipped += skipped;
      for (const event of events) this.events.push(event);
    }
  }

  /** A slash command steers aider itself, unless it is one that hands its text to the model. */
  #user(text: string): void {
    // An answer to a question of aider's that it did not take.
    const answer = /\(Y\)es\/\(N\)o/.test(text);
    const command = /^[/!](\w[\w-]{0,31})(?:\s|$)/.exec(text);
    const request = /^\/(?:ask|code|architect|context)\s+(?=\S)/.exec(text);
    if (request !== null) this.events.push(this.#make.message(null, 'user', text.slice(request[0].length)));
    else if (answer || command !== null) this.events.push(this.#make.system(null, text, 'user'));
    else this.events.push(this.#make.message(null, 'user', text));
  }
}
