import { CHANNELS, type Channel, channelsOf } from '../messages/channels.js';
import { visible } from '../messages/visible.js';
import { pc } from './terminal.js';

/** What people read first of an event; figures and states follow. */
const PROSE = ['message', 'summary', 'title', 'reason', 'why', 'recommendation'] as const;
/** Said elsewhere on the line, or of use to programs only. */
const UNSAID = ['at', 'agent', 'host', 'task', 'repo', 'token', 'id', 'requestId', 'payload', 'kind'];
const KIND_WIDTH = 16;
const WHO_WIDTH = 20;
const TIME_WIDTH = 19;

const isParameter = (word: string) => word.startsWith('<');
const wordsOf = ({ pattern }: Channel) =>
  pattern
    .split('.')
    .slice(1)
    .filter((word) => !isParameter(word));

/** `agent.waiting`, `host.lost`, `intervention`: the kinds of event, as they stand in the table of subjects. */
export const EVENT_KINDS: readonly string[] = [
  ...new Set(
    CHANNELS.filter(({ pattern }) => pattern.startsWith('event.')).map((channel) =>
      wordsOf(channel).join('.'),
    ),
  ),
];

/** An event of the fleet. */
export interface FleetEvent {
  readonly subject: string;
  readonly kind: string;
  /** Whose it is: an agent, a host, a task, a repository. */
  readonly who: string | undefined;
  readonly at: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Undefined: no event of the public interface. */
export function fleetEvent(
  { subject, at, body }: { subject: string; at: number; body: unknown },
  prefix: string,
): FleetEvent | undefined {
  const [channel] = channelsOf(subject, prefix);
  if (channel === undefined || !channel.pattern.startsWith('event.')) return undefined;
  if (typeof body !== 'object' || body === null) return undefined;
  const place = channel.pattern.split('.').findIndex(isParameter);
  // Behind the prefix.
  const who = place === -1 ? undefined : subject.split('.')[place + 1];
  const said = body as Record<string, unknown>;
  const own = typeof said['at'] === 'string' ? Date.parse(said['at']) : Number.NaN;
  const repo = typeof said['repo'] === 'string' ? said['repo'] : who;
  return {
    subject,
    kind: wordsOf(channel).join('.'),
    who: repo,
    at: Number.isNaN(own) ? at : own,
    body: said,
  };
}

/** Of this kind, or of a kind below or named so: `agent`, `agent.waiting` and `waiting` all mean `agent.waiting`. */
export function isOfKind(kind: string, wanted: string): boolean {
  return kind === wanted || kind.startsWith(`${wanted}.`) || kind.endsWith(`.${wanted}`);
}

/** Of this agent: on a subject of its own, or with its id in it. */
export function isOfAgent({ who, body, kind }: FleetEvent, agent: string): boolean {
  const own = /^(agent|intervention|restart)\b/.test(kind);
  return (own && who === agent) || body['agent'] === agent;
}

/** One event on one line: time, kind, whose, what. */
export function fleetEventLine({ at, kind, who, body }: FleetEvent, width: number): string {
  const time = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString();
  const room = Math.max(20, width - TIME_WIDTH - KIND_WIDTH - WHO_WIDTH - 6);
  const text = visible(textOf(body)).replace(/ {2,}/g, ' ').trim();
  const shown = text.length <= room ? text : `${text.slice(0, room - 1)}…`;
  return [
    pc.dim(time.slice(0, TIME_WIDTH).replace('T', ' ')),
    colourOf(kind)(kind.padEnd(KIND_WIDTH)),
    pc.bold(visible(who ?? '-').padEnd(WHO_WIDTH)),
    shown,
  ].join('  ');
}

function textOf(body: Readonly<Record<string, unknown>>): string {
  const prose = PROSE.flatMap((name) => (typeof body[name] === 'string' ? [body[name]] : []));
  const others = Object.entries(body).flatMap(([name, value]) =>
    (PROSE as readonly string[]).includes(name) || UNSAID.includes(name) ? [] : figureOf(name, value),
  );
  return [...prose, ...others].join('; ');
}

/** `previous running`; an object by its state, a list by its length. */
function figureOf(name: string, value: unknown): string[] {
  if (value === false || name.endsWith('At')) return [];
  if (Array.isArray(value)) return [`${name} ${value.length}`];
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([inner, each]) =>
      typeof each === 'string' && inner === 'state' ? [`${name} ${each}`] : [],
    );
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return [`${name} ${value}`];
  return [];
}

/** What a person has to see to is red or magenta. */
function colourOf(kind: string): (text: string) => string {
  if (/\.(failed|escalated|crashed|lost|held|disabled|stuck)$/.test(kind) || kind === 'deadletter')
    return pc.red;
  if (/\.waiting/.test(kind)) return pc.magenta;
  if (/\.(running|resumed|joined|released|enabled|done)$/.test(kind)) return pc.green;
  return pc.cyan;
}
