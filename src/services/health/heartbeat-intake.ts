import { readJson } from '../../actors/runtime/wire.js';
import type { HeartbeatBook, Pulse } from '../../health/heartbeat-book.js';
import { Heartbeat } from '../../messages/agent-wire.js';
import type { Subjects } from '../../messages/subjects.js';

/** Agents that are not known yet and are looked up at the next check; more at once are counted as unknown. */
const MAX_NEWCOMERS = 20_000;

export interface IntakeParts {
  readonly subjects: Subjects;
  readonly book: HeartbeatBook;
  monotonic(): number;
  /** Those of `ids` that are on record. */
  known(ids: readonly string[]): ReadonlySet<string>;
  /** A heartbeat that tells something new. */
  heard(pulse: Pulse): void;
  /** A heartbeat of an instance that was replaced. */
  fenced(agent: string, instance: string): void;
}

export interface IntakeCounts {
  heartbeats: number;
  lost: number;
  duplicates: number;
  reordered: number;
  fenced: number;
  unknown: number;
  invalid: number;
}

/**
 * Takes heartbeats in. Whose a heartbeat is, is told by its subject, which the broker's permissions guard, and not by what
 * stands in it. Only agents on record have a place in memory.
 */
export class HeartbeatIntake {
  readonly #parts: IntakeParts;
  readonly #newcomers = new Map<string, Heartbeat>();
  readonly counts: IntakeCounts = {
    heartbeats: 0,
    lost: 0,
    duplicates: 0,
    reordered: 0,
    fenced: 0,
    unknown: 0,
    invalid: 0,
  };

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  take(subject: string, data: Uint8Array): void {
    const agent = this.#parts.subjects.heartbeatAgent(subject);
    const beat = Heartbeat.safeParse(readJson(data)).data;
    if (agent === undefined || beat === undefined) {
      this.counts.invalid++;
      return;
    }
    this.counts.heartbeats++;
    if (this.#parts.book.get(agent) !== undefined) this.#note(agent, beat);
    else if (this.#newcomers.size < MAX_NEWCOMERS || this.#newcomers.has(agent))
      this.#newcomers.set(agent, beat);
    else this.counts.unknown++;
  }

  /** Gives a place to the newcomers that are on record: one question for all of them. */
  adopt(): void {
    if (this.#newcomers.size === 0) return;
    const known = this.#parts.known([...this.#newcomers.keys()]);
    for (const [agent, beat] of this.#newcomers) {
      if (known.has(agent)) this.#note(agent, beat);
      else this.counts.unknown++;
    }
    this.#newcomers.clear();
  }

  #note(agent: string, beat: Heartbeat): void {
    const { book, monotonic, heard, fenced } = this.#parts;
    const lost = book.get(agent)?.lost ?? 0;
    const { kind, pulse } = book.take(agent, beat, monotonic(), Date.now());
    this.counts.lost += pulse.lost - lost;
    if (kind === 'duplicate') this.counts.duplicates++;
    else if (kind === 'reordered') this.counts.reordered++;
    else if (kind === 'fenced') {
      this.counts.fenced++;
      fenced(agent, beat.instance);
    } else if (kind !== 'rival') heard(pulse);
  }
}
