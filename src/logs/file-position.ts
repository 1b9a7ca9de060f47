import type { Stats } from 'node:fs';
import { type FileHandle, readdir, stat as statOf } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { shortHash } from './fingerprint.js';

/** Which file was read, and up to where. A JSON value. */
export interface FilePosition {
  readonly dev: number;
  readonly ino: number;
  /** Bytes read and parsed. */
  readonly offset: number;
  /** Size and modification time when it was last looked at. */
  readonly size: number;
  readonly modifiedAt: number;
  /** Hash of the first `headBytes` bytes, and of the last bytes before `offset`. */
  readonly headBytes: number;
  readonly headHash: string;
  readonly tailHash: string;
}

const HEAD_BYTES = 1024;
const TAIL_BYTES = 64;
const NEWLINE = 0x0a;
/** Neighbours looked at for the rest of a rotated file. */
const MAX_NEIGHBOURS = 1024;
/** Clocks of file systems tick every few milliseconds: a file written this short ago may be written again unseen. */
const CLOCK_TICK_MS = 100;

/** Some of the bytes of a range that was read: those that a position behind its last whole line is known by. */
export interface Sample {
  /** The file's first bytes; undefined when the range starts behind them. */
  readonly head: Uint8Array | undefined;
  /** Where the last whole line of the range ends in the file, and the bytes before. */
  readonly end: number;
  readonly tail: Uint8Array;
}

/** Takes copies: the range itself goes to another thread. @param offset of the range in the file. */
export function sampleOf(bytes: Uint8Array, offset: number): Sample {
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  return {
    head: offset === 0 ? bytes.slice(0, HEAD_BYTES) : undefined,
    end: offset + end,
    tail: bytes.slice(Math.max(0, end - TAIL_BYTES), end),
  };
}

/**
 * Notes where reading stands. The fingerprints cover only what was read, which an append never changes. What `sample` or
 * the position before tells is not read again.
 */
export async function positionAt(
  handle: FileHandle,
  stats: Stats,
  offset: number,
  known: { readonly sample?: Sample | undefined; readonly before?: FilePosition | null | undefined } = {},
): Promise<FilePosition> {
  const { sample, before } = known;
  const headBytes = Math.min(HEAD_BYTES, offset);
  const tailBytes = Math.min(TAIL_BYTES, offset);
  const head = sample?.head?.subarray(0, headBytes);
  const tail = sample?.end === offset ? sample.tail : undefined;
  const [headHash, tailHash] = await Promise.all([
    head?.length === headBytes
      ? shortHash(head)
      : before?.headBytes === headBytes
        ? before.headHash
        : hashAt(handle, 0, headBytes),
    tail?.length === tailBytes ? shortHash(tail) : tailHashAt(handle, offset),
  ]);
  return {
    dev: stats.dev,
    ino: stats.ino,
    offset,
    size: stats.size,
    modifiedAt: stats.mtimeMs,
    headBytes,
    headHash,
    tailHash,
  };
}

export type Change =
  | 'unchanged' // nothing was written
  | 'continued' // the same content, possibly with more behind it
  | 'truncated' // the same file, shorter than what was read
  | 'rewritten' // the same file, other content
  | 'rotated'; // another file under the same name

/**
 * What happened to the file since. Inodes are used again at once by some file systems, and a file can be truncated and
 * grow past the old offset between two looks; so content decides, and the inode only says which change it was.
 */
export async function changeSince(position: FilePosition, handle: FileHandle, stats: Stats): Promise<Change> {
  const sameFile = stats.dev === position.dev && stats.ino === position.ino;
  const settled = Math.abs(Date.now() - stats.mtimeMs) > CLOCK_TICK_MS;
  const untouched = settled && stats.size === position.size && stats.mtimeMs === position.modifiedAt;
  if (sameFile && untouched) return 'unchanged';
  if (await continues(position, handle, stats))
    return stats.size === position.size ? 'unchanged' : 'continued';
  if (!sameFile) return 'rotated';
  return stats.size < position.offset ? 'truncated' : 'rewritten';
}

async function continues(position: FilePosition, handle: FileHandle, stats: Stats): Promise<boolean> {
  if (stats.size < position.offset) return false;
  const [headHash, tailHash] = await Promise.all([
    hashAt(handle, 0, position.headBytes),
    tailHashAt(handle, position.offset),
  ]);
  return headHash === position.headHash && tailHash === position.tailHash;
}

/** Path under which a rotated file lives on in the same folder (`agent.log.1`); undefined when it is not there. */
export async function findRotated(path: string, position: FilePosition): Promise<string | undefined> {
  const folder = dirname(path);
  const name = basename(path);
  const stem = name.replace(/(?<=.)\..*$/, '');
  const neighbours = (await readdir(folder)).filter((other) => other !== name && other.startsWith(stem));
  for (const neighbour of neighbours.slice(0, MAX_NEIGHBOURS)) {
    const candidate = join(folder, neighbour);
    const stats = await statOf(candidate).catch(() => undefined); // gone in between: then it is not the one
    if (stats?.isFile() === true && stats.dev === position.dev && stats.ino === position.ino)
      return candidate;
  }
  return undefined;
}

/** Reads up to `length` bytes at `offset` into memory of their own; fewer when the file ends before. */
export async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) return bytes.slice(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

function tailHashAt(handle: FileHandle, offset: number): Promise<string> {
  const bytes = Math.min(TAIL_BYTES, offset);
  return hashAt(handle, offset - bytes, bytes);
}

async function hashAt(handle: FileHandle, offset: number, length: number): Promise<string> {
  return shortHash(await readAt(handle, offset, length));
}
