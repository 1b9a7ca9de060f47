import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** How large a log of Vigil's own may get. */
export interface LogBounds {
  /** The file is rotated before it would grow over this. */
  readonly maxBytes: number;
  /** Files kept, the one being written included. */
  readonly maxFiles: number;
}

/**
 * A log file that is rotated by size: `supervisor.log` becomes `supervisor.log.1`, that one `.2`, and so on; the oldest
 * goes. Lines are written at once: the last one before a crash is the one that is wanted.
 *
 * A disk that takes nothing stops no work: lines are counted instead, and the next one that can be written is preceded
 * by their number.
 */
export class LogFile {
  readonly #path: string;
  readonly #bounds: LogBounds;
  #descriptor: number | undefined;
  #size = 0;
  #lost = 0;

  /** Throws when the folder or the file cannot be made: at start somebody is there to read that. */
  constructor(path: string, bounds: LogBounds) {
    this.#path = path;
    this.#bounds = bounds;
    mkdirSync(dirname(path), { recursive: true });
    this.#open();
  }

  /** @param line with its line break. */
  write(line: string): void {
    try {
      if (this.#descriptor === undefined) this.#open();
      const text = this.#lost === 0 ? line : `${lostLine(this.#lost)}${line}`;
      const bytes = Buffer.from(text);
      if (this.#size > 0 && this.#size + bytes.length > this.#bounds.maxBytes) this.#rotate();
      this.#append(bytes);
      this.#lost = 0;
    } catch {
      this.#lost++;
      this.#close();
    }
  }

  #append(bytes: Buffer): void {
    const descriptor = this.#descriptor as number;
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    } catch (error) {
      // A disk that fills up takes a part of a line first, and the next line would be glued to it.
      if (written > 0) ftruncateSync(descriptor, this.#size);
      throw error;
    }
    this.#size += written;
  }

  #rotate(): void {
    const { maxFiles } = this.#bounds;
    const nth = (n: number) => (n === 0 ? this.#path : `${this.#path}.${n}`);
    this.#close();
    rmSync(nth(maxFiles - 1), { force: true });
    for (let n = maxFiles - 2; n >= 0; n--) renameIfThere(nth(n), nth(n + 1));
    this.#open();
  }

  #open(): void {
    this.#descriptor = openSync(this.#path, 'a', 0o600);
    this.#size = fstatSync(this.#descriptor).size;
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function lostLine(lines: number): string {
  return `${JSON.stringify({ level: 50, time: Date.now(), pid: process.pid, lines, msg: 'lines before this could not be written' })}\n`;
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
