import type { AgentEvent, LogFormat } from '../messages/agent-event.js';
import type { Format } from './formats/format.js';
import { detectFormat, formatNamed } from './formats/formats.js';
import { readHead, WINDOW_BYTES } from './head.js';
import type { LogLimits } from './limits.js';
import type { Note } from './notes.js';

/** One step of parsing, as it travels to a pool worker and back. Structured-cloneable. */
export interface ParseRequest {
  /** Undefined while it is not known: then `bytes` are the start of the file. */
  readonly format: LogFormat | undefined;
  /** What the last step returned. */
  readonly state: unknown;
  readonly bytes: Uint8Array;
  /** `bytes` reach to the end of the file. */
  readonly atEnd: boolean;
  /** Nothing will be added to the file: parse the half-written rest too. */
  readonly final: boolean;
  /** Give out records held back. */
  readonly flush: boolean;
  readonly modifiedAt: number | null;
  readonly limits: LogLimits;
  /** Index of the first event. */
  readonly baseIndex: number;
}

export interface ParseResult {
  /** Undefined: not known yet (or not at all, see `unreadable`). */
  readonly format: LogFormat | undefined;
  readonly unit: Format['unit'] | undefined;
  /** Why the bytes are no log, as the end of a sentence that starts with the path. */
  readonly unreadable: string | undefined;
  readonly events: AgentEvent[];
  readonly state: unknown;
  readonly consumed: number;
  readonly unknown: number;
  readonly skipped: number;
  readonly notes: readonly Note[];
  readonly pending: boolean;
}

/** Whatever can run `parseChunk`: itself, or a pool that does it in a worker. */
export type Parse = (request: ParseRequest) => Promise<ParseResult>;

/** Parses one range of bytes. Pure: the same request gives the same result, in any thread. */
export function parseChunk(request: ParseRequest): ParseResult {
  const known = request.format === undefined ? undefined : formatNamed(request.format);
  if (known !== undefined) return run(known, request);
  // The same window whatever the range, so that the same file is always taken for the same format.
  if (!request.atEnd && request.bytes.length < WINDOW_BYTES) return NOTHING;
  const head = readHead(request.bytes, request.atEnd && request.final);
  const detected = head.encoding === 'utf-8' ? detectFormat(head) : undefined;
  if (detected !== undefined) {
    // A document cannot be parsed by its first part: the caller reads it whole.
    return detected.unit === 'document' && !request.atEnd
      ? { ...NOTHING, format: detected.name, unit: detected.unit }
      : run(detected, request);
  }
  const decided = request.final || request.bytes.length >= WINDOW_BYTES || head.encoding !== 'utf-8';
  return { ...NOTHING, unreadable: decided ? head.objection : undefined };
}

const NOTHING = {
  format: undefined,
  unit: undefined,
  unreadable: undefined,
  events: [],
  state: undefined,
  consumed: 0,
  unknown: 0,
  skipped: 0,
  notes: [],
  pending: false,
} satisfies ParseResult;

function run(format: Format, request: ParseRequest): ParseResult {
  const parsed = format.parse(request, request.state);
  // Put into the drafts themselves, which are nobody else's: a copy of each event is a tenth of the whole work.
  const events = parsed.events as AgentEvent[];
  let index = request.baseIndex;
  for (const event of events) event.index = index++;
  return { ...parsed, events, format: format.name, unit: format.unit, unreadable: undefined };
}
