import type { Clock } from '../../actors/runtime/clock.js';
import type { HeartbeatBook, LevelChange, Pulse } from '../../health/heartbeat-book.js';
import { UNRESPONSIVE_AT } from '../../health/ladder.js';
import { type HoldState, holdAfter, type Silence } from '../../health/mass-hold.js';
import type { HealthSettings } from '../../settings/health.js';

export interface WatchParts {
  readonly book: HeartbeatBook;
  readonly settings: HealthSettings;
  readonly clock: Clock;
  /** Before each look. */
  adopt(): void;
  /** A round trip to the broker: what it had for this process has been taken in then. False: it does not answer. */
  probe(): Promise<boolean>;
  isPaused(agent: string): boolean;
  isEscalated(agent: string): boolean;
  changed(changes: readonly LevelChange[]): void;
  held(silence: Silence, agents: readonly string[]): void;
  released(silence: Silence, by: 'return' | 'person'): void;
  /** Silent, and nothing stands against a restart. Told at each look. */
  unresponsive(pulse: Pulse): void;
  failed(error: unknown): void;
}

/** Silent agents that are named when restarts are held. */
const NAMED = 20;
const SILENT_FROM = UNRESPONSIVE_AT - 1;

/**
 * Looks at the ladder again and again. Its own pauses are nobody's silence: a look that comes late (the process was
 * stopped, suspended, busy) moves everybody's term by the time it missed; while the broker is away nobody is judged; and
 * nobody is taken for unresponsive before the broker has answered, so that heartbeats under way have come in.
 */
export class HealthWatch {
  readonly #parts: WatchParts;
  #hold: HoldState = 'open';
  #silence: Silence = { watched: 0, silent: 0 };
  #connected = true;
  #pauses = 0;
  #closed = false;
  #cancel = () => {};

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#schedule();
  }

  get held(): boolean {
    return this.#hold === 'held';
  }

  get pauses(): number {
    return this.#pauses;
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  disconnected(): void {
    this.#connected = false;
  }

  /** The agents have to reconnect as well, each after a wait of its own. */
  reconnected(): void {
    const { book, clock, settings } = this.#parts;
    this.#connected = true;
    book.newTerm(clock.monotonic(), settings.reconnectGraceMs);
  }

  /** A person says that the silence is known: restarts go on. @returns whether they were held. */
  release(): boolean {
    if (this.#hold !== 'held') return false;
    this.#hold = 'overruled';
    this.#parts.released(this.#silence, 'person');
    return true;
  }

  #schedule(): void {
    const { clock, settings, failed } = this.#parts;
    const setAt = clock.monotonic();
    this.#cancel = clock.after(settings.checkMs, () => {
      this.#look(clock.monotonic() - setAt - settings.checkMs)
        .catch(failed)
        .finally(() => {
          if (!this.#closed) this.#schedule();
        });
    });
  }

  async #look(lateMs: number): Promise<void> {
    const { book, clock, settings, adopt, probe } = this.#parts;
    if (lateMs > settings.checkMs) {
      this.#pauses++;
      book.passOver(lateMs, clock.monotonic());
      return;
    }
    adopt();
    if (!this.#connected) return;
    if (book.overdue(clock.monotonic()) && !(await probe())) return;
    if (!this.#connected || this.#closed) return;
    this.#judge(clock.monotonic());
  }

  #judge(now: number): void {
    const { book, isPaused, changed, unresponsive } = this.#parts;
    const changes = book.check(now);
    if (changes.length > 0) changed(changes);
    this.#weigh(now);
    if (this.held) return;
    for (const pulse of book.all())
      if (pulse.level === 'unresponsive' && !pulse.stale && !pulse.restarting && !isPaused(pulse.agent))
        unresponsive(pulse);
  }

  /** How much of the fleet fell silent at once. Those silent for long are no part of it any more. */
  #weigh(now: number): void {
    const { book, settings, isPaused, isEscalated, held, released } = this.#parts;
    const silent: string[] = [];
    let watched = 0;
    for (const pulse of book.all()) {
      if (
        pulse.stale ||
        !Number.isFinite(pulse.expected) ||
        isPaused(pulse.agent) ||
        isEscalated(pulse.agent)
      )
        continue;
      const isSilent = pulse.missed >= SILENT_FROM;
      if (isSilent && now - pulse.heardAt > settings.holdWindowMs + UNRESPONSIVE_AT * pulse.expected) {
        // While restarts are held, those it is about are not forgotten.
        if (this.#hold === 'open') continue;
      }
      watched++;
      if (isSilent) silent.push(pulse.agent);
    }
    this.#silence = { watched, silent: silent.length };
    const before = this.#hold;
    this.#hold = holdAfter(before, this.#silence, settings);
    if (before === 'open' && this.#hold === 'held') held(this.#silence, silent.slice(0, NAMED));
    if (before === 'held' && this.#hold === 'open') {
      // What is still silent gets a new term: it may be on its way back as well.
      for (const agent of silent) book.newTerm(now, 0, agent);
      released(this.#silence, 'return');
    }
  }
}
