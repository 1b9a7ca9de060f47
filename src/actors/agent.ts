import { assess } from '../judgement/guardian.js';
import { profile } from '../judgement/profile.js';
import type { Thresholds } from '../judgement/thresholds.js';
import { createTrajectory, observe, type Trajectory } from '../judgement/trajectory.js';
import { AGENT_PROTOCOL } from '../messages/actor-protocols.js';
import type { AgentEvent } from '../messages/agent-event.js';
import type { AgentSpec } from '../messages/agents.js';
import type { TrajectoryAnalysis } from '../messages/analysis.js';
import { VigilError } from '../messages/errors.js';
import { type Behaviour, Later } from './runtime/behaviour.js';

/** What came of reading an agent's logs once. */
export interface Reading {
  /** New events, in order, their indexes going on from the last reading. */
  readonly events: readonly AgentEvent[];
  /** What was odd about the logs so far, for a person. */
  readonly notes: readonly string[];
  /** Something was written since the last reading. */
  readonly grown: boolean;
}

/** Reads what is new in an agent's logs. Rejects with UNREADABLE or NOT_FOUND when there is nothing to judge. */
export interface LogReader {
  read(signal: AbortSignal): Promise<Reading>;
  close(): Promise<void>;
}

/**
 * Judges a trajectory; `live` says whether the agent is known to be at work now. Takes what it needs of the trajectory
 * before its first await: afterwards it may have gone on.
 */
export type Judge = (
  trajectory: Trajectory,
  time: { readonly now: number | null; readonly live: boolean },
  signal: AbortSignal,
) => TrajectoryAnalysis | Promise<TrajectoryAnalysis>;

export function rulesJudge(thresholds: Thresholds): Judge {
  return (trajectory, time) => assess(trajectory, { ...time, thresholds });
}

export interface AgentParts {
  readonly spec: AgentSpec;
  /** Id of the host, named in each answer. */
  readonly host: string;
  readonly thresholds: Thresholds;
  openLogs(spec: AgentSpec): LogReader;
  readonly judge: Judge;
}

interface AgentState {
  readonly reader: LogReader;
  readonly trajectory: Trajectory;
  readings: number;
  /** Grew while it was watched: "now" is the clock's now, and silence means something. */
  live: boolean;
  notes: readonly string[];
  last: { readonly analysis: TrajectoryAnalysis; readonly eventCount: number } | undefined;
}

/** The actor of one agent: reads its logs, folds them into its trajectory, judges it when asked. */
export function agentBehaviour(parts: AgentParts): Behaviour<AgentState, typeof AGENT_PROTOCOL> {
  const { spec, thresholds } = parts;
  return {
    kind: 'agent',
    protocol: AGENT_PROTOCOL,
    start: () => ({
      reader: parts.openLogs(spec),
      trajectory: createTrajectory(
        spec.id,
        { goal: spec.goal, constraints: spec.constraints, budget: { tokens: spec.tokenBudget } },
        thresholds,
      ),
      readings: 0,
      live: false,
      notes: [],
      last: undefined,
    }),
    on: {
      analyze: async (state, { force }, { signal }) => {
        await catchUp(state, signal);
        const { last, trajectory } = state;
        if (!force && last !== undefined && last.eventCount === trajectory.eventCount && !state.live) {
          return { analysis: last.analysis, unchanged: true, host: parts.host };
        }
        const { eventCount } = trajectory;
        // A model may take a minute: the actor answers the conductor meanwhile.
        return Later.of(
          async (judgeSignal) => parts.judge(trajectory, timeOf(state), judgeSignal),
          (judged) => {
            const analysis = state.notes.length === 0 ? judged : { ...judged, notes: [...state.notes] };
            const unchanged =
              !force && last?.eventCount === eventCount && sameVerdict(last.analysis, analysis);
            state.last = { analysis, eventCount };
            return { analysis, unchanged, host: parts.host };
          },
        );
      },
      profile: async (state, _body, { signal }) => {
        await catchUp(state, signal);
        return profile(state.trajectory, assess(state.trajectory, { ...timeOf(state), thresholds }));
      },
    },
    end: (state) => state.reader.close(),
  };
}

async function catchUp(state: AgentState, signal: AbortSignal): Promise<void> {
  const { events, notes, grown } = await state.reader.read(signal);
  for (const event of events) observe(state.trajectory, event);
  if (state.readings++ > 0 && grown) state.live = true;
  state.notes = notes;
  if (state.trajectory.eventCount === 0)
    throw new VigilError('UNREADABLE', notes[0] ?? 'its logs hold no events');
}

function timeOf(state: AgentState): { now: number | null; live: boolean } {
  return state.live ? { now: Date.now(), live: true } : { now: state.trajectory.lastAt, live: false };
}

/** A live agent that wrote nothing can still come to need steering: silence is judged against its own rhythm. */
function sameVerdict(before: TrajectoryAnalysis, after: TrajectoryAnalysis): boolean {
  return before.needsSteering === after.needsSteering && before.steeringType === after.steeringType;
}
