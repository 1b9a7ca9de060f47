import type { AgentEvent } from '../messages/agent-event.js';
import { type Failure, toFailure } from '../messages/errors.js';
import type { LogCollector } from './collector.js';
import type { LogRead } from './read-step.js';

export interface WorkspaceOptions {
  /** Files read at once. Default 5. */
  readonly maxConcurrent?: number;
  /** The agent writes no more. */
  readonly final?: boolean;
  /** Index of the first merged event: what an earlier call returned as `nextIndex`. */
  readonly baseIndex?: number;
}

export interface WorkspaceRead {
  /** The events of all files, as one stream with indexes of its own. */
  readonly events: readonly AgentEvent[];
  readonly nextIndex: number;
  readonly changed: boolean;
  /** Some file holds more than one read takes: read again. */
  readonly more: boolean;
  /** Each note with its file in front. */
  readonly notes: readonly string[];
  /** Files that could not be read; the message names the file. The others were read all the same. */
  readonly failures: readonly Failure[];
  readonly bytesRead: number;
}

const DEFAULT_CONCURRENT = 5;

/**
 * Reads the several logs of one agent (output.log, agent.log, conversation.log, …) at the same time, with a bound, and
 * merges them by time. Events without a time keep their place behind the event before them in their file; files
 * without any time come first, in the order given. Within a file the order never changes.
 */
export async function readAll(
  collectors: readonly LogCollector[],
  options: WorkspaceOptions = {},
): Promise<WorkspaceRead> {
  const reads: (LogRead | undefined)[] = collectors.map(() => undefined);
  const failures: Failure[] = [];
  const queue = collectors.entries();
  const reader = async (): Promise<void> => {
    for (const [position, collector] of queue) {
      try {
        reads[position] = await collector.read({ final: options.final ?? false });
      } catch (error) {
        failures.push(named(collector.path, toFailure(error)));
      }
    }
  };
  const width = Math.max(1, options.maxConcurrent ?? DEFAULT_CONCURRENT);
  await Promise.all(Array.from({ length: Math.min(width, collectors.length) }, reader));
  return combine(collectors, reads, failures, options.baseIndex ?? 0);
}

function combine(
  collectors: readonly LogCollector[],
  reads: readonly (LogRead | undefined)[],
  failures: readonly Failure[],
  baseIndex: number,
): WorkspaceRead {
  const done = reads.filter((read) => read !== undefined);
  const events = mergeByTime(done.map((read) => read.events));
  // The collectors made these events a moment ago: nobody else holds them yet.
  let index = baseIndex;
  for (const event of events) event.index = index++;
  const notes = reads.flatMap((read, position) =>
    (read?.notes ?? []).map((note) => `${collectors[position]?.path}: ${note}`),
  );
  return {
    events,
    nextIndex: baseIndex + events.length,
    changed: events.length > 0,
    more: done.some((read) => read.more),
    notes,
    failures,
    bytesRead: done.reduce((sum, read) => sum + read.bytesRead, 0),
  };
}

function named(path: string, failure: Failure): Failure {
  return failure.message.includes(path) ? failure : { ...failure, message: `${path}: ${failure.message}` };
}

/** Where a file's next event stands. */
interface Front {
  readonly events: readonly AgentEvent[];
  index: number;
  /** Time of the next event, or of the last dated one before it. */
  at: number;
}

function mergeByTime(files: readonly AgentEvent[][]): AgentEvent[] {
  const [only] = files;
  if (only !== undefined && files.length === 1) return only;
  const fronts = files.map(
    (events): Front => ({ events, index: 0, at: events[0]?.at ?? Number.NEGATIVE_INFINITY }),
  );
  const merged: AgentEvent[] = [];
  for (let front = earliest(fronts); front !== undefined; front = earliest(fronts)) {
    const event = front.events[front.index];
    if (event !== undefined) merged.push(event);
    front.index += 1;
    front.at = front.events[front.index]?.at ?? front.at;
  }
  return merged;
}

/** The first of the files whose next event is the oldest. An agent has a handful of files: a scan is cheapest. */
function earliest(fronts: readonly Front[]): Front | undefined {
  let best: Front | undefined;
  for (const front of fronts) {
    if (front.index < front.events.length && (best === undefined || front.at < best.at)) best = front;
  }
  return best;
}
