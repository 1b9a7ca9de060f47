import { resolve } from 'node:path';
import { LogCollector } from '../logs/collector.js';
import type { LogLimits } from '../logs/limits.js';
import type { LogCursor } from '../logs/log-cursor.js';
import type { Parse } from '../logs/parse-chunk.js';
import { readAll } from '../logs/workspace.js';
import type { AgentSpec } from '../messages/agents.js';
import { VigilError } from '../messages/errors.js';
import { ATTRIBUTES, SPANS } from '../messages/telemetry.js';
import type { LogReader, Reading, TakeEvents } from './log-reader.js';
import { inSpan } from './runtime/trace.js';

/** Names under which agents usually write in their workspace; looked for when an agent names no logs. */
const USUAL_LOGS = ['output.log', 'agent.log', 'conversation.log', 'stdout.log', 'stderr.log'];

export interface AgentLogsOptions {
  /** Where relative paths of an agent without a workspace start. */
  readonly cwd: string;
  readonly parse: Parse;
  readonly limits: Partial<LogLimits>;
  readonly maxReads: number;
}

/** How far the logs of one agent were read. */
export interface LogsPosition {
  readonly cursors: readonly LogCursor[];
  readonly baseIndex: number;
}

/**
 * The logs of one agent as one stream of events. Nothing is opened before the first read.
 *
 * @param from where an earlier reader of the same logs stood.
 */
export function openAgentLogs(spec: AgentSpec, options: AgentLogsOptions, from?: LogsPosition): LogReader {
  const parse: Parse = (request) =>
    inSpan({ name: SPANS.parse, attributes: { [ATTRIBUTES.agent]: spec.id } }, () => options.parse(request));
  let collectors: readonly LogCollector[] | undefined;
  let baseIndex = from?.baseIndex ?? 0;
  /** In a call of its own, so that its events are garbage while the next part is read and cost the collector nothing. */
  const readPart = async (all: readonly LogCollector[], take: TakeEvents, notes: Set<string>) => {
    const part = await readAll(all, { maxConcurrent: options.maxReads, baseIndex });
    const [failure] = part.failures;
    if (failure !== undefined && part.failures.length === all.length)
      throw new VigilError(failure.code, failure.message);
    // A usual log that is not there is nothing odd; one that was named is.
    for (const each of part.failures)
      if (spec.logs.length > 0 || each.code !== 'NOT_FOUND') notes.add(each.message);
    for (const note of part.notes) notes.add(note);
    baseIndex = part.nextIndex;
    take(part.events);
    return { bytes: part.bytesRead, more: part.more };
  };
  const read = async (take: TakeEvents, signal: AbortSignal): Promise<Reading> => {
    collectors ??= pathsOf(spec, options.cwd).map(
      (path, i) =>
        new LogCollector({
          path,
          ...(from?.cursors[i] === undefined ? {} : { cursor: from.cursors[i] }),
          parse,
          limits: options.limits,
          ...(spec.workspace === undefined ? {} : { root: spec.workspace }),
        }),
    );
    const notes = new Set<string>();
    let bytes = 0;
    for (let more = true; more; ) {
      if (signal.aborted) throw new VigilError('CANCELLED', 'taken back while its logs were read');
      const part = await readPart(collectors, take, notes);
      bytes += part.bytes;
      more = part.more;
    }
    const format = collectors.find(({ cursor }) => cursor.format !== null)?.cursor.format ?? undefined;
    return { notes: [...notes], grown: bytes > 0, bytes, format };
  };
  const position = (): LogsPosition | undefined =>
    collectors === undefined ? undefined : { cursors: collectors.map(({ cursor }) => cursor), baseIndex };
  return { read, position, close: async () => {} };
}

/** @throws VigilError NOT_FOUND when the agent names none. */
export function pathsOf(spec: AgentSpec, cwd: string): string[] {
  const base = spec.workspace ?? cwd;
  const names = spec.logs.length > 0 ? spec.logs : spec.workspace === undefined ? [] : USUAL_LOGS;
  if (names.length === 0)
    throw new VigilError(
      'NOT_FOUND',
      'the agent names no logs and no workspace; register it with one of them',
    );
  return names.map((name) => resolve(base, name));
}
