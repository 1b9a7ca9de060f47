import type { AgentEvent, LogFormat } from '../messages/agent-event.js';
import type { LogCursor } from './log-cursor.js';
import { describeNote, NoteList } from './notes.js';
import type { ParseResult } from './parse-chunk.js';

/** What one read of a log gave. */
export interface LogRead {
  /** New events. Their indexes follow on from the last read without a gap. */
  readonly events: AgentEvent[];
  /** There are new events. */
  readonly changed: boolean;
  /** `maxReadBytes` were read and there is more: read again. */
  readonly more: boolean;
  /** Undefined as long as too little is there to tell. */
  readonly format: LogFormat | undefined;
  /** What was odd, one sentence each. */
  readonly notes: readonly string[];
  /** Records of unknown kind, kept as `system` events. */
  readonly unknown: number;
  /** Bookkeeping records left out. */
  readonly skipped: number;
  readonly bytesRead: number;
}

/** What one read has gathered so far; becomes the collector's state only when the read succeeds. */
export class Step {
  readonly notes = new NoteList();
  readonly #events: AgentEvent[] = [];
  #unknown = 0;
  #skipped = 0;
  cursor: LogCursor;
  bytesRead = 0;
  more = false;

  constructor(cursor: LogCursor) {
    this.cursor = cursor;
  }

  move(change: Partial<LogCursor>): void {
    this.cursor = { ...this.cursor, ...change };
  }

  take(result: ParseResult): void {
    // Not spread into push: a chunk can hold more events than a call takes arguments.
    for (const event of result.events) this.#events.push(event);
    const [first] = result.events;
    // The collector itself made these events a moment ago: nobody else holds them yet.
    if (first !== undefined && this.cursor.restarted) first.session ??= `restart-${this.cursor.restarts}`;
    this.notes.addAll(result.notes);
    this.#unknown += result.unknown;
    this.#skipped += result.skipped;
    this.move({
      format: result.format ?? null,
      unit: result.unit ?? 'lines',
      state: result.state,
      pending: result.pending,
      nextIndex: this.cursor.nextIndex + result.events.length,
      restarted: this.cursor.restarted && first === undefined,
    });
  }

  /** The log is another one from here on, and is read from its start. */
  restart(): void {
    this.move({ restarts: this.cursor.restarts + 1, restarted: true });
  }

  /** Whether a bounded read stopped short; asks for the next part. */
  takeMore(): boolean {
    const { more } = this;
    this.more = false;
    return more;
  }

  result(): LogRead {
    return {
      events: this.#events,
      changed: this.#events.length > 0,
      more: this.more,
      format: this.cursor.format ?? undefined,
      notes: this.notes.toArray().map(describeNote),
      unknown: this.#unknown,
      skipped: this.#skipped,
      bytesRead: this.bytesRead,
    };
  }
}
