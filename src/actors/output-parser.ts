import type { LogLimits } from '../logs/limits.js';
import { describeNote, NoteList } from '../logs/notes.js';
import type { Parse, ParseResult } from '../logs/parse-chunk.js';
import type { AgentEvent, LogFormat } from '../messages/agent-event.js';
import type { OutputLine } from '../messages/agent-wire.js';
import { outputRecord, recordStamp } from '../messages/output-record.js';

/** Reads the lines of one stream as the log that `vigil run` would have written of them. */
export class OutputParser {
  readonly #parse: Parse;
  readonly #limits: LogLimits;
  readonly #notes = new NoteList();
  #format: LogFormat | undefined;
  #state: unknown;

  constructor(parse: Parse, limits: LogLimits) {
    this.#parse = parse;
    this.#limits = limits;
  }

  get format(): LogFormat | undefined {
    return this.#format;
  }

  get notes(): string[] {
    return this.#notes.toArray().map(describeNote);
  }

  /** The events of these lines, their indexes from 0. */
  async parse(lines: readonly OutputLine[]): Promise<AgentEvent[]> {
    const text = lines
      .map((line) => `${outputRecord(recordStamp(timeOf(line), line.stream), line.text)}\n`)
      .join('');
    let result = await this.#run(text, this.#format);
    // What the lines are is known: a stream of records. A whole-document format cannot come over a wire.
    if (result.unit !== 'lines') result = await this.#run(text, 'jsonl');
    this.#format = result.format;
    this.#state = result.state;
    this.#notes.addAll(result.notes);
    return result.events;
  }

  #run(text: string, format: LogFormat | undefined): Promise<ParseResult> {
    // Memory of its own: it is handed over to the thread that parses.
    const bytes = new Uint8Array(Buffer.byteLength(text));
    Buffer.from(bytes.buffer).write(text);
    return this.#parse({
      format,
      state: format === undefined ? undefined : this.#state,
      bytes,
      atEnd: true,
      final: false,
      flush: false,
      modifiedAt: null,
      limits: this.#limits,
      baseIndex: 0,
    });
  }
}

/** The sender's time goes into a JSON text: only what is one. */
function timeOf({ at }: OutputLine): string {
  const time = Date.parse(at);
  return new Date(Number.isNaN(time) ? Date.now() : time).toISOString();
}
