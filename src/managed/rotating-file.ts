import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { VigilError } from '../messages/errors.js';

export interface RotatingFileOptions {
  readonly path: string;
  /** The file is rotated before it would grow over this. */
  readonly maxBytes: number;
  /** Files kept, this one included. */
  readonly maxFiles: number;
}

/**
 * A file that is appended to and rotated by size: `stdout.jsonl` becomes `stdout.jsonl.1`, that one `.2`, and so on; the
 * oldest goes. A rename keeps the inode, so whoever reads along can finish the old file first.
 *
 * One append at a time is written, each whole: whoever awaits it is held back to the speed of the disk.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #handle: FileHandle;
  #size: number;
  #last: Promise<void> = Promise.resolve();

  private constructor(options: RotatingFileOptions, handle: FileHandle, size: number) {
    this.#options = options;
    this.#handle = handle;
    this.#size = size;
  }

  /** @throws VigilError BAD_REQUEST when the file cannot be written. */
  static async open(options: RotatingFileOptions): Promise<RotatingFile> {
    const handle = await openForAppend(options.path);
    return new RotatingFile(options, handle, (await handle.stat()).size);
  }

  get path(): string {
    return this.#options.path;
  }

  /** @param bytes whole lines. Rejects when they could not be written; the next append tries again. */
  append(bytes: Uint8Array): Promise<void> {
    const next = this.#last.then(() => this.#append(bytes));
    this.#last = next.catch(() => undefined); // whoever appended was told
    return next;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#handle.close();
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      const room = this.#options.maxBytes - this.#size;
      const end = rest.length <= room ? rest.length : linesWithin(rest, room);
      if (end === 0 && this.#size > 0) await this.#rotate();
      else {
        // One line that is longer than the bound has to go somewhere.
        const part = rest.subarray(0, end === 0 ? firstLine(rest) : end);
        await this.#write(part);
        rest = rest.subarray(part.length);
      }
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, written);
      written += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  async #rotate(): Promise<void> {
    const { path, maxFiles } = this.#options;
    const nth = (n: number) => (n === 0 ? path : `${path}.${n}`);
    await rm(nth(maxFiles - 1), { force: true });
    for (let n = maxFiles - 2; n >= 0; n--) await renameIfThere(nth(n), nth(n + 1));
    const old = this.#handle;
    this.#handle = await openForAppend(path);
    this.#size = 0;
    await old.close();
  }
}

const NEWLINE = 0x0a;

/** Length of the whole lines in the first `room` bytes. */
function linesWithin(bytes: Uint8Array, room: number): number {
  return room <= 0 ? 0 : bytes.lastIndexOf(NEWLINE, room - 1) + 1;
}

function firstLine(bytes: Uint8Array): number {
  const at = bytes.indexOf(NEWLINE);
  return at === -1 ? bytes.length : at + 1;
}

async function openForAppend(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a', 0o600);
  } catch (error) {
    throw new VigilError(
      'BAD_REQUEST',
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code}); name another folder with --log-dir`,
      { cause: error },
    );
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
