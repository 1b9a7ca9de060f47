import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { VigilError } from '../messages/errors.js';
import {
  changeSince,
  type FilePosition,
  findRotated,
  positionAt,
  readAt,
  type Sample,
  sampleOf,
} from './file-position.js';
import { WINDOW_BYTES } from './head.js';
import { type LogLimits, limitsFrom } from './limits.js';
import { type LogCursor, START } from './log-cursor.js';
import type { Parse, ParseResult } from './parse-chunk.js';
import { type LogRead, Step } from './read-step.js';
import { type OpenFile, safeOpen } from './safe-open.js';

export interface CollectorOptions {
  readonly path: string;
  /** The workspace that the file has to lie in. */
  readonly root?: string;
  /** Parses one range: `parseChunk` itself, or a pool that runs it. */
  readonly parse: Parse;
  readonly limits?: Partial<LogLimits>;
  /** Where an earlier collector of the same file stood. */
  readonly cursor?: LogCursor;
}

/**
 * Turns one log file into events as it grows. What a read costs follows what was written since, not the size of the
 * file (a whole-document log is read whole, but only when it was written to).
 *
 * A read either succeeds and moves the cursor, or throws and leaves it, so that no event is lost or doubled when
 * parsing fails. Reads of one collector run one after another.
 */
export class LogCollector {
  readonly #path: string;
  readonly #root: string | undefined;
  readonly #parse: Parse;
  readonly #limits: LogLimits;
  #cursor: LogCursor;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: CollectorOptions) {
    this.#path = options.path;
    this.#root = options.root;
    this.#parse = options.parse;
    this.#limits = limitsFrom(options.limits);
    // A cursor stored by an earlier version lacks what came since.
    this.#cursor = { ...START, ...options.cursor };
  }

  get path(): string {
    return this.#path;
  }

  get cursor(): LogCursor {
    return this.#cursor;
  }

  /**
   * Reads what is new.
   *
   * @param options.final the agent writes no more: take the half-written rest as well as it goes, and judge an empty
   * or unknown file now.
   * @throws VigilError NOT_FOUND (never was there), FORBIDDEN, UNREADABLE (empty, not a log), or what `parse` throws.
   */
  read(options: { readonly final?: boolean } = {}): Promise<LogRead> {
    const next = this.#last.then(() => this.#read(options.final ?? false));
    // Whoever called that read has its events, or was told: neither is kept here.
    this.#last = next.then(
      () => undefined,
      () => undefined,
    );
    return next;
  }

  async #read(final: boolean): Promise<LogRead> {
    const step = new Step(this.#cursor);
    const file = await this.#open(step);
    if (file === undefined) return this.#finish(step);
    const { handle, stats } = file;
    try {
      const quiet = await this.#follow(step, handle, stats);
      if (quiet && !final && !step.cursor.pending) return this.#finish(step);
      if (stats.size === 0 && step.cursor.format === null) {
        if (final && step.cursor.nextIndex === 0)
          throw new VigilError('UNREADABLE', `${this.#path} is empty`);
        step.move({ position: await positionAt(handle, stats, 0) });
        return this.#finish(step);
      }
      if (step.cursor.unit === 'document') await this.#readDocument(step, handle, stats, final, quiet);
      else await this.#readLines(step, handle, stats, final, quiet);
      return this.#finish(step);
    } finally {
      await handle.close();
    }
  }

  #finish(step: Step): LogRead {
    this.#cursor = step.cursor;
    return step.result();
  }

  /** Undefined when the file was there and is gone; noted the first time. */
  async #open(step: Step): Promise<OpenFile | undefined> {
    try {
      const file = await safeOpen(this.#path, this.#root);
      step.move({ seen: true });
      return file;
    } catch (error) {
      const gone = error instanceof VigilError && error.code === 'NOT_FOUND' && step.cursor.nextIndex > 0;
      if (!gone) throw error;
      if (step.cursor.seen) step.notes.add('the file is gone');
      step.move({ seen: false });
      return undefined;
    }
  }

  /** Sees what became of the file, and starts over where it has to. True: nothing was written. */
  async #follow(step: Step, handle: FileHandle, stats: Stats): Promise<boolean> {
    const position = step.cursor.position;
    if (position === null) return false;
    if (step.cursor.unit === 'document') {
      const same = position.ino === stats.ino && position.dev === stats.dev && position.size === stats.size;
      return same && position.modifiedAt === stats.mtimeMs;
    }
    const change = await changeSince(position, handle, stats);
    if (change === 'unchanged') return !step.cursor.behind;
    if (change === 'continued') return false;
    if (change === 'rotated') await this.#readRotatedRest(step, position);
    else {
      await this.#flush(step);
      step.restart();
      const what = change === 'truncated' ? 'truncated' : 'written anew';
      step.notes.add(`the file was ${what}: read again from its start`);
    }
    step.move({ position: null, format: null, state: null, pending: false, behind: false });
    return false;
  }

  /** The end of a file that was renamed away since the last read. */
  async #readRotatedRest(step: Step, position: FilePosition): Promise<void> {
    const path = await findRotated(this.#path, position);
    if (path === undefined) {
      await this.#flush(step);
      step.restart();
      step.notes.add('the file was rotated away: what was written to it since the last read is not known');
      return;
    }
    const { handle, stats } = await safeOpen(path, this.#root);
    try {
      if ((await changeSince(position, handle, stats)) !== 'rotated') {
        do await this.#readLines(step, handle, stats, true, false);
        while (step.takeMore());
      }
      step.notes.add('the file was rotated: read to its end, then on with the new one');
    } finally {
      await handle.close();
    }
  }

  /** Gives out what the parser holds back, when nothing can come that belongs to it. */
  async #flush(step: Step): Promise<void> {
    if (step.cursor.pending)
      step.take(await this.#parse(this.#request(step, new Uint8Array(), true, true, 0)));
  }

  async #readLines(
    step: Step,
    handle: FileHandle,
    stats: Stats,
    final: boolean,
    quiet: boolean,
  ): Promise<void> {
    const start = step.cursor.position?.offset ?? 0;
    let offset = start;
    let length =
      step.cursor.format === null ? Math.max(this.#limits.chunkBytes, WINDOW_BYTES) : this.#limits.chunkBytes;
    const before = step.cursor.position;
    let sample: Sample | undefined;
    for (let going = true; going; ) {
      const wanted = Math.max(0, Math.min(length, stats.size - offset));
      const bytes = await readAt(handle, offset, wanted);
      const size = bytes.length;
      const read = sampleOf(bytes, offset);
      const atEnd = size < wanted || offset + size >= stats.size;
      const result = await this.#parse(
        this.#request(step, bytes, atEnd, final && atEnd, stats.mtimeMs, quiet && atEnd),
      );
      step.bytesRead += size;
      if (result.unit === 'document' && result.consumed === 0 && !atEnd) {
        step.move({ unit: 'document', format: result.format ?? null });
        return this.#readDocument(step, handle, stats, final, quiet);
      }
      this.#take(step, result);
      offset += result.consumed;
      // The head is that of the first range, and of the file.
      sample = { ...read, head: sample?.head ?? read.head };
      // Nothing taken: one line is longer than the range. The parser lets it go by once it is over the limit.
      length = result.consumed === 0 ? length * 2 : this.#limits.chunkBytes;
      step.more = !atEnd && offset > start && step.bytesRead >= this.#limits.maxReadBytes;
      going = !atEnd && !step.more;
    }
    const position = await positionAt(handle, stats, offset, { sample, before });
    step.move({ position, behind: step.more });
  }

  async #readDocument(
    step: Step,
    handle: FileHandle,
    stats: Stats,
    final: boolean,
    quiet: boolean,
  ): Promise<void> {
    if (stats.size > this.#limits.maxDocumentBytes) {
      const limit = this.#limits.maxDocumentBytes;
      throw new VigilError(
        'UNREADABLE',
        `${this.#path} is one document of ${stats.size} bytes; at most ${limit} are read`,
      );
    }
    const bytes = await readAt(handle, 0, stats.size);
    step.bytesRead += bytes.length;
    this.#take(step, await this.#parse(this.#request(step, bytes, true, final, stats.mtimeMs, quiet)));
    step.move({ position: await positionAt(handle, stats, 0) });
  }

  #take(step: Step, result: ParseResult): void {
    if (result.unreadable !== undefined) {
      throw new VigilError('UNREADABLE', `${this.#path} ${result.unreadable}`);
    }
    step.take(result);
  }

  #request(
    step: Step,
    bytes: Uint8Array,
    atEnd: boolean,
    final: boolean,
    modifiedAt: number,
    flush = false,
  ): Parameters<Parse>[0] {
    const { format, state, nextIndex } = step.cursor;
    return {
      format: format ?? undefined,
      state: state ?? undefined,
      bytes,
      atEnd,
      final,
      flush,
      modifiedAt,
      limits: this.#limits,
      baseIndex: nextIndex,
    };
  }
}
