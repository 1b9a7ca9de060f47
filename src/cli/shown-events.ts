import type { AgentEvent } from '../messages/agent-event.js';
import { visible } from '../messages/visible.js';
import { eventLine } from './event-line.js';
import { talk, terminalWidth } from './terminal.js';

/** Events of an agent on standard output, one a line, or one JSON object each. */
export function showEvents(events: readonly AgentEvent[], json: boolean): void {
  const width = terminalWidth();
  for (const event of events) console.log(json ? JSON.stringify(event) : eventLine(event, width));
}

/** What was odd about a log, on standard error. */
export function showNotes(notes: readonly string[]): void {
  for (const note of notes) console.error(talk.yellow(`note: ${visible(note)}`));
}

/** An event without a time is of the time of the one before it. @param since epoch milliseconds; undefined: all. */
export function laterThan(events: readonly AgentEvent[], since: number | undefined): readonly AgentEvent[] {
  if (since === undefined) return events;
  const first = events.findIndex(({ at }) => at !== null && at >= since);
  return first === -1 ? [] : events.slice(first);
}
