import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const MAX_BYTES = 4_096;

/** The branch that a working tree has checked out; undefined when it is none, is detached, or cannot be read. */
export async function headBranch(workspace: string): Promise<string | undefined> {
  const direct = await firstLine(join(workspace, '.git', 'HEAD'));
  const head = direct ?? (await worktreeHead(workspace));
  return /^ref: refs\/heads\/(.+)$/.exec(head ?? '')?.[1];
}

/** In a linked working tree `.git` is a file that says where the rest is. */
async function worktreeHead(workspace: string): Promise<string | undefined> {
  const folder = /^gitdir: (.+)$/.exec((await firstLine(join(workspace, '.git'))) ?? '')?.[1];
  return folder === undefined ? undefined : firstLine(join(resolve(workspace, folder), 'HEAD'));
}

/** Of a plain file: nothing else is opened, a pipe would never end. */
async function firstLine(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) return undefined;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead).split('\n', 1)[0]?.trimEnd();
    } finally {
      await file.close();
    }
  } catch {
    // A workspace that is gone or closed to us has no branch to tell of.
    return undefined;
  }
}
