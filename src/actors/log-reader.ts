import type { AgentEvent, LogFormat } from '../messages/agent-event.js';

/** What came of reading an agent's logs once. */
export interface Reading {
  /** What was odd about the logs so far, for a person. */
  readonly notes: readonly string[];
  /** Something was written since the last reading. */
  readonly grown: boolean;
  readonly bytes: number;
  /** Of the first log that is recognised. */
  readonly format?: LogFormat | undefined;
}

/** Takes new events, in order, their indexes going on from the last ones. */
export type TakeEvents = (events: readonly AgentEvent[]) => void;

/** Reads what is new in an agent's logs. Rejects with UNREADABLE or NOT_FOUND when there is nothing to judge. */
export interface LogReader {
  /**
   * @param take gets the events part by part, so that a log of any size is read in bounded memory, and what was read
   *   before a reading was taken back is not lost.
   */
  read(take: TakeEvents, signal: AbortSignal): Promise<Reading>;
  /** Where it stands between two readings, for another one to go on from; undefined when none can. Structured-cloneable. */
  position(): unknown;
  close(): Promise<void>;
}
