import { useEffect, useState } from 'preact/hooks';
import type { AgentEvent } from '../../../src/messages/agent-event';
import { get } from '../state/api';
import { onEvent } from '../state/live';

export interface EventLogState {
  readonly events: readonly AgentEvent[];
  /** How much of it this is. */
  readonly text: string;
}

interface Tail {
  readonly events: readonly AgentEvent[];
  readonly next: number;
}

const AT_ONCE = 1_000;
/** Kept while it grows; older ones go. */
const MAX_KEPT = 10_000;
const EVERY_MS = 5_000;

/** The end of an agent's events, and what comes while the page is open. */
export function useEvents(id: string): EventLogState {
  const [state, setState] = useState<EventLogState>({ events: [], text: 'reading…' });
  useEffect(() => {
    let gone = false;
    let busy = false;
    let events: readonly AgentEvent[] = [];
    let next = 0;
    const read = async () => {
      if (busy || gone) return;
      busy = true;
      try {
        const query = events.length === 0 ? '' : `&after=${next - 1}`;
        const tail = await get<Tail>(`/api/agents/${encodeURIComponent(id)}/events?last=${AT_ONCE}${query}`);
        if (gone) return;
        // The log was begun anew: what we have is of another session.
        if (tail.next < next) events = [];
        const grown = tail.events.length > 0 || tail.next !== next;
        next = tail.next;
        if (!grown && events.length > 0) return;
        events = [...events, ...tail.events].slice(-MAX_KEPT);
        setState({ events, text: textOf(events, next) });
      } catch (error) {
        if (!gone) setState({ events, text: error instanceof Error ? error.message : String(error) });
      } finally {
        busy = false;
      }
    };
    void read();
    const timer = setInterval(read, EVERY_MS);
    const end = onEvent(({ subject }) => {
      if (subject === `result.analysis.${id}`) void read();
    });
    return () => {
      gone = true;
      clearInterval(timer);
      end();
    };
  }, [id]);
  return state;
}

function textOf(events: readonly AgentEvent[], next: number): string {
  if (events.length === 0) return 'no events';
  return events.length < next ? `last ${events.length} of ${next} events` : `${next} events`;
}
