import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { AgentEvent } from '../src/messages/agent-event.js';
import { SteeringType } from '../src/messages/analysis.js';

export const Split = z.enum(['tune', 'test']);
export type Split = z.infer<typeof Split>;

/**
 * A stretch of events in which an agent needs steering, by the judgement of a person. The texts are parts of the first
 * and the last event: when a reader changes and the indexes move, the runner finds the stretch again or says that the
 * label is stale.
 */
export const Range = z.strictObject({
  from: z.number().int().nonnegative(),
  to: z.number().int().nonnegative(),
  type: SteeringType,
  /** Other types that a careful person would accept as well. */
  also: z.array(SteeringType).default([]),
  why: z.string(),
  fromText: z.string().optional(),
  toText: z.string().optional(),
});
export type Range = z.infer<typeof Range>;

/** A stretch without a word of its type: what looks like trouble and is none, or what a person could see either way. */
export const NearMiss = z.strictObject({
  from: z.number().int().nonnegative(),
  to: z.number().int().nonnegative(),
  why: z.string(),
});

export type NearMiss = z.infer<typeof NearMiss>;

export const FileLabel = z.strictObject({
  file: z.string(),
  about: z.string(),
  /** What the agent needs when the log ends; null when nothing. */
  end: SteeringType.nullable(),
  alsoEnd: z.array(SteeringType).default([]),
  ranges: z.array(Range),
  /** Looks like trouble and is none: a raise here is a false alarm. */
  nearMisses: z.array(NearMiss),
  /** A careful person could go either way: a raise here counts neither for nor against. */
  eitherWay: z.array(NearMiss).default([]),
});
export type FileLabel = z.infer<typeof FileLabel>;

const FOLDER = new URL('../../eval/labels/', import.meta.url);

export function readLabels(split: Split): FileLabel[] {
  const text = readFileSync(new URL(`${split}.json`, FOLDER), 'utf8');
  return z.array(FileLabel).parse(JSON.parse(text));
}

/** The ranges at the events that hold their texts; a string says which label fits no event any more. */
export function anchored(label: FileLabel, events: readonly AgentEvent[]): Range[] | string {
  const ranges: Range[] = [];
  for (const range of label.ranges) {
    const from = nearest(events, range.from, range.fromText);
    const to = nearest(events, range.to, range.toText);
    if (from === undefined || to === undefined || to < from) {
      return `the label of events ${range.from} to ${range.to} fits no events any more`;
    }
    ranges.push({ ...range, from, to });
  }
  return ranges;
}

/** The event nearest to `index` that holds the text; the event itself when there is no text to hold. */
function nearest(events: readonly AgentEvent[], index: number, text: string | undefined): number | undefined {
  if (text === undefined) return index < events.length ? index : undefined;
  for (let distance = 0; distance < events.length; distance++) {
    for (const at of [index - distance, index + distance]) {
      if (holds(events[at], text)) return at;
    }
  }
  return undefined;
}

function holds(event: AgentEvent | undefined, text: string): boolean {
  if (event === undefined) return false;
  return [event.text, event.input, event.output, event.session].some((part) => part?.includes(text) === true);
}
