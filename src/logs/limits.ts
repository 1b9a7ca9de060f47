/** How much of a log is held at once. Every limit is per log file. */
export interface LogLimits {
  /** Longest text, input or output kept in one event, in UTF-16 code units; the rest is cut out of the middle. */
  readonly maxFieldChars: number;
  /** Longest JSON line, in bytes; a longer one is skipped and noted. */
  readonly maxLineBytes: number;
  /** Longest line of plain text, in bytes; a longer one keeps its head. */
  readonly maxTextLineBytes: number;
  /** Largest whole-document log, in bytes (a `.traj` is one JSON document and has to be read at once). */
  readonly maxDocumentBytes: number;
  /** Bytes read from the file at once. */
  readonly chunkBytes: number;
  /** Bytes that one `read()` takes at most; what is left comes with the next. */
  readonly maxReadBytes: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: LogLimits = {
  maxFieldChars: 8 * 1024,
  maxLineBytes: 8 * MIB,
  maxTextLineBytes: 64 * 1024,
  maxDocumentBytes: 128 * MIB,
  chunkBytes: 2 * MIB,
  maxReadBytes: 2 * MIB,
};

/** The defaults with some of them replaced. */
export function limitsFrom(partial: Partial<LogLimits> = {}): LogLimits {
  return { ...DEFAULT_LIMITS, ...partial };
}
