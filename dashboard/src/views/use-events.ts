import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AgentEvent } from '../../../src/messages/agent-event';
import { get } from '../state/api';
import { onEvent } from '../state/live';

export interface EventLogState {
  /** Without gaps, in the order of the log. */
  readonly events: readonly AgentEvent[];
  /** How much of it this is. */
  readonly text: string;
  /** There are older ones, and room for them. */
  readonly hasOlder: boolean;
}

export interface EventLog extends EventLogState {
  /** Gets some of the ones before. Asked again meanwhile, it does nothing. */
  readonly older: () => void;
}

interface Tail {
  readonly events: readonly AgentEvent[];
  readonly next: number;
}

const AT_ONCE = 1_000;
/** Kept while it grows; older ones go, and none are got beyond it. */
const MAX_KEPT = 20_000;
const EVERY_MS = 5_000;
const NOTHING: EventLogState = { events: [], text: 'reading…', hasOlder: false };

/** The end of an agent's events, what comes while the page is open, and what was before as far as somebody goes back. */
export function useEvents(id: string): EventLog {
  const [state, setState] = useState<EventLogState>(NOTHING);
  const reader = useMemo(() => new EventReader(id, setState), [id]);
  useEffect(() => {
    setState(NOTHING);
    const read = () => reader.newer();
    read();
    const timer = setInterval(read, EVERY_MS);
    const end = onEvent(({ subject }) => {
      if (subject === `result.analysis.${id}`) read();
    });
    return () => {
      reader.end();
      clearInterval(timer);
      end();
    };
  }, [id, reader]);
  return { ...state, older: reader.older };
}

/** One request after another: a page that is put before the others belongs to the same log as they do. */
class EventReader {
  readonly #path: string;
  readonly #tell: (state: EventLogState) => void;
  #events: readonly AgentEvent[] = [];
  #next = 0;
  #atStart = false;
  #waiting = { newer: false, older: false };
  #last: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(id: string, tell: (state: EventLogState) => void) {
    this.#path = `/api/agents/${encodeURIComponent(id)}/events?last=${AT_ONCE}`;
    this.#tell = tell;
  }

  newer(): void {
    this.#read('newer', async () => {
      const tail = await get<Tail>(
        this.#events.length === 0 ? this.#path : `${this.#path}&after=${this.#next - 1}`,
      );
      const isNew = tail.events.length > 0 || tail.next !== this.#next;
      // The log was begun anew, or more came than one answer holds: what we have does not reach up to this.
      const isApart = tail.next < this.#next || (tail.events[0]?.index ?? this.#next) > this.#next;
      if (isApart) {
        this.#events = [];
        this.#atStart = false;
      }
      this.#next = tail.next;
      if (!isNew && this.#events.length > 0) return false;
      this.#events = [...this.#events, ...tail.events].slice(-MAX_KEPT);
      return true;
    });
  }

  readonly older = (): void => {
    this.#read('older', async () => {
      if (!this.#hasOlder) return false;
      const first = this.#events[0]?.index ?? 0;
      const { events } = await get<Tail>(`${this.#path}&before=${first}`);
      this.#atStart = events.length === 0;
      this.#events = [...events, ...this.#events].slice(-MAX_KEPT);
      return true;
    });
  };

  end(): void {
    this.#ended = true;
  }

  get #hasOlder(): boolean {
    return !this.#atStart && (this.#events[0]?.index ?? 0) > 0 && this.#events.length < MAX_KEPT;
  }

  /** @param action says whether there is something to tell. */
  #read(what: 'newer' | 'older', action: () => Promise<boolean>): void {
    if (this.#waiting[what] || this.#ended) return;
    this.#waiting[what] = true;
    this.#last = this.#last.then(async () => {
      try {
        if (!this.#ended && (await action())) this.#say(this.#text);
      } catch (error) {
        this.#say(error instanceof Error ? error.message : String(error));
      } finally {
        this.#waiting[what] = false;
      }
    });
  }

  #say(text: string): void {
    if (!this.#ended) this.#tell({ events: this.#events, text, hasOlder: this.#hasOlder });
  }

  get #text(): string {
    const { length } = this.#events;
    if (length === 0) return 'no events';
    return length < this.#next ? `last ${length} of ${this.#next} events` : `${this.#next} events`;
  }
}
