import type { FileHandle } from 'node:fs/promises';
import type { AgentEvent, LogFormat } from '../messages/agent-event.js';
import { VigilError } from '../messages/errors.js';
import { LogCollector } from './collector.js';
import { readAt } from './file-position.js';
import type { Format } from './formats/format.js';
import { detectFormat } from './formats/formats.js';
import { readHead } from './head.js';
import { type LogLimits, limitsFrom } from './limits.js';
import { describeNote } from './notes.js';
import { type Parse, parseChunk } from './parse-chunk.js';
import { safeOpen } from './safe-open.js';

export interface TailOptions {
  /** The workspace that the file has to lie in. */
  readonly root?: string;
  readonly limits?: Partial<LogLimits>;
  readonly parse?: Parse;
  /** Most bytes looked at from the end, whatever they hold. Default 8 MiB. */
  readonly maxBytes?: number;
}

export interface LogTail {
  readonly format: LogFormat;
  /** The last events, oldest first, numbered from 0. A result whose call stands further up lacks its tool's name. */
  readonly events: readonly AgentEvent[];
  /** What was odd about the part that was read. */
  readonly notes: readonly string[];
  /** The log holds events before these. */
  readonly more: boolean;
  readonly bytesRead: number;
}

const KIB = 1024;
/** Enough for the first lines of any log; detection looks no further. */
const HEAD_BYTES = 256 * KIB;
const FIRST_BLOCK = 64 * KIB;
const DEFAULT_MAX_BYTES = 8 * KIB * KIB;

/**
 * The last events of a log without reading what is before them: blocks from the end, each twice the last, until they
 * hold enough. A log that is one JSON value can only be read from its start; of it, only the last events are held.
 *
 * @throws VigilError NOT_FOUND, FORBIDDEN, or UNREADABLE when it is empty or not a log.
 */
export async function readTail(path: string, count: number, options: TailOptions = {}): Promise<LogTail> {
  const { handle, stats } = await safeOpen(path, options.root);
  const { size, mtimeMs } = stats;
  try {
    const bytes = await readAt(handle, 0, Math.min(size, HEAD_BYTES));
    if (bytes.length === 0) throw new VigilError('UNREADABLE', `${path} is empty`);
    const head = readHead(bytes, bytes.length === size);
    const format = head.encoding === 'utf-8' ? detectFormat(head) : undefined;
    if (format === undefined) throw new VigilError('UNREADABLE', `${path} ${head.objection}`);
    if (isOneValue(format, head.text)) return await fromStart(path, count, options);
    return await fromEnd(handle, { size, modifiedAt: mtimeMs, format: format.name, count }, options);
  } finally {
    await handle.close();
  }
}

/** A document, a list, or an object over several lines: its middle says nothing about where it stands. */
function isOneValue(format: Format, head: string): boolean {
  const start = head.trimStart();
  return format.unit === 'document' || start.startsWith('[') || /^\{\s*\n/.test(start);
}

interface Wanted {
  readonly size: number;
  readonly modifiedAt: number;
  readonly format: LogFormat;
  readonly count: number;
}

async function fromEnd(handle: FileHandle, wanted: Wanted, options: TailOptions): Promise<LogTail> {
  const { size, format, count, modifiedAt } = wanted;
  const parse = options.parse ?? (async (request) => parseChunk(request));
  const most = Math.min(size, options.maxBytes ?? DEFAULT_MAX_BYTES);
  let bytesRead = 0;
  for (let length = Math.min(FIRST_BLOCK, most); ; length = Math.min(length * 2, most)) {
    const start = size - length;
    const block = await readAt(handle, start, length);
    bytesRead += block.length;
    const bytes = start === 0 ? block : block.slice(block.indexOf(0x0a) + 1);
    // A block without a newline is the middle of one line.
    const whole = start === 0 || bytes.length < block.length;
    const { events, notes } = await parse({
      format,
      state: undefined,
      bytes: whole ? bytes : new Uint8Array(),
      atEnd: true,
      final: true,
      flush: true,
      modifiedAt,
      limits: limitsFrom(options.limits),
      baseIndex: 0,
    });
    if (events.length < count && length < most) continue;
    const more = start > 0 || events.length > count;
    return { format, events: last(events, count), notes: notes.map(describeNote), more, bytesRead };
  }
}

async function fromStart(path: string, count: number, options: TailOptions): Promise<LogTail> {
  const collector = new LogCollector({ parse: async (request) => parseChunk(request), ...options, path });
  const notes = new Set<string>();
  let events: AgentEvent[] = [];
  let bytesRead = 0;
  for (let more = true; more; ) {
    const read = await collector.read({ final: true });
    events = [...events, ...read.events].slice(-count);
    for (const note of read.notes) notes.add(note);
    bytesRead += read.bytesRead;
    more = read.more;
  }
  const { format, nextIndex } = collector.cursor;
  if (format === null) throw new VigilError('UNREADABLE', `${path} is not a log that Vigil knows`);
  return { format, events: last(events, count), notes: [...notes], more: nextIndex > count, bytesRead };
}

function last(events: readonly AgentEvent[], count: number): AgentEvent[] {
  const kept = count <= 0 ? [] : events.slice(-count);
  return kept.map((event, index) => ({ ...event, index }));
}
