import { lstat } from 'node:fs/promises';
import type { AgentSpec } from '../messages/agents.js';
import { VigilError } from '../messages/errors.js';
import type { Root } from './roots.js';
import { type FoundFile, scan } from './scan.js';
import { readSessionHead } from './session-head.js';
import { distinctId, sessionId } from './session-name.js';

export interface SessionsOptions {
  readonly roots: readonly Root[];
  readonly subagents: boolean;
  /** A session that has not changed for this long is over. */
  readonly inactiveAfterMs: number;
  /** The latest ones count. */
  readonly maxSessions: number;
  /** Label of the hosts on this machine. */
  readonly label: string | undefined;
  /** Epoch milliseconds, as files are dated. */
  now(): number;
}

/** What is different from the look before. */
export interface Changes {
  readonly appeared: readonly AgentSpec[];
  /** Ids of sessions that are over or gone. */
  readonly ended: readonly string[];
  /** Every folder gone through. */
  readonly folders: readonly string[];
  /** What a person should know, one sentence each. */
  readonly notes: readonly string[];
}

/** Files that hold no session, looked at once more when they have changed. */
const MAX_REMEMBERED = 10_000;

/**
 * A log that is rotated is away until its writer's next line, a second or two. A change of a folder is looked at at once
 * and maybe again and again, and a machine that slept looks once after a long time: it takes both to be gone.
 */
const GONE_LOOKS = 3;
const GONE_MS = 3_000;

interface Missing {
  readonly looks: number;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** The sessions that are going on below some roots. Each keeps its id for as long as it is looked at. */
export class Sessions {
  readonly #options: SessionsOptions;
  /** By path. */
  readonly #active = new Map<string, AgentSpec>();
  /** Those whose file was away at the last look, by path. */
  readonly #missing = new Map<string, Missing>();
  /** Modification time at which a file was no session. */
  readonly #others = new Map<string, number>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get ids(): string[] {
    return [...this.#active.values()].map(({ id }) => id);
  }

  /** How many are looked for once more before they are let go. */
  get missing(): number {
    return this.#missing.size;
  }

  get specs(): readonly AgentSpec[] {
    return [...this.#active.values()];
  }

  /** Looks once. */
  async look(): Promise<Changes> {
    const { roots, subagents, inactiveAfterMs, maxSessions, now } = this.#options;
    const found = await scan(roots, { subagents, changedAfter: now() - inactiveAfterMs });
    const notes = found.unreadable.map((folder) => `${folder} cannot be read; mend its rights`);
    const appeared: AgentSpec[] = [];
    const present = new Set<string>();
    let omitted = 0;
    for (const file of found.files) {
      if (present.size >= maxSessions) omitted++;
      else if (this.#active.has(file.path)) present.add(file.path);
      else {
        const spec = await this.#sessionIn(file);
        if (spec === undefined) continue;
        present.add(file.path);
        this.#active.set(file.path, spec);
        appeared.push(spec);
      }
    }
    if (omitted > 0)
      notes.push(`${omitted} more files are not watched: more than watch.maxSessions (${maxSessions})`);
    return { appeared, ended: await this.#end(present), folders: found.folders, notes };
  }

  async #end(present: ReadonlySet<string>): Promise<string[]> {
    const ended: string[] = [];
    for (const [path, { id }] of [...this.#active]) {
      if (present.has(path)) this.#missing.delete(path);
      else if (!(await this.#isAwaited(path))) {
        this.#active.delete(path);
        this.#missing.delete(path);
        ended.push(id);
      }
    }
    return ended;
  }

  /** Whether its file is away, and may yet come again. */
  async #isAwaited(path: string): Promise<boolean> {
    if (!(await isAway(path))) return false;
    const now = this.#options.now();
    const { looks, since } = this.#missing.get(path) ?? { looks: 0, since: now };
    this.#missing.set(path, { looks: looks + 1, since });
    return looks + 1 < GONE_LOOKS || now - since < GONE_MS;
  }

  /** Undefined for what is no session, or none yet. */
  async #sessionIn(file: FoundFile): Promise<AgentSpec | undefined> {
    if (this.#others.get(file.path) === file.modifiedAt) return undefined;
    const head = await headOf(file);
    const named = this.#options.roots.some((root) => root.file !== undefined && root.path === file.root);
    if (head === undefined || !(named || head.format === 'claude-code' || head.format === 'codex')) {
      if (this.#others.size >= MAX_REMEMBERED) this.#others.clear();
      this.#others.set(file.path, file.modifiedAt);
      return undefined;
    }
    const { label } = this.#options;
    const wanted = sessionId(file.path, head.cwd);
    const taken = [...this.#active.values()].some(({ id }) => id === wanted);
    return {
      id: taken ? distinctId(wanted, file.path) : wanted,
      logs: [file.path],
      workspace: file.root,
      ...(label === undefined ? {} : { label }),
    };
  }
}

async function isAway(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}

/** A file that cannot be opened is looked at again when it has changed. */
async function headOf(file: FoundFile) {
  try {
    return await readSessionHead(file.path, file.root);
  } catch (error) {
    if (error instanceof VigilError) return undefined;
    throw error;
  }
}
