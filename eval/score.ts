import { SteeringType } from '../src/messages/analysis.js';
import type { Case } from './case.js';
import type { Range } from './labels.js';
import type { Judge, Raise, Replayed } from './replay.js';

/** A raise counts for a range when it comes within it, or at most this many events after its end. */
export const GRACE_EVENTS = 4;

/** Counts of one kind of trouble, or of all together. */
export interface Tally {
  /** Ranges that a raise came for. */
  hits: number;
  /** Ranges that none came for. */
  missed: number;
  /** Raises that belong to no range. */
  falseAlarms: number;
  /** Further raises for a range that had one already. */
  repeats: number;
  /** Events from the start of a range to its first raise. */
  readonly delays: number[];
}

export interface Score {
  readonly cases: number;
  readonly events: number;
  /** Any raise counts for any range: was the trouble seen at all? */
  readonly overall: Tally;
  /** A raise counts for ranges of its type only. */
  readonly byType: ReadonlyMap<SteeringType, Tally>;
  /** Verdicts after the fact: as labelled, needing steering where the label says fine, and the reverse. */
  readonly ends: { right: number; wrongType: number; falseAlarms: number; missed: number };
}

export function score(cases: readonly Case[], judge: Judge): Score {
  const overall = tally();
  const byType = new Map(SteeringType.options.map((type) => [type, tally()]));
  const ends = { right: 0, wrongType: 0, falseAlarms: 0, missed: 0 };
  let events = 0;
  for (const each of cases) {
    const replayed = judge(each);
    events += each.events.length - each.scoredFrom;
    const raises = replayed.raises.filter((raise) => counts(each, raise));
    add(overall, each.ranges, raises);
    for (const [type, counts] of byType) addType(counts, type, each.ranges, raises);
    countEnd(ends, each, replayed);
  }
  return { cases: cases.length, events, overall, byType, ends };
}

/** Whether a raise is counted at all: in the part that is scored, and where the label says one thing or the other. */
function counts({ scoredFrom, eitherWay, ranges }: Case, raise: Raise): boolean {
  if (raise.at < scoredFrom) return false;
  const open = eitherWay.some(({ from, to }) => raise.at >= from && raise.at <= to);
  return !open || ranges.some((range) => covers(range, raise));
}

export function tally(): Tally {
  return { hits: 0, missed: 0, falseAlarms: 0, repeats: 0, delays: [] };
}

export function precision({ hits, falseAlarms }: Tally): number {
  return ratio(hits, hits + falseAlarms);
}

export function recall({ hits, missed }: Tally): number {
  return ratio(hits, hits + missed);
}

export function f1(counts: Tally): number {
  const [p, r] = [precision(counts), recall(counts)];
  return p + r === 0 ? 0 : (2 * p * r) / (p + r);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

export function covers(range: Range, { at }: Raise): boolean {
  return at >= range.from && at <= range.to + GRACE_EVENTS;
}

function fits(range: Range, type: SteeringType): boolean {
  return range.type === type || range.also.includes(type);
}

function add(counts: Tally, ranges: readonly Range[], raises: readonly Raise[]): void {
  for (const range of ranges) {
    const first = raises.find((raise) => covers(range, raise));
    if (first === undefined) counts.missed++;
    else {
      counts.hits++;
      counts.delays.push(first.at - range.from);
      counts.repeats += raises.filter((raise) => raise !== first && covers(range, raise)).length;
    }
  }
  counts.falseAlarms += raises.filter((raise) => !ranges.some((range) => covers(range, raise))).length;
}

/**
 * One type's counts. A range that accepts several types is held against its first type only when nobody came for it,
 * and counts for the type that did come.
 */
function addType(
  counts: Tally,
  type: SteeringType,
  ranges: readonly Range[],
  raises: readonly Raise[],
): void {
  for (const range of ranges) {
    const first = raises.find((raise) => covers(range, raise) && fits(range, raise.type));
    if (first?.type === type) {
      counts.hits++;
      counts.delays.push(first.at - range.from);
    } else if (first === undefined && range.type === type) counts.missed++;
  }
  const mine = raises.filter((raise) => raise.type === type);
  counts.falseAlarms += mine.filter(
    (raise) => !ranges.some((range) => covers(range, raise) && fits(range, type)),
  ).length;
}

function countEnd(ends: Score['ends'], each: Case, { end }: Replayed): void {
  if (each.end === null) {
    if (end === null) ends.right++;
    else ends.falseAlarms++;
  } else if (end === null) ends.missed++;
  else if (end === each.end || each.alsoEnd.includes(end)) ends.right++;
  else ends.wrongType++;
}
