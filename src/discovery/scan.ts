import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Root } from './roots.js';
import { isSubAgent } from './session-name.js';

/** A file that may be a session. */
export interface FoundFile {
  readonly path: string;
  readonly root: string;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

export interface Scan {
  /** The latest first. */
  readonly files: readonly FoundFile[];
  /** Every folder gone through. */
  readonly folders: readonly string[];
  /** Folders that could not be read. */
  readonly unreadable: readonly string[];
}

export interface ScanOptions {
  readonly subagents: boolean;
  /** Epoch milliseconds; what has not changed since is left out. */
  readonly changedAfter: number;
}

/** Claude Code is three folders deep, Codex four. */
const MAX_DEPTH = 8;

/** Looks through the roots for session files. Follows no symbolic link, opens nothing. */
export async function scan(roots: readonly Root[], options: ScanOptions): Promise<Scan> {
  const files = new Map<string, FoundFile>();
  const folders: string[] = [];
  const unreadable: string[] = [];
  const visit = async (folder: string, root: Root, depth: number): Promise<void> => {
    const entries = await entriesOf(folder, unreadable);
    if (entries === undefined) return;
    folders.push(folder);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && root.file === undefined && depth < MAX_DEPTH)
        await visit(path, root, depth + 1);
      else if (isWanted(entry, path, root, options)) {
        const modifiedAt = await modifiedAtOf(path);
        // A file that was named is meant, however old.
        const after = root.file === undefined ? options.changedAfter : 0;
        if (modifiedAt !== undefined && modifiedAt > after)
          files.set(path, { path, root: root.path, modifiedAt });
      }
    }
  };
  for (const root of roots) await visit(root.path, root, 0);
  return { files: [...files.values()].sort((a, b) => b.modifiedAt - a.modifiedAt), folders, unreadable };
}

function isWanted(entry: Dirent, path: string, root: Root, { subagents }: ScanOptions): boolean {
  if (!entry.isFile()) return false;
  if (root.file !== undefined) return entry.name === root.file;
  return entry.name.endsWith('.jsonl') && (subagents || !isSubAgent(path));
}

/** Undefined when the folder is gone, or cannot be read. */
async function entriesOf(folder: string, unreadable: string[]): Promise<Dirent[] | undefined> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') unreadable.push(folder);
    else if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    return undefined;
  }
}

/** Undefined when it is gone meanwhile. */
async function modifiedAtOf(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
