import { parseWith, VigilError } from '../../messages/errors.js';
import { Id } from '../../messages/ids.js';
import { visible } from '../../messages/visible.js';
import { EXIT } from '../exit-codes.js';
import {
  EVENT_KINDS,
  type FleetEvent,
  fleetEvent,
  fleetEventLine,
  isOfAgent,
  isOfKind,
} from '../fleet-event.js';
import { endOfStream, type Place, type Position, readStream, type StreamMessage } from '../result-stream.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { sinceOf } from '../since.js';
import { terminalWidth } from '../terminal.js';
import { withClient } from '../with-client.js';

export interface EventsOptions extends SettingsOptions {
  readonly follow?: boolean;
  readonly since?: string;
  readonly last?: number;
  readonly agent?: string;
  readonly kind?: readonly string[];
  readonly json?: boolean;
}

/** Without `--since`: the latest ones of the last hour. */
const DEFAULT_SINCE_MS = 3_600_000;
const DEFAULT_LAST = 50;
const MAX_LAST = 100_000;

/** Shows the events of the fleet, and those that come, until `stopAsked`. @returns the exit code. */
export async function events(options: EventsOptions, stopAsked: Promise<'stop'>): Promise<number> {
  const wanted = wantedBy(options);
  const { settings } = settingsOf(options);
  const now = Date.now();
  const since = options.since === undefined ? now - DEFAULT_SINCE_MS : sinceOf(options.since, now);
  const last = lastOf(options);
  const stop = new AbortController();
  const stopped = stopAsked.then((asked) => {
    stop.abort();
    return asked;
  });
  const show = (event: FleetEvent) => print(event, options.json === true);
  const read = (from: Position, follow: boolean) =>
    readStream({
      settings,
      from,
      filter: (subjects) => subjects.allEvents,
      follow,
      signal: stop.signal,
      away: (why) => console.error(`vigil: ${visible(why)}; trying again`),
    });
  const eventOf = (message: StreamMessage) => {
    const event = fleetEvent(message, settings.prefix);
    return event !== undefined && wanted(event) ? event : undefined;
  };
  const work = async () => {
    // Behind it everything is new: what comes while the past is read is shown once.
    let behind: Place = await withClient(options, endOfStream);
    const latest: FleetEvent[] = [];
    for await (const message of read({ since }, false)) {
      if (message.seq > behind.seq) behind = message;
      const event = eventOf(message);
      if (event === undefined) continue;
      if (last === undefined) show(event);
      else if (latest.push(event) > last) latest.shift();
    }
    latest.forEach(show);
    if (options.follow !== true) return;
    for await (const message of read({ behind }, true)) {
      const event = eventOf(message);
      if (event !== undefined) show(event);
    }
  };
  const end = await Promise.race([work(), stopped]);
  return end === 'stop' && options.follow !== true ? EXIT.interrupted : EXIT.fine;
}

function lastOf({ last, since }: EventsOptions): number | undefined {
  if (last === undefined) return since === undefined ? DEFAULT_LAST : undefined;
  if (Number.isInteger(last) && last >= 0 && last <= MAX_LAST) return last;
  throw new VigilError('BAD_REQUEST', `--last: expected a whole number from 0 to ${MAX_LAST}, got ${last}`);
}

function wantedBy(options: EventsOptions): (event: FleetEvent) => boolean {
  const agent = options.agent === undefined ? undefined : parseWith(Id, options.agent, '--agent');
  const kinds = options.kind ?? [];
  for (const kind of kinds)
    if (!EVENT_KINDS.some((each) => isOfKind(each, kind)))
      throw new VigilError(
        'BAD_REQUEST',
        `--kind: no event ${JSON.stringify(kind)}; there are ${EVENT_KINDS.join(', ')}`,
      );
  return (event) =>
    (agent === undefined || isOfAgent(event, agent)) &&
    (kinds.length === 0 || kinds.some((kind) => isOfKind(event.kind, kind)));
}

function print(event: FleetEvent, json: boolean): void {
  if (json) console.log(JSON.stringify({ subject: event.subject, ...event.body }));
  else console.log(fleetEventLine(event, terminalWidth()));
}
