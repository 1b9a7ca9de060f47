import type { FileHandle } from 'node:fs/promises';
import { detectFormat } from '../logs/formats/formats.js';
import { readHead, WINDOW_BYTES } from '../logs/head.js';
import { safeOpen } from '../logs/safe-open.js';
import type { LogFormat } from '../messages/agent-event.js';

/** What the first records of a file say. */
export interface SessionHead {
  readonly format: LogFormat;
  /** Where a Codex session was started; its first record says so. */
  readonly cwd: string | undefined;
}

/**
 * Looks at the start of a file. Reads it as the agents' actors do: no link out of the root, nothing but a regular file.
 *
 * @returns undefined as long as its first record is not whole, and for what is no log.
 * @throws VigilError NOT_FOUND, FORBIDDEN, UNREADABLE.
 */
export async function readSessionHead(path: string, root: string): Promise<SessionHead | undefined> {
  const { handle } = await safeOpen(path, root);
  try {
    const head = readHead(await firstBytes(handle), false);
    const format = detectFormat(head)?.name;
    if (format === undefined) return undefined;
    const payload = head.objects[0]?.['payload'];
    const cwd = typeof payload === 'object' && payload !== null && 'cwd' in payload ? payload.cwd : undefined;
    return { format, cwd: typeof cwd === 'string' && cwd !== '' ? cwd : undefined };
  } finally {
    await handle.close();
  }
}

async function firstBytes(handle: FileHandle): Promise<Uint8Array> {
  const bytes = new Uint8Array(WINDOW_BYTES);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  return bytes.subarray(0, bytesRead);
}
