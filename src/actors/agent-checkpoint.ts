import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import v8 from 'node:v8';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { UsageLedger } from '../cost/usage-ledger.js';
import type { Thresholds } from '../judgement/thresholds.js';
import type { Trajectory } from '../judgement/trajectory.js';
import type { AgentEvent, LogPlace } from '../messages/agent-event.js';
import type { AgentSpec } from '../messages/agents.js';
import type { TrajectoryAnalysis } from '../messages/analysis.js';
import { MAX_CHECKPOINT_CHARS } from '../messages/checkpoints.js';

/** Where an agent's actor stood. */
export interface Checkpoint {
  /** What its reader gave out, see `LogReader.position`. */
  readonly position: unknown;
  readonly trajectory: Trajectory;
  readonly usage: UsageLedger;
  readonly place: LogPlace;
  readonly live: boolean;
  readonly grownAt: number | undefined;
  readonly recent: readonly AgentEvent[];
  readonly last: { readonly rules: TrajectoryAnalysis; readonly analysis: TrajectoryAnalysis } | undefined;
}

/** Keeps checkpoints, wherever the record is. */
export interface Checkpoints {
  /** Of this Vigil: another one may make something else of the same logs. */
  readonly version: string;
  /** Bytes read since the last one that make a new one worth its while. */
  readonly everyBytes: number;
  load(agent: string, key: string): Promise<string | undefined>;
  save(agent: string, key: string, events: number, data: string): Promise<void>;
  /** One could not be loaded or saved: the logs are read from their start at the next start. */
  failed(agent: string, error: unknown): void;
}

/** Of what is kept: grows with each change of it. */
const SHAPE = 4;
const MAX_INFLATED_BYTES = 16 * 1024 * 1024;
const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** The same as long as reading the same logs anew would make the same of them. */
export function checkpointKey(spec: AgentSpec, thresholds: Thresholds, version: string): string {
  const { goal, constraints, logs, workspace, tokenBudget } = spec;
  const text = JSON.stringify([SHAPE, version, goal, constraints, logs, workspace, tokenBudget, thresholds]);
  return createHash('sha256').update(text).digest('base64url');
}

/** Undefined when it is too large to be kept. The copy is made before the first wait: the actor goes on meanwhile. */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<string | undefined> {
  const data = (await deflate(v8.serialize(checkpoint), { level: 1 })).toString('base64');
  return data.length > MAX_CHECKPOINT_CHARS ? undefined : data;
}

/** @param text what `encodeCheckpoint` made, of the same version: the key says so. @throws what is no such text. */
export async function decodeCheckpoint(text: string): Promise<Checkpoint> {
  const bytes = await inflate(Buffer.from(text, 'base64'), { maxOutputLength: MAX_INFLATED_BYTES });
  return v8.deserialize(bytes) as Checkpoint;
}
