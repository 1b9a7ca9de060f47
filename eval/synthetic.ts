import type { AgentEvent } from '../src/messages/agent-event.js';
import type { Case } from './case.js';
import { type Random, randomOf } from './random.js';
import type { Source } from './sources.js';
import { TRANSFORMS } from './transforms/all.js';
import { type RealStep, stepsOf } from './transforms/builder.js';
import type { Given } from './transforms/transform.js';

/** Logs that each transformation is applied to, per split. */
const SOURCES_PER_TRANSFORM = 6;
/** Events of a real log that stand before the change, at most. */
const MAX_BEFORE = 160;
/** Steps that a log needs before its agent has shown what it is about. */
const LEAST_STEPS = 4;
/** A fixed seed: the cases are the same in every run. */
const SEED = 'vigil-eval-1';

/** The synthetic cases of one split: each transformation on some of the split's logs. */
export function syntheticCases(sources: readonly Source[]): Case[] {
  const usable = sources.filter((source) => source.format !== 'text' && cleanLength(source) > 0);
  const failing = sources.flatMap(failingSteps);
  const cases: Case[] = [];
  for (const [name, transform] of Object.entries(TRANSFORMS)) {
    let made = 0;
    for (const source of shuffled(usable, randomOf(`${SEED} ${name}`))) {
      if (made >= SOURCES_PER_TRANSFORM) break;
      const random = randomOf(`${SEED} ${name} ${source.file}`);
      const given = give(source, usable, failing, random);
      const result = given === undefined ? undefined : transform(given);
      if (given === undefined || result === undefined) continue;
      made++;
      cases.push({
        name: `${name} on ${source.file}`,
        source: source.file,
        split: source.split,
        provenance: 'synthetic',
        kind: name,
        events: result.builder.events,
        ranges: result.ranges,
        eitherWay: [],
        end: result.end,
        alsoEnd: result.alsoEnd ?? [],
        scoredFrom: result.changedAt ?? given.before.length,
        ...(result.assignment !== undefined && { assignment: result.assignment }),
      });
    }
  }
  return cases;
}

/** A moment between two steps in the clean part of a log, at which the agent had the next move. */
function give(
  source: Source,
  usable: readonly Source[],
  failing: readonly RealStep[],
  random: Random,
): Given | undefined {
  const events = source.events.slice(0, cleanLength(source));
  const cuts = cutsOf(events);
  if (cuts.length === 0) return undefined;
  const cut = random.pick(cuts);
  const before = events.slice(0, cut);
  const others = usable.filter((other) => other.file !== source.file && goalOf(other) !== goalOf(source));
  const foreign = others.length === 0 ? [] : foreignPart(random.pick(others));
  return {
    split: source.split,
    before,
    after: events.slice(cut),
    steps: stepsOf(before),
    failing,
    foreign,
    random,
  };
}

/** Events before the first labelled trouble, and of the first session only. */
function cleanLength({ events, ranges, label }: Source): number {
  const starts = [...ranges, ...(label.eitherWay ?? [])].map(({ from }) => from);
  const session = events.findIndex((event, i) => i > 0 && event.session !== undefined);
  return Math.min(events.length, session < 0 ? events.length : session, ...starts);
}

function cutsOf(events: readonly AgentEvent[]): number[] {
  const cuts: number[] = [];
  const open = new Set<string>();
  let steps = 0;
  let asked = false;
  events.forEach((event, i) => {
    if (event.kind === 'message' && event.role === 'user') asked = true;
    if (event.kind === 'tool_call') open.add(event.callId ?? '');
    if (event.kind !== 'tool_result') return;
    open.delete(event.callId ?? '');
    steps++;
    const quiet =
      open.size === 0 && event.rejected !== true && event.isError !== true && event.ended === undefined;
    if (asked && quiet && steps >= LEAST_STEPS && i < MAX_BEFORE) cuts.push(i + 1);
  });
  return cuts;
}

/** What another agent did, without what its person said. */
function foreignPart({ events, ranges }: Source): AgentEvent[] {
  const until = Math.min(events.length, ...ranges.map(({ from }) => from));
  return events
    .slice(0, until)
    .filter(
      (event) =>
        event.role !== 'user' &&
        event.kind !== 'system' &&
        event.ended === undefined &&
        event.action !== 'ask',
    );
}

/** Duplicates of one task are not foreign to each other. */
function goalOf({ events }: Source): string {
  const first = events.find((event) => event.kind === 'message' && event.role === 'user');
  return (first?.text ?? '').slice(0, 300);
}

function failingSteps({ events, format }: Source): RealStep[] {
  if (format === 'text') return [];
  return stepsOf(events).filter(
    ({ result }) => result.isError === true && (result.output ?? '').trim() !== '',
  );
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, order: random.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
