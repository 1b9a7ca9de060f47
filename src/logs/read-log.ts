import type { AgentEvent, LogFormat } from '../messages/agent-event.js';
import { VigilError } from '../messages/errors.js';
import { type CollectorOptions, LogCollector } from './collector.js';
import { parseChunk } from './parse-chunk.js';

export interface WholeLog {
  readonly format: LogFormat;
  readonly events: readonly AgentEvent[];
  /** What was odd, one sentence each. */
  readonly notes: readonly string[];
  /** Records of unknown kind, kept as `system` events. */
  readonly unknown: number;
  /** Bookkeeping records left out. */
  readonly skipped: number;
  /** Size of what was read. */
  readonly bytes: number;
}

/**
 * Reads a whole log once, after the fact. In this thread, unless a `parse` is given that does it elsewhere.
 *
 * @throws VigilError NOT_FOUND, FORBIDDEN, or UNREADABLE when it is empty or not a log.
 */
export async function readLog(
  path: string,
  options: Partial<Pick<CollectorOptions, 'root' | 'parse' | 'limits'>> = {},
): Promise<WholeLog> {
  const collector = new LogCollector({ parse: async (request) => parseChunk(request), ...options, path });
  const events: AgentEvent[] = [];
  const notes = new Set<string>();
  const total = { unknown: 0, skipped: 0, bytes: 0 };
  for (let more = true; more; ) {
    const read = await collector.read({ final: true });
    for (const event of read.events) events.push(event);
    for (const note of read.notes) notes.add(note);
    total.unknown += read.unknown;
    total.skipped += read.skipped;
    total.bytes += read.bytesRead;
    more = read.more;
  }
  const format = collector.cursor.format;
  if (format === null) throw new VigilError('UNREADABLE', `${path} is not a log that Vigil knows`);
  return { format, events, notes: [...notes], ...total };
}
