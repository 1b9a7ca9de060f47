import { stat } from 'node:fs/promises';
import type { AgentSpec } from '../messages/agents.js';
import { parseWith, VigilError } from '../messages/errors.js';
import { LogSign } from '../messages/signs.js';
import { pathsOf } from './agent-logs.js';

export interface FollowerParts {
  /** Between two looks at a log that grows; one that stands still is looked at less often. */
  readonly everyMs: number;
  /** Where relative paths of an agent without a workspace start. */
  readonly cwd: string;
  /** Asks an agent's actor what the end of its log says. */
  glance(agent: string, epoch: number): Promise<unknown>;
  /** Tells the supervisor. */
  tell(agent: string, epoch: number, sign: LogSign): Promise<void>;
  failed(agent: string, error: unknown): void;
}

interface Followed {
  epoch: number;
  /** None: its lines come over the broker, and are told of by `touched`. */
  readonly paths: readonly string[];
  /** Sizes and times of the files as they were seen last; undefined before the first look. */
  seen: string | undefined;
  /** Monotonic: when it changed last, and when it is looked at next. */
  changedAt: number;
  dueAt: number;
  /** It has changed since it was glanced at. */
  changed: boolean;
  glancing: boolean;
  /** Monotonic: of the last glance. */
  glancedAt: number;
  told: { readonly standing: LogSign['standing']; readonly at: number } | undefined;
}

/** Files looked at together, and agents asked together: a large fleet takes a little longer, and nothing else waits. */
const LOOKS = 64;
const GLANCES = 4;
/** A log that stands still is looked at after a share of the time that it has, and never later than this many times `everyMs`. */
const QUIET_SHARE = 8;
const SLOWEST = 6;
/** What has not changed is told again this often while the log grows, so that its age is true. */
const REPEAT_MS = 10_000;

/**
 * Follows the logs of a host's agents between two monitoring cycles: a question or the end of a turn shows within seconds.
 * Costs one `stat` a file and look; only what grew is read, by its actor, and only what is new of it is told.
 */
export class LogFollower {
  readonly #parts: FollowerParts;
  readonly #agents = new Map<string, Followed>();
  readonly #timer: NodeJS.Timeout;
  #looking = false;
  #glancing = 0;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#look(), Math.max(50, parts.everyMs / 4));
  }

  /** @param epoch its placement here. */
  follow(spec: AgentSpec, epoch: number): void {
    const known = this.#agents.get(spec.id);
    if (known !== undefined) {
      known.epoch = epoch;
      // A supervisor that placed it anew may know nothing of it.
      known.told = undefined;
      return;
    }
    const now = performance.now();
    this.#agents.set(spec.id, {
      epoch,
      paths: spec.stream === true ? [] : pathsIn(spec, this.#parts.cwd),
      seen: undefined,
      changedAt: now,
      dueAt: now,
      changed: false,
      glancing: false,
      glancedAt: Number.NEGATIVE_INFINITY,
      told: undefined,
    });
  }

  unfollow(agent: string): void {
    this.#agents.delete(agent);
  }

  /** Lines of an agent came over the broker. */
  touched(agent: string): void {
    const followed = this.#agents.get(agent);
    if (followed === undefined) return;
    followed.changed = true;
    followed.changedAt = performance.now();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#agents.clear();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const now = performance.now();
      const due = [...this.#agents].filter(([, { dueAt, paths }]) => dueAt <= now && paths.length > 0);
      for (let i = 0; i < due.length; i += LOOKS)
        await Promise.all(due.slice(i, i + LOOKS).map(([, followed]) => this.#lookAt(followed)));
    } finally {
      this.#looking = false;
    }
    this.#glanceAtChanged();
  }

  async #lookAt(followed: Followed): Promise<void> {
    const seen = (await Promise.all(followed.paths.map(fingerprintOf))).join();
    const now = performance.now();
    const { everyMs } = this.#parts;
    // What stands in the log at the first look is for the first analysis to read.
    if (followed.seen !== undefined && followed.seen !== seen) {
      followed.changed = true;
      followed.changedAt = now;
    }
    followed.seen = seen;
    const quiet = (now - followed.changedAt) / QUIET_SHARE;
    followed.dueAt = now + Math.min(Math.max(everyMs, quiet), everyMs * SLOWEST);
  }

  /** Whoever was glanced at goes behind the others: a fleet that writes without a pause leaves nobody out. */
  #glanceAtChanged(): void {
    const now = performance.now();
    for (const [agent, followed] of [...this.#agents]) {
      if (this.#glancing >= GLANCES) return;
      if (!this.#isDue(followed, now)) continue;
      this.#agents.delete(agent);
      this.#agents.set(agent, followed);
      void this.#glanceAt(agent, followed);
    }
  }

  /**
   * Whoever asks or has done its work writes no more: a log that goes on growing is read only now and then, one that stops
   * or that somebody was waited for in, at once.
   */
  #isDue({ changed, glancing, glancedAt, changedAt, told }: Followed, now: number): boolean {
    const { everyMs } = this.#parts;
    if (!changed || glancing || now - glancedAt < everyMs) return false;
    const rests = told !== undefined && told.standing !== 'working';
    return rests || now - changedAt >= everyMs || now - glancedAt >= REPEAT_MS;
  }

  async #glanceAt(agent: string, followed: Followed): Promise<void> {
    const { glance, tell, failed } = this.#parts;
    this.#glancing++;
    followed.glancing = true;
    followed.glancedAt = performance.now();
    followed.changed = false;
    try {
      const { epoch } = followed;
      const sign = parseWith(LogSign, await glance(agent, epoch), 'sign');
      const { told } = followed;
      const now = performance.now();
      if (told?.standing === sign.standing && now - told.at < REPEAT_MS) {
        followed.changed = true;
        followed.glancedAt = told.at + REPEAT_MS - this.#parts.everyMs;
        return;
      }
      await tell(agent, epoch, sign);
      followed.told = { standing: sign.standing, at: now };
    } catch (error) {
      // Nothing readable yet, or an actor that is being moved: the next cycle sees it in any case.
      if (!(error instanceof VigilError)) failed(agent, error);
      else if (error.code !== 'UNREADABLE' && error.code !== 'NOT_FOUND') followed.changed = true;
    } finally {
      followed.glancing = false;
      this.#glancing--;
    }
    this.#glanceAtChanged();
  }
}

function pathsIn(spec: AgentSpec, cwd: string): readonly string[] {
  try {
    return pathsOf(spec, cwd);
  } catch {
    return []; // it names no logs: its analysis says so
  }
}

async function fingerprintOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${ino}:${size}:${mtimeMs}`;
  } catch {
    return '-'; // not there, or not to be read: that is for the reader to tell
  }
}
