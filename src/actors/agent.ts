import { addUsage, changedSince, createLedger, type UsageLedger } from '../cost/usage-ledger.js';
import { assess } from '../judgement/guardian.js';
import { profile } from '../judgement/profile.js';
import type { Thresholds } from '../judgement/thresholds.js';
import { createTrajectory, observe, type Trajectory } from '../judgement/trajectory.js';
import { PlaceFinder } from '../logs/place.js';
import { AGENT_PROTOCOL } from '../messages/actor-protocols.js';
import type { AgentEvent, LogFormat } from '../messages/agent-event.js';
import type { AgentSpec } from '../messages/agents.js';
import type { TrajectoryAnalysis } from '../messages/analysis.js';
import type { UsageMark, UsageRow } from '../messages/cost.js';
import { VigilError } from '../messages/errors.js';
import { newId } from '../messages/ids.js';
import type { Tail } from '../messages/requests.js';
import type { LogSign } from '../messages/signs.js';
import { type Checkpoints, checkpointKey, decodeCheckpoint, encodeCheckpoint } from './agent-checkpoint.js';
import { AgentTail } from './agent-tail.js';
import type { LogReader } from './log-reader.js';
import { type Behaviour, Later, type RequestIn } from './runtime/behaviour.js';

/**
 * Looks at the rules' verdict once more, with the newest events before its eyes, and returns the one that counts. May
 * take as long as a model does.
 */
export type Review = (
  rules: TrajectoryAnalysis,
  recent: readonly AgentEvent[],
  signal: AbortSignal,
) => Promise<TrajectoryAnalysis>;

export interface AgentParts {
  readonly spec: AgentSpec;
  /** Id of the host, named in each answer. */
  readonly host: string;
  readonly thresholds: Thresholds;
  /** @param from `position()` of an earlier reader of the same logs. */
  openLogs(spec: AgentSpec, from?: unknown): LogReader;
  /** None: the logs are read from their start. */
  readonly checkpoints: Checkpoints | undefined;
  /** The rules' verdict stands when absent. */
  readonly review: Review | undefined;
  /** Newest events kept for the review. */
  readonly recentEvents: number;
}

interface AgentState {
  /** Undefined before the first reading. */
  reader: LogReader | undefined;
  readonly tail: AgentTail;
  trajectory: Trajectory;
  usage: UsageLedger;
  /** Of this actor's ledger: what an earlier one told counts for nothing. */
  readonly ledgerId: string;
  place: PlaceFinder;
  /** Read since the last checkpoint. */
  bytes: number;
  saving: Promise<void> | undefined;
  readings: number;
  /** Grew while it was watched: "now" is the clock's now, and silence means something. */
  live: boolean;
  /** Epoch milliseconds at which it was last seen to grow, for logs that state no time. */
  grownAt: number | undefined;
  notes: readonly string[];
  format: LogFormat | undefined;
  /** Newest events, oldest first; none without a review. */
  recent: readonly AgentEvent[];
  last: Judged | undefined;
}

interface Judged {
  /** What the rules said. */
  readonly rules: TrajectoryAnalysis;
  /** What counts. */
  readonly analysis: TrajectoryAnalysis;
}

/** The actor of one agent: reads its logs, folds them into its trajectory, judges it when asked. */
export function agentBehaviour(parts: AgentParts): Behaviour<AgentState, typeof AGENT_PROTOCOL> {
  const { spec, thresholds } = parts;
  return {
    kind: 'agent',
    protocol: AGENT_PROTOCOL,
    start: () => ({
      reader: undefined,
      tail: new AgentTail(spec, (own) => parts.openLogs(own)),
      trajectory: createTrajectory(
        spec.id,
        { goal: spec.goal, constraints: spec.constraints, budget: { tokens: spec.tokenBudget } },
        thresholds,
      ),
      usage: createLedger(),
      ledgerId: newId(),
      place: new PlaceFinder(spec.cwd ?? (spec.managed === true ? undefined : spec.workspace)),
      bytes: 0,
      saving: undefined,
      readings: 0,
      live: false,
      grownAt: undefined,
      notes: [],
      format: undefined,
      recent: [],
      last: undefined,
    }),
    on: {
      analyze: (state, request, { signal }) =>
        named(request.requestId, () => analyse(state, parts, request, signal)),
      glance: async (state, _body, { signal }) => {
        await catchUp(state, parts, signal);
        return signOf(assess(state.trajectory, { ...timeOf(state), thresholds }));
      },
      profile: async (state, _body, { signal }) => {
        await catchUp(state, parts, signal);
        return profile(state.trajectory, assess(state.trajectory, { ...timeOf(state), thresholds }));
      },
      // A first look reads the log from its start: the actor judges meanwhile.
      tail: (state, request) =>
        Later.of(
          (signal) => state.tail.read(request, signal),
          (tail: Tail) => tail,
        ),
    },
    end: async (state) => {
      await Promise.all([state.reader?.close(), state.tail.close(), state.saving]);
    },
  };
}

/** What an analysis crashed with, and for which request. */
export class AnalysisCrash extends Error {
  readonly requestId: string;

  constructor(requestId: string, cause: Error) {
    super(cause.message, { cause });
    this.name = 'AnalysisCrash';
    this.requestId = requestId;
  }
}

async function named<T>(requestId: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const isCrash = error instanceof Error && !(error instanceof VigilError) && error.name !== 'AbortError';
    throw isCrash ? new AnalysisCrash(requestId, error) : error;
  }
}

async function analyse(
  state: AgentState,
  parts: AgentParts,
  { requestId, force, usageAfter }: RequestIn<typeof AGENT_PROTOCOL, 'analyze'>,
  signal: AbortSignal,
) {
  await catchUp(state, parts, signal);
  const rules = assess(state.trajectory, { ...timeOf(state), thresholds: parts.thresholds });
  if (state.format !== undefined) rules.format = state.format;
  if (rules.lastEventAt === undefined && state.grownAt !== undefined)
    rules.lastEventAt = new Date(state.grownAt).toISOString();
  const { last } = state;
  const { host, review } = parts;
  const told = { host, ...usageSince(state, usageAfter), place: await state.place.find() };
  // A live agent that wrote nothing can still come to need steering: its silence is judged each time.
  if (!force && last !== undefined && isSame(last.rules, rules)) {
    return { ...told, analysis: last.analysis, unchanged: true };
  }
  const conclude = (judged: TrajectoryAnalysis) => {
    const notes = [...state.notes, ...(judged.notes ?? [])];
    const analysis = notes.length === 0 ? judged : { ...judged, notes };
    state.last = { rules, analysis };
    keepCheckpoint(state, parts);
    return { ...told, analysis, unchanged: false };
  };
  if (review === undefined) return conclude(rules);
  // The actor answers the conductor while a model takes its time.
  const { recent } = state;
  return Later.of((reviewSignal) => named(requestId, () => review(rules, recent, reviewSignal)), conclude);
}

/** What the record does not have yet. */
function usageSince(
  { usage, ledgerId }: AgentState,
  after: UsageMark | undefined,
): { usage: UsageRow[]; usageMark: UsageMark } {
  const from = after?.ledger === ledgerId ? after.changes : 0;
  return { usage: changedSince(usage, from), usageMark: { ledger: ledgerId, changes: usage.changes } };
}

async function catchUp(state: AgentState, parts: AgentParts, signal: AbortSignal): Promise<void> {
  const { recentEvents, review } = parts;
  state.reader ??= await begin(state, parts);
  const { notes, grown, bytes, format } = await state.reader.read((events) => {
    for (const event of events) {
      observe(state.trajectory, event);
      addUsage(state.usage, event);
      if (event.place !== undefined) state.place.said(event.place);
    }
    if (review !== undefined)
      state.recent = [...state.recent, ...events.slice(-recentEvents)].slice(-recentEvents);
  }, signal);
  state.bytes += bytes;
  if (state.readings++ > 0 && grown) {
    state.live = true;
    state.grownAt = Date.now();
  }
  state.notes = notes;
  state.format = format;
  if (state.trajectory.eventCount === 0)
    throw new VigilError('UNREADABLE', notes[0] ?? 'its logs hold no events');
}

/** Opens the logs where an earlier actor of this agent stood, else at their start. */
async function begin(
  state: AgentState,
  { spec, thresholds, checkpoints, openLogs }: AgentParts,
): Promise<LogReader> {
  if (checkpoints === undefined || spec.stream === true) return openLogs(spec);
  try {
    const text = await checkpoints.load(spec.id, checkpointKey(spec, thresholds, checkpoints.version));
    if (text === undefined) return openLogs(spec);
    const { position, place, ...known } = await decodeCheckpoint(text);
    const reader = openLogs(spec, position);
    // What was written since shows at once that the agent lives.
    Object.assign(state, { ...known, readings: 1 });
    state.place.said(place);
    return reader;
  } catch (error) {
    checkpoints.failed(spec.id, error);
    return openLogs(spec);
  }
}

/** Keeps where it stands once enough was read; one at a time. */
function keepCheckpoint(state: AgentState, { spec, thresholds, checkpoints }: AgentParts): void {
  if (checkpoints === undefined || state.bytes < checkpoints.everyBytes || state.saving !== undefined) return;
  const position = state.reader?.position();
  if (position === undefined) return;
  state.bytes = 0;
  const { trajectory, usage, live, grownAt, recent, last } = state;
  const place = state.place.told;
  const save = async () => {
    const data = await encodeCheckpoint({ position, trajectory, usage, place, live, grownAt, recent, last });
    if (data !== undefined)
      await checkpoints.save(
        spec.id,
        checkpointKey(spec, thresholds, checkpoints.version),
        trajectory.eventCount,
        data,
      );
  };
  state.saving = save()
    .catch((error: unknown) => checkpoints.failed(spec.id, error))
    .finally(() => {
      state.saving = undefined;
    });
}

function signOf(rules: TrajectoryAnalysis): LogSign {
  const { steeringType, waitsFor, phase, eventCount, lastEventAt, summary, recommendation } = rules;
  const rest = phase === 'finished' ? 'finished' : 'working';
  const waits = waitsFor === 'permission' ? 'waiting_permission' : 'waiting_input';
  return {
    standing: steeringType === 'waiting' ? waits : rest,
    events: eventCount,
    summary,
    ...(lastEventAt === undefined ? {} : { lastEventAt }),
    ...(recommendation === undefined ? {} : { recommendation }),
  };
}

function timeOf(state: AgentState): { now: number | null; live: boolean } {
  return state.live ? { now: Date.now(), live: true } : { now: state.trajectory.lastAt, live: false };
}

function isSame(before: TrajectoryAnalysis, after: TrajectoryAnalysis): boolean {
  return (
    before.eventCount === after.eventCount &&
    before.needsSteering === after.needsSteering &&
    before.steeringType === after.steeringType
  );
}
