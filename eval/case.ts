import type { Assignment } from '../src/judgement/trajectory.js';
import type { AgentEvent } from '../src/messages/agent-event.js';
import type { SteeringType } from '../src/messages/analysis.js';
import type { NearMiss, Range, Split } from './labels.js';

/** One stream of events and what a person says about it. */
export interface Case {
  readonly name: string;
  /** The real log it is, or was made from; decides the split. */
  readonly source: string;
  readonly split: Split;
  readonly provenance: 'real' | 'synthetic';
  /** Name of the transformation; `real` for the log itself. */
  readonly kind: string;
  readonly events: readonly AgentEvent[];
  readonly ranges: readonly Range[];
  /** Raises here are not counted. */
  readonly eitherWay: readonly NearMiss[];
  readonly end: SteeringType | null;
  readonly alsoEnd: readonly SteeringType[];
  readonly assignment?: Assignment;
  /** Events before this one are as in the real log, where they are scored already. */
  readonly scoredFrom: number;
}
