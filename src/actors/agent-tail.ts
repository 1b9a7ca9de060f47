import type { AgentEvent } from '../messages/agent-event.js';
import type { AgentSpec } from '../messages/agents.js';
import type { Tail, TailRequest } from '../messages/requests.js';
import type { LogReader } from './log-reader.js';
import { OlderEvents } from './older-events.js';

/** Largest number of events that can be asked for; older ones are read anew when somebody wants them. */
const MAX_EVENTS = 1_000;
/** A reply is bounded by its size as well: older events are left out. */
const MAX_REPLY_CHARS = 512 * 1024;
/** Nobody has asked for this long: what was kept is let go. */
const IDLE_MS = 60_000;

/**
 * The end of an agent's event stream, for people who look at it. Has a reader of its own, because the judge folds the
 * events it has read into a trajectory and keeps none; follows the log from the first question on, so that asking again
 * costs what is new, and lets go of it when nobody asks any more.
 */
export class AgentTail {
  readonly #open: () => LogReader;
  readonly #older: OlderEvents | undefined;
  #reader: LogReader | undefined;
  #events: AgentEvent[] = [];
  #next = 0;
  #notes: readonly string[] = [];
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(spec: AgentSpec, openLogs: (spec: AgentSpec) => LogReader) {
    this.#open = () => openLogs(spec);
    // What an agent without files has said is gone once it was read.
    this.#older = spec.stream === true ? undefined : new OlderEvents(this.#open);
  }

  /** Reads what is new. Questions are answered one after another. @throws VigilError what reading throws. */
  read(request: TailRequest, signal: AbortSignal): Promise<Tail> {
    const next = this.#last.then(() => this.#read(request, signal));
    // Whoever asked has the answer, or was told: neither is kept here.
    this.#last = next.then(
      () => undefined,
      () => undefined,
    );
    return next;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#last;
    await this.#letGo();
  }

  async #read(request: TailRequest, signal: AbortSignal): Promise<Tail> {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#last = this.#last.then(() => this.#letGo());
    }, IDLE_MS).unref();
    this.#reader ??= this.#open();
    const { notes } = await this.#reader.read((events) => {
      this.#events = [...this.#events, ...events.slice(-MAX_EVENTS)].slice(-MAX_EVENTS);
    }, signal);
    this.#next = (this.#events.at(-1)?.index ?? this.#next - 1) + 1;
    this.#notes = notes;
    const wanted = await this.#wanted(request, signal);
    return { events: fitting(wanted), next: this.#next, notes: [...this.#notes] };
  }

  async #wanted({ last, after, before }: TailRequest, signal: AbortSignal): Promise<readonly AgentEvent[]> {
    const kept = this.#events.filter(
      ({ index }) => (after === undefined || index > after) && (before === undefined || index < before),
    );
    if (before === undefined || after !== undefined || kept.length > 0) return kept.slice(-last);
    return (await this.#older?.read(before, last, signal)) ?? [];
  }

  async #letGo(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#events = [];
    this.#older?.letGo();
    this.#next = 0;
    await reader?.close();
  }
}

/** The newest of them that fit a reply. */
function fitting(events: readonly AgentEvent[]): AgentEvent[] {
  let chars = 0;
  let first = events.length;
  while (first > 0) {
    chars += JSON.stringify(events[first - 1]).length;
    if (chars > MAX_REPLY_CHARS) break;
    first -= 1;
  }
  return events.slice(first);
}
