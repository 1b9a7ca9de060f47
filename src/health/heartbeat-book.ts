import type { Heartbeat } from '../messages/agent-wire.js';
import type { HealthLevel } from '../messages/health.js';
import { expectedMs, type LadderSettings, levelOf, missedIn } from './ladder.js';
import { arrive, beginSequence, type Sequence } from './sequence.js';

/** Replaced instances that are remembered for each agent. */
const MAX_FENCED = 8;

/** What is known of one agent by its heartbeats. Changed by the book only. */
export interface Pulse {
  readonly agent: string;
  /** The newest of the present instance, by its number. */
  beat: Heartbeat;
  /** Epoch milliseconds at which it came in. For people: intervals go by `heardAt`. */
  seenAt: number;
  /** Monotonic time of the latest sign of life; later than now while there is a time of grace. */
  heardAt: number;
  expected: number;
  sequence: Sequence;
  /** Instances that were replaced, the latest first. */
  fenced: readonly string[];
  instances: number;
  lost: number;
  duplicates: number;
  reordered: number;
  level: Exclude<HealthLevel, 'unwatched'>;
  missed: number;
  /** Is being restarted: another instance is expected, and its silence as well. */
  restarting: boolean;
  /** Was silent for long already when this process started: its silence is no news. */
  stale: boolean;
  /** Not yet written down. */
  dirty: boolean;
}

export type Taken =
  | { readonly kind: 'new' | 'first' | 'instance'; readonly pulse: Pulse }
  /** Changes nothing. `fenced`: of an instance that was replaced. `rival`: beside an instance that lives. */
  | { readonly kind: 'duplicate' | 'reordered' | 'fenced' | 'rival'; readonly pulse: Pulse };

export interface LevelChange {
  readonly pulse: Pulse;
  readonly previous: HealthLevel;
}

/** An agent's last heartbeat, as the record has it. */
export type StoredPulse = Pick<
  Pulse,
  'agent' | 'beat' | 'seenAt' | 'instances' | 'lost' | 'duplicates' | 'reordered'
>;

/**
 * The heartbeats of the fleet. Order is told by instance and number and never by a time that somebody states; time is
 * the caller's monotonic one.
 */
export class HeartbeatBook {
  readonly #settings: LadderSettings;
  readonly #pulses = new Map<string, Pulse>();

  constructor(settings: LadderSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#pulses.size;
  }

  get(agent: string): Pulse | undefined {
    return this.#pulses.get(agent);
  }

  all(): IterableIterator<Pulse> {
    return this.#pulses.values();
  }

  forget(agent: string): void {
    this.#pulses.delete(agent);
  }

  /**
   * Puts down what was known before this process started; each gets a new term from `now` on.
   *
   * @param stale the last heartbeat is too old for that: it counts for silent from the start.
   */
  restore(stored: StoredPulse, now: number, stale = false): void {
    this.#pulses.set(stored.agent, {
      ...stored,
      heardAt: now,
      expected: expectedMs(stored.beat, this.#settings),
      sequence: beginSequence(stored.beat.seq),
      fenced: [],
      level: stale && stored.beat.state !== 'exited' ? 'unresponsive' : 'ok',
      missed: 0,
      restarting: false,
      stale: stale && stored.beat.state !== 'exited',
      dirty: false,
    });
  }

  /** @param wall epoch milliseconds, for people. */
  take(agent: string, beat: Heartbeat, now: number, wall: number): Taken {
    const pulse = this.#pulses.get(agent);
    if (pulse === undefined) {
      this.restore({ agent, beat, seenAt: wall, instances: 1, lost: 0, duplicates: 0, reordered: 0 }, now);
      const first = this.#pulses.get(agent) as Pulse;
      first.dirty = true;
      return { kind: 'first', pulse: first };
    }
    if (beat.instance === pulse.beat.instance) return this.#next(pulse, beat, now, wall);
    if (pulse.fenced.includes(beat.instance)) return { kind: 'fenced', pulse };
    // Two that live at once are two runners of one agent: the first one stays until it falls silent.
    const ended = pulse.restarting || pulse.stale || pulse.beat.state === 'exited';
    if (!ended && this.#missed(pulse, now) === 0) return { kind: 'rival', pulse };
    pulse.fenced = [pulse.beat.instance, ...pulse.fenced].slice(0, MAX_FENCED);
    pulse.instances++;
    pulse.sequence = beginSequence(beat.seq);
    this.#hear(pulse, beat, now, wall);
    return { kind: 'instance', pulse };
  }

  /** Every agent's step on the ladder, in one pass. @returns those that changed. */
  check(now: number): LevelChange[] {
    const changes: LevelChange[] = [];
    for (const pulse of this.#pulses.values()) {
      if (pulse.stale) continue;
      pulse.missed = this.#missed(pulse, now);
      const level = levelOf(pulse.missed);
      if (level === pulse.level) continue;
      changes.push({ pulse, previous: pulse.level });
      pulse.level = level;
    }
    return changes;
  }

  /** Agents that would be unresponsive, without changing anything. */
  overdue(now: number): boolean {
    for (const pulse of this.#pulses.values())
      if (pulse.level !== 'unresponsive' && levelOf(this.#missed(pulse, now)) === 'unresponsive') return true;
    return false;
  }

  /** A time nobody watched: it is no silence of theirs. Where it is longer than an interval, a new term begins. */
  passOver(gapMs: number, now: number): void {
    for (const pulse of this.#pulses.values())
      pulse.heardAt = gapMs >= pulse.expected ? Math.max(pulse.heardAt, now) : pulse.heardAt + gapMs;
  }

  /** Everybody, or one, gets a new term that begins after the grace. */
  newTerm(now: number, graceMs = 0, agent?: string): void {
    const whose = agent === undefined ? this.#pulses.values() : [this.#pulses.get(agent)];
    for (const pulse of whose)
      if (pulse !== undefined) pulse.heardAt = Math.max(pulse.heardAt, now + graceMs);
  }

  #next(pulse: Pulse, beat: Heartbeat, now: number, wall: number): Taken {
    const arrival = arrive(pulse.sequence, beat.seq);
    if (arrival.kind === 'duplicate') {
      pulse.duplicates++;
      return { kind: 'duplicate', pulse };
    }
    if (arrival.kind === 'reordered') {
      pulse.reordered++;
      pulse.lost = Math.max(0, pulse.lost - 1);
      return { kind: 'reordered', pulse };
    }
    pulse.lost += arrival.lost;
    this.#hear(pulse, beat, now, wall);
    return { kind: 'new', pulse };
  }

  #hear(pulse: Pulse, beat: Heartbeat, now: number, wall: number): void {
    // A process that somebody else stopped does not live, whatever its runner says.
    const stopped = isStopped(beat);
    if (!stopped || !isStopped(pulse.beat)) pulse.heardAt = now;
    pulse.stale = false;
    pulse.beat = beat;
    pulse.seenAt = wall;
    pulse.expected = expectedMs(beat, this.#settings);
    pulse.dirty = true;
  }

  #missed(pulse: Pulse, now: number): number {
    return missedIn(now - pulse.heardAt, pulse.expected, this.#settings.toleranceMs);
  }
}

function isStopped({ state, pausedBy }: Heartbeat): boolean {
  return state === 'paused' && pausedBy === 'signal';
}
