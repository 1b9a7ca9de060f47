import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { LogPlace } from '../messages/agent-event.js';
import type { Place } from '../messages/agents.js';
import { safeOpen } from './safe-open.js';

/** How long what was seen is taken for what is. */
const FRESH_MS = 30_000;
const MAX_LEVELS = 64;
const MAX_FILE_BYTES = 65_536;
const MAX_TEXT = 200;

/** Where an agent works: the folder and branch that its log names, and the repository that the folder lies in. */
export class PlaceFinder {
  #said: LogPlace = {};
  readonly #cwd: string | undefined;
  #found: { readonly at: number; readonly place: Place | null } | undefined;

  /** @param cwd where it works as long as its log says nothing. */
  constructor(cwd: string | undefined) {
    this.#cwd = cwd;
  }

  /** What the log has said so far. */
  get told(): LogPlace {
    return this.#said;
  }

  said(place: LogPlace): void {
    this.#said = place;
    this.#found = undefined;
  }

  /** Null when nothing says where. Costs a few small reads, at most every half minute. */
  async find(): Promise<Place | null> {
    const now = performance.now();
    if (this.#found === undefined || now - this.#found.at > FRESH_MS)
      this.#found = { at: now, place: await this.#look() };
    return this.#found.place;
  }

  async #look(): Promise<Place | null> {
    const folder = this.#said.cwd ?? this.#cwd;
    if (folder === undefined) return null;
    const seen = isAbsolute(folder) ? await repositoryAt(folder) : undefined;
    const named = this.#said.repository === undefined ? undefined : nameOf(this.#said.repository);
    // A branch that a log names is of when it was written; what is checked out is of now.
    const branch = seen === undefined ? (this.#said.branch ?? null) : seen.branch;
    return {
      repository: named ?? seen?.name ?? null,
      branch: branch === null ? null : branch.slice(0, MAX_TEXT),
      folder: folder.slice(0, 4_096),
    };
  }
}

/** The repository that a folder lies in; undefined where there is none, or it cannot be read. */
export async function repositoryAt(
  folder: string,
): Promise<{ readonly name: string; readonly branch: string | null } | undefined> {
  let top = folder;
  for (let level = 0; level < MAX_LEVELS; level++) {
    const git = await gitFolder(join(top, '.git'));
    const head = git === undefined ? undefined : await textOf(join(git, 'HEAD'));
    if (git !== undefined && head !== undefined) {
      const branch = /^ref: refs\/heads\/(.+)$/m.exec(head)?.[1] ?? null;
      return { name: (await remoteName(git)) ?? basename(top).slice(0, MAX_TEXT), branch };
    }
    const parent = dirname(top);
    if (parent === top) return undefined;
    top = parent;
  }
  return undefined;
}

/** A worktree has a file in its place that names the folder. */
async function gitFolder(path: string): Promise<string | undefined> {
  const text = await textOf(path);
  if (text === undefined) return path;
  const named = /^gitdir: (.+)$/m.exec(text)?.[1];
  return named === undefined ? undefined : resolve(dirname(path), named);
}

async function remoteName(git: string): Promise<string | undefined> {
  const common = (await textOf(join(git, 'commondir')))?.trim();
  const config = await textOf(join(common === undefined ? git : resolve(git, common), 'config'));
  const section = /^\[remote "origin"\]\n((?:[ \t].*\n?)*)/m.exec(config ?? '')?.[1];
  const url = /^\s*url\s*=\s*(\S+)/m.exec(section ?? '')?.[1];
  return url === undefined ? undefined : nameOf(url);
}

/** `owner/name` of an address; never what stands before a host, which may be a password. */
function nameOf(url: string): string | undefined {
  const path = url
    .replace(/[?#].*$/s, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  const name = /([^/:@\s]+)[/:]([^/:@\s]+)$/.exec(path);
  if (name === null) return undefined;
  const local = /^(?:file:|[/.~])/.test(url);
  return (local ? (name[2] ?? '') : `${name[1]}/${name[2]}`).slice(0, MAX_TEXT);
}

/** Undefined for what is no small regular file that may be read. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    const { handle } = await safeOpen(path);
    try {
      const bytes = new Uint8Array(MAX_FILE_BYTES);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      return Buffer.from(bytes.subarray(0, bytesRead)).toString('utf8');
    } finally {
      await handle.close();
    }
  } catch {
    // Nothing there, or nothing for us: the agent has a folder and no repository.
    return undefined;
  }
}
