import { createInterface } from 'node:readline';
import type { AgentEvent } from '../../messages/agent-event.js';
import { parseWith, VigilError } from '../../messages/errors.js';
import type { PastVerdict } from '../../messages/history.js';
import { Id } from '../../messages/ids.js';
import { visible } from '../../messages/visible.js';
import { Client } from '../client.js';
import { eventLine } from '../event-line.js';
import { EXIT } from '../exit-codes.js';
import { eventRange } from '../render.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { pc, talk, terminalWidth } from '../terminal.js';

export interface ReplayOptions extends SettingsOptions {
  readonly from?: number;
  readonly to?: number;
  readonly step?: boolean;
  readonly json?: boolean;
}

const PAGE = 500;
const VERDICTS = 100;
/** Over the supervisor's own time for one agent, so that its answer comes first. */
const GRACE_MS = 5_000;

type Item = { readonly event: AgentEvent } | { readonly verdict: PastVerdict };

/** Goes through an agent's events as its logs have them, with what Vigil said at each point. @returns the exit code. */
export async function replay(
  agent: string,
  options: ReplayOptions,
  stopAsked: Promise<'stop'>,
): Promise<number> {
  const id = parseWith(Id, agent, 'AGENT');
  const from = wholeNumber('--from', options.from ?? 0);
  const to = options.to === undefined ? undefined : wholeNumber('--to', options.to);
  const { settings } = settingsOf(options);
  let stopped = false;
  void stopAsked.then(() => {
    stopped = true;
  });
  const client = await Client.find(settings);
  const wait = options.step === true ? stepper(stopAsked) : undefined;
  const timeoutMs = settings.analysis.itemTimeoutMs + GRACE_MS;
  try {
    const show = options.json === true ? (item: Item) => console.log(JSON.stringify(item)) : showLines;
    for await (const item of itemsOf(client, id, { from, to, timeoutMs })) {
      const answer = await wait?.next(item);
      if (stopped || answer === 'stop') break;
      show(item);
    }
    return stopped ? EXIT.interrupted : EXIT.fine;
  } finally {
    wait?.close();
    await client.close();
  }
}

interface Range {
  readonly from: number;
  readonly to: number | undefined;
  readonly timeoutMs: number;
}

/** Events in order, each verdict right behind the last event that it knew; first the one that stood at the start. */
async function* itemsOf(client: Client, agent: string, range: Range): AsyncGenerator<Item> {
  const verdicts = verdictsOf(client, agent, range.timeoutMs);
  let next = await verdicts.next();
  let standing: PastVerdict | undefined;
  for await (const event of eventsOf(client, agent, range)) {
    for (; !next.done && next.value.verdict.eventCount <= event.index; next = await verdicts.next()) {
      // Those of before the range: only the latest counts.
      if (next.value.verdict.eventCount > range.from) yield { verdict: next.value };
      else standing = next.value;
    }
    if (standing !== undefined) yield { verdict: standing };
    standing = undefined;
    yield { event };
  }
  if (range.to !== undefined) return;
  for (; !next.done; next = await verdicts.next()) yield { verdict: next.value };
}

async function* eventsOf(
  client: Client,
  agent: string,
  { from, to, timeoutMs }: Range,
): AsyncGenerator<AgentEvent> {
  for (let at = from; to === undefined || at <= to; at += PAGE) {
    const end = Math.min(at + PAGE, to === undefined ? Number.POSITIVE_INFINITY : to + 1);
    const { events, next } = await between(client, agent, at, end, timeoutMs);
    const first = events[0]?.index ?? Math.min(end, next);
    if (first > at) console.error(talk.yellow(`note: events ${at} to ${first - 1} are not kept`));
    yield* events;
    if (end >= next) return;
  }
}

/** A reply is bounded by its size: what one leaves out, the next one has. */
async function between(client: Client, agent: string, from: number, end: number, timeoutMs: number) {
  let events: AgentEvent[] = [];
  for (let before = end; ; before = events[0]?.index ?? from) {
    const request = { agent, before, last: Math.min(PAGE, before - from) };
    const tail = await client.request('logs.tail', request, timeoutMs);
    const older = tail.events.filter(({ index }) => index >= from && index < before);
    events = [...older, ...events];
    if (older.length === 0 || (events[0]?.index ?? from) <= from) return { events, next: tail.next };
  }
}

async function* verdictsOf(client: Client, agent: string, timeoutMs: number): AsyncGenerator<PastVerdict> {
  for (let after: number | null = 0; after !== null; ) {
    const request: { agent: string; after: number; limit: number } = { agent, after, limit: VERDICTS };
    const page = await client.request('history.verdicts', request, timeoutMs);
    yield* page.verdicts;
    after = page.next;
  }
}

function showLines(item: Item): void {
  const width = terminalWidth();
  if ('event' in item) console.log(eventLine(item.event, width));
  else for (const line of verdictLines(item.verdict)) console.log(line);
}

function verdictLines({ at, verdict }: PastVerdict): string[] {
  const { phase, alignmentScore, needsSteering, steeringType, summary, evidence, recommendation } = verdict;
  const mark = needsSteering ? pc.red : pc.green;
  const said = needsSteering ? (steeringType ?? 'needs steering') : 'fine';
  return [
    `${mark('  ──▶')} ${pc.dim(at)} ${mark(said)}, ${phase}, aligned ${alignmentScore.toFixed(2)}: ${visible(summary)}`,
    ...evidence.map((each) =>
      pc.dim(`      ${each.rule}: ${visible(each.detail)} (events ${eventRange(each.events)})`),
    ),
    ...(recommendation === undefined ? [] : [pc.dim(`      ${visible(recommendation)}`)]),
  ];
}

interface Stepper {
  /** Resolves when the item is to be shown. */
  next(item: Item): Promise<'go' | 'stop'>;
  close(): void;
}

/** Enter: the next one; `v`: on to the next verdict; `q`: the end. */
function stepper(stopAsked: Promise<'stop'>): Stepper {
  const lines = createInterface({ input: process.stdin });
  const answers = lines[Symbol.asyncIterator]();
  let toVerdict = false;
  let first = true;
  // Ends the question that is open.
  void stopAsked.then(() => lines.close());
  console.error(talk.dim('Enter: next event, v: next verdict, q: end'));
  return {
    next: async (item) => {
      if (first || toVerdict) {
        first = false;
        if ('verdict' in item) toVerdict = false;
        return 'go';
      }
      const answer = await answers.next();
      if (answer.done === true || answer.value.trim() === 'q') return 'stop';
      toVerdict = answer.value.trim() === 'v';
      return 'go';
    },
    close: () => lines.close(),
  };
}

function wholeNumber(flag: string, value: number): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw new VigilError('BAD_REQUEST', `${flag}: expected the index of an event, from 0, got ${value}`);
}
