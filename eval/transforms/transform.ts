import type { Assignment } from '../../src/judgement/trajectory.js';
import type { AgentEvent } from '../../src/messages/agent-event.js';
import type { SteeringType } from '../../src/messages/analysis.js';
import type { Range, Split } from '../labels.js';
import type { Random } from '../random.js';
import type { Builder, RealStep } from './builder.js';

/** A real log as a transformation gets it: a part in which the agent works, and what comes after. */
export interface Given {
  readonly split: Split;
  /** From the start of the log to a moment between two steps, at which nothing is wrong. */
  readonly before: readonly AgentEvent[];
  /** What the real agent did next. */
  readonly after: readonly AgentEvent[];
  /** Steps of `before`. */
  readonly steps: readonly RealStep[];
  /** Failed steps of real logs of the same split. */
  readonly failing: readonly RealStep[];
  /** Steps of a log of the same split about something else altogether. */
  readonly foreign: readonly AgentEvent[];
  readonly random: Random;
}

export interface Made {
  readonly builder: Builder;
  readonly ranges: readonly Range[];
  readonly end: SteeringType | null;
  readonly alsoEnd?: readonly SteeringType[];
  readonly assignment?: Assignment;
  /** Where the real log was first changed; the length of `before` when not given. */
  readonly changedAt?: number;
}

/** Makes one case, or none when the log has nothing to make it from. */
export type Transform = (given: Given) => Made | undefined;

export function range(
  from: number,
  to: number,
  type: SteeringType,
  why: string,
  also: SteeringType[] = [],
): Range {
  return { from, to, type, also, why };
}

/** Puts what the real agent did next behind trouble that is over. */
export function goOn(given: Given, builder: Builder, most = 40): void {
  builder.real(given.after.slice(0, most));
}
