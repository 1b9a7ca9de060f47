import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type { Bus } from './actors/runtime/bus.js';
import { type LogBounds, LogFile } from './log-file.js';
import { type FinalResult, isRefused } from './services/final-results.js';

export type { Logger };

/**
 * Vigil's own log: JSON lines in a file, or on standard error when none is given. Standard output belongs to results.
 *
 * @param name which process writes.
 */
export function createLog(name: string, level: string, file: string | undefined, bounds: LogBounds): Logger {
  const target: DestinationStream =
    file === undefined ? destination({ fd: 2, sync: true }) : new LogFile(file, bounds);
  return pino({ name, level, base: { pid: process.pid, name } }, target);
}

/** Puts what happens to a broker connection into the log. */
export function logBroker(bus: Bus, log: Logger): void {
  bus.on('error', (detail) => log.error({ detail }, 'the broker complains'));
  bus.on('disconnect', () => log.warn('the broker went away'));
  bus.on('reconnect', () => log.warn('the broker is back'));
}

/** Failures of one request that get a line of their own; the rest is counted in its last line. */
const FAILURE_LINES = 50;

/** A line for a request that ended, and one for each of its agents that failed. */
export function logRequest(log: Logger, kind: string, result: FinalResult): void {
  const { requestId: request, startedAt, finishedAt } = result;
  const of = { request, kind };
  if (isRefused(result)) {
    log.warn({ ...of, ...result.error }, 'request refused');
    return;
  }
  for (const { agent, code, message } of result.failures.slice(0, FAILURE_LINES))
    log.warn({ ...of, agent, code, message }, 'item failed');
  const ms = Date.parse(finishedAt) - Date.parse(startedAt);
  log.info({ ...of, ms, items: result.items.length, failures: result.failures.length }, 'request finished');
}
