import type { LogFormat } from '../messages/agent-event.js';
import type { FilePosition } from './file-position.js';

/** Where a collector stands. A JSON value: it can be stored and handed to the next collector. */
export interface LogCursor {
  /** Null before anything was read, and after the file was replaced. */
  readonly position: FilePosition | null;
  readonly format: LogFormat | null;
  readonly unit: 'lines' | 'document';
  /** State of the format's parser. */
  readonly state: unknown;
  /** The parser holds a record back that the next quiet look gives out. */
  readonly pending: boolean;
  /** The last read stopped at its bound, before the end of the file. */
  readonly behind: boolean;
  /** Index of the next event. */
  readonly nextIndex: number;
  /** The file was there once. */
  readonly seen: boolean;
  /** How often it was replaced or truncated and read from its start. */
  readonly restarts: number;
  /** The next event is the first one after such a restart. */
  readonly restarted: boolean;
}

/** Nothing read yet. */
export const START: LogCursor = {
  position: null,
  format: null,
  unit: 'lines',
  state: null,
  pending: false,
  behind: false,
  nextIndex: 0,
  seen: false,
  restarts: 0,
  restarted: false,
};
