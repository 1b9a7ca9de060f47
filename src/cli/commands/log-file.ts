import { setTimeout as wait } from 'node:timers/promises';
import { LogCollector } from '../../logs/collector.js';
import { parseChunk } from '../../logs/parse-chunk.js';
import { readTail } from '../../logs/read-tail.js';
import type { AgentEvent } from '../../messages/agent-event.js';
import { EXIT } from '../exit-codes.js';
import { laterThan, showEvents, showNotes } from '../shown-events.js';

export interface LogFileOptions {
  /** Events shown, at most. */
  readonly last: number;
  /** Epoch milliseconds. */
  readonly since: number | undefined;
  readonly follow: boolean;
  readonly json: boolean;
}

const POLL_MS = 500;

/**
 * Shows the end of a log that lies here, and what comes, until `stopAsked`: no supervisor is asked. Without following, only
 * the end of the file is read, and its events are numbered from the first one shown.
 *
 * @returns the exit code. @throws VigilError NOT_FOUND, FORBIDDEN, UNREADABLE
 */
export async function logFile(
  path: string,
  { last, since, follow, json }: LogFileOptions,
  stopAsked: Promise<'stop'>,
): Promise<number> {
  if (!follow) {
    const { events, notes } = await readTail(path, last);
    showNotes(notes);
    showEvents(laterThan(events, since), json);
    return EXIT.fine;
  }
  const collector = new LogCollector({ path, parse: async (request) => parseChunk(request) });
  const stopped = new AbortController();
  void stopAsked.then(() => stopped.abort());
  let events: AgentEvent[] = [];
  for (let more = true; more; ) {
    const read = await collector.read();
    events = [...events, ...read.events].slice(-last);
    more = read.more;
  }
  showEvents(laterThan(events, since), json);
  const { signal } = stopped;
  while (await wait(POLL_MS, true, { signal }).catch(() => false)) {
    const { events: fresh, notes } = await collector.read();
    showNotes(notes);
    showEvents(fresh, json);
  }
  return EXIT.fine;
}
