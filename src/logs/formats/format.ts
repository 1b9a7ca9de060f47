import type { AgentEvent, LogFormat } from '../../messages/agent-event.js';
import type { JsonObject } from '../json-value.js';
import type { LogLimits } from '../limits.js';
import type { Note } from '../notes.js';

/** An event without its place in the agent's stream, which only the caller knows. */
export type Draft = Omit<AgentEvent, 'index'>;

/** The first bytes of a log, as far as detection needs them. */
export interface Head {
  /** The first 64 KiB, decoded, without BOM. */
  readonly text: string;
  /** The first complete lines, at most 32; the last one may lack its newline when the head is the whole log. */
  readonly lines: readonly string[];
  /** Those of the lines that are JSON objects, parsed. */
  readonly objects: readonly JsonObject[];
}

/** The next bytes of a log. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** Nothing comes after these bytes: take the half-written rest as well as it goes. */
  readonly final: boolean;
  /** Give out what is held back to see whether more belongs to it (the last record of a text log). */
  readonly flush: boolean;
  /** When the file was last written, epoch milliseconds: dates times that come without a date. */
  readonly modifiedAt: number | null;
  readonly limits: LogLimits;
}

export interface Parsed<State> {
  readonly events: Draft[];
  readonly state: State;
  /** Bytes taken from the front of the chunk; the rest is handed in again with what follows. */
  readonly consumed: number;
  /** Records of a kind that the format does not know; each is kept as a `system` event. */
  readonly unknown: number;
  /** Records known to be bookkeeping and left out. */
  readonly skipped: number;
  readonly notes: readonly Note[];
  /** The state holds a record back: a `flush` would give it out. */
  readonly pending: boolean;
}

/**
 * One log format. Parsing is a pure step from (bytes, state) to (events, state), so that each range of bytes can be
 * parsed in whichever pool worker is free. The state is a JSON value: it survives structured clone and storage.
 */
export interface Format<State = unknown> {
  readonly name: LogFormat;
  /** `lines`: parse takes any range that starts where the last one ended. `document`: parse takes the whole file. */
  readonly unit: 'lines' | 'document';
  /** 0 (is not) .. 1 (can be nothing else), from content alone. */
  detect(head: Head): number;
  /** @param state what the last call returned; undefined at the start of the file. */
  parse(chunk: Chunk, state: State | undefined): Parsed<State>;
}

/**
 * Makes a format fit a list of formats. The state goes out and comes back as `unknown`; it is what this format itself
 * returned for the same file, which is the one place where that is taken on trust.
 */
export function erase<State>(format: Format<State>): Format {
  return {
    name: format.name,
    unit: format.unit,
    detect: (head) => format.detect(head),
    parse: (chunk, state) => format.parse(chunk, state as State | undefined),
  };
}
