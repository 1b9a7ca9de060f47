import type { OutputStream } from '../messages/agent-wire.js';
import { messageOf } from '../messages/errors.js';
import { outputRecord, recordStamp } from '../messages/output-record.js';
import type { Echo } from './echo.js';
import type { LastLines } from './last-lines.js';
import { LineCutter } from './line-cutter.js';
import type { RotatingFile } from './rotating-file.js';
import type { OutputUplink } from './uplink.js';

export interface CaptureParts {
  readonly stream: OutputStream;
  readonly file: RotatingFile;
  readonly uplink: OutputUplink;
  readonly maxLineChars: number;
  readonly echo?: Echo;
  readonly lastLines?: LastLines;
  /** Says something to a person. */
  tell(text: string): void;
}

/**
 * Takes down one stream of an agent: each line a record in its file, the bytes as they are to the terminal, and a bounded
 * copy for the broker. The next bytes are read when these are written, so a flood fills the pipe and not the memory.
 */
export class Capture {
  readonly #parts: CaptureParts;
  /** Lines that the disk did not take. */
  #lost = 0;

  constructor(parts: CaptureParts) {
    this.#parts = parts;
  }

  /** Reads to the end of the stream. Never rejects: a stream that breaks has ended. */
  async follow(source: AsyncIterable<Uint8Array>): Promise<void> {
    const cutter = new LineCutter(this.#parts.maxLineChars);
    try {
      for await (const bytes of source) {
        await Promise.all([this.lines(cutter.push(bytes)), this.#parts.echo?.write(bytes)]);
      }
    } catch (error) {
      const held = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
      const why = held ? 'a process that left the agent behind still holds it' : messageOf(error);
      this.#parts.tell(`${this.#parts.stream} is not read to its end: ${why}`);
    }
    await this.lines(cutter.end());
  }

  /** Writes lines down as of now. Rejects never: a full disk costs the lines, not the agent. */
  async lines(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const { stream, file, uplink, tell, lastLines } = this.#parts;
    lastLines?.push(lines);
    const at = new Date().toISOString();
    uplink.offer(stream, at, lines);
    const stamp = recordStamp(at, stream);
    let records = '';
    for (const line of lines) records += `${outputRecord(stamp, line)}\n`;
    if (this.#lost > 0) records = `${lostRecord(stamp, this.#lost)}\n${records}`;
    try {
      await file.append(Buffer.from(records));
      this.#lost = 0;
    } catch (error) {
      if (this.#lost === 0)
        tell(`${file.path} cannot be written (${messageOf(error)}); its lines are counted`);
      this.#lost += lines.length;
    }
  }
}

/** Where lines are missing from a file, it says so once it can be written again. */
function lostRecord(stamp: string, lines: number): string {
  return `${stamp},"role":"system","level":"error","text":"${lines} lines could not be written"}`;
}
