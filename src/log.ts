import { type DestinationStream, destination, type Logger, pino } from 'pino';

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
