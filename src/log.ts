import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type { Bus } from './actors/runtime/bus.js';

export type { Logger };

/**
 * Vigil's own log: JSON lines in a file, or on standard error when none is given. Standard output belongs to results.
 *
 * @param name which process writes.
 */
export function createLog(name: string, level: string, file: string | undefined): Logger {
  const target: DestinationStream = destination(
    file === undefined ? { fd: 2, sync: true } : { dest: file, mkdir: true, sync: true },
  );
  return pino({ name, level, base: { pid: process.pid, name } }, target);
}

/** Puts what happens to a broker connection into the log. */
export function logBroker(bus: Bus, log: Logger): void {
  bus.on('error', (detail) => log.error({ detail }, 'the broker complains'));
  bus.on('disconnect', () => log.warn('the broker went away'));
  bus.on('reconnect', () => log.warn('the broker is back'));
}
