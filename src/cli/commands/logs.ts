import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, parseWith, VigilError } from '../../messages/errors.js';
import { Id } from '../../messages/ids.js';
import type { Tail } from '../../messages/requests.js';
import { visible } from '../../messages/visible.js';
import { Client } from '../client.js';
import { EXIT } from '../exit-codes.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { laterThan, showEvents, showNotes } from '../shown-events.js';
import { sinceOf } from '../since.js';
import { talk } from '../terminal.js';
import { logFile } from './log-file.js';

export interface LogsOptions extends SettingsOptions {
  readonly follow?: boolean;
  readonly last?: number;
  readonly since?: string;
  readonly json?: boolean;
}

const DEFAULT_LAST = 50;
/** Most events that the endpoint gives at once. */
const MAX_LAST = 1_000;
const POLL_MS = 500;
/** Over the supervisor's own time for one agent, so that its answer comes first. */
const GRACE_MS = 5_000;

/**
 * Shows the end of an agent's event stream, and what comes, until `stopAsked`.
 *
 * @param what an agent's id, or the path of a log that lies here: a path has a slash, which no id has.
 * @returns the exit code.
 */
export async function logs(what: string, options: LogsOptions, stopAsked: Promise<'stop'>): Promise<number> {
  const json = options.json === true;
  const since = options.since === undefined ? undefined : sinceOf(options.since, Date.now());
  const last = options.last ?? (since === undefined ? DEFAULT_LAST : MAX_LAST);
  if (!Number.isInteger(last) || last < 1 || last > MAX_LAST)
    throw new VigilError('BAD_REQUEST', `--last: expected a whole number from 1 to ${MAX_LAST}, got ${last}`);
  if (what.includes('/'))
    return logFile(what, { last, since, follow: options.follow === true, json }, stopAsked);
  const id = parseWith(Id, what, 'AGENT');
  const { settings } = settingsOf(options);
  const client = await Client.find(settings);
  const ask = (request: { last: number; after?: number }) =>
    client.request('logs.tail', { agent: id, ...request }, settings.analysis.itemTimeoutMs + GRACE_MS);
  try {
    const first = await Promise.race([ask({ last }), stopAsked]);
    if (first === 'stop') return options.follow === true ? EXIT.fine : EXIT.interrupted;
    const shown = laterThan(first.events, since);
    showEvents(shown, json);
    if (since !== undefined && shown.length === MAX_LAST)
      console.error(talk.yellow(`note: there may be older ones; at most ${MAX_LAST} are shown`));
    showNotes(first.notes);
    if (options.follow !== true) return EXIT.fine;
    await Promise.race([follow(id, ask, first.next, json), stopAsked]);
    return EXIT.fine;
  } finally {
    await client.close();
  }
}

/**
 * Asks for what is behind the last event seen. By polling, so that a move of the agent to another host, or a supervisor
 * that is started again, is no gap: the next question is answered by whoever has the agent then.
 */
async function follow(
  agent: string,
  ask: (request: { last: number; after: number }) => Promise<Tail>,
  from: number,
  json: boolean,
): Promise<never> {
  let next = from;
  let failure = '';
  for (;;) {
    await wait(POLL_MS);
    try {
      const tail = await ask({ last: MAX_LAST, after: next - 1 });
      failure = '';
      // It was read anew, as another log.
      if (tail.next < next) next = 0;
      showEvents(tail.events, json);
      next = Math.max(next, tail.next);
    } catch (error) {
      if (!(error instanceof VigilError)) throw error;
      // It was there when this began.
      if (error.code === 'NOT_FOUND') throw new VigilError('NOT_FOUND', `the log of ${agent} is gone`);
      if (failure !== error.message) console.error(`vigil: ${visible(messageOf(error))}; trying again`);
      failure = error.message;
    }
  }
}
