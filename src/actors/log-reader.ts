import type { AgentEvent } from '../messages/agent-event.js';

/** What came of reading an agent's logs once. */
export interface Reading {
  /** New events, in order, their indexes going on from the last reading. */
  readonly events: readonly AgentEvent[];
  /** What was odd about the logs so far, for a person. */
  readonly notes: readonly string[];
  /** Something was written since the last reading. */
  readonly grown: boolean;
}

/** Reads what is new in an agent's logs. Rejects with UNREADABLE or NOT_FOUND when there is nothing to judge. */
export interface LogReader {
  read(signal: AbortSignal): Promise<Reading>;
  close(): Promise<void>;
}
