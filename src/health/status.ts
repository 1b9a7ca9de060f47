import type { EndedHow, ProcessState } from '../messages/agent-wire.js';
import type { Phase, SteeringType } from '../messages/analysis.js';
import type { AgentStatusName, StatusSource } from '../messages/health.js';

/** Everything that tells what an agent does. Times are epoch milliseconds. */
export interface Signs {
  readonly heartbeat?:
    | {
        readonly at: number;
        readonly state: ProcessState;
        readonly ended?: EndedHow | undefined;
        readonly exitCode?: number | undefined;
        /** Three or more were missed. */
        readonly silent: boolean;
        /** Silent, and nobody answers for it: its runner is gone, or every restart failed. */
        readonly gone: boolean;
      }
    | undefined;
  readonly verdict?:
    | {
        /** When it was judged last, also where nothing had changed. */
        readonly at: number;
        readonly phase: Phase;
        readonly steeringType?: SteeringType | undefined;
        readonly waitsFor?: 'input' | 'permission' | undefined;
        readonly lastEventAt?: number | undefined;
      }
    | undefined;
}

export interface StatusLimits {
  readonly staleMs: number;
  readonly activeMs: number;
}

export interface Fused {
  readonly state: AgentStatusName;
  readonly source: StatusSource | null;
  /** Of the sign that it rests on. */
  readonly at: number | null;
}

/** What a log says right after its process ended is still of before. */
const AFTERGLOW_MS = 5_000;

/**
 * One honest value out of all signs: the newest wins, what is stale tells nothing. An agent whose heartbeat stopped is
 * never taken for running by what was known before. Pure.
 */
export function statusOf({ heartbeat, verdict }: Signs, now: number, limits: StatusLimits): Fused {
  const wroteAt = verdict?.lastEventAt ?? Number.NEGATIVE_INFINITY;
  if (heartbeat !== undefined && (heartbeat.state === 'exited' || heartbeat.silent)) {
    // Its log goes on without its runner: somebody else runs it now.
    const writes = wroteAt > heartbeat.at + AFTERGLOW_MS && now - wroteAt <= limits.activeMs;
    if (!writes) return heartbeat.state === 'exited' ? endOf(heartbeat) : silenceOf(heartbeat);
  }
  const alive = heartbeat !== undefined && heartbeat.state !== 'exited' && !heartbeat.silent;
  if (verdict !== undefined && now - verdict.at <= limits.staleMs) {
    const told = toldBy(verdict);
    // Whoever is made to stand still is not stuck.
    const stands = alive && heartbeat.state === 'paused' && told?.state === 'stuck';
    if (told !== undefined && !stands) return told;
  }
  if (alive)
    return {
      state: heartbeat.state === 'paused' ? 'idle' : 'running',
      source: 'heartbeat',
      at: heartbeat.at,
    };
  if (Number.isFinite(wroteAt)) {
    const age = now - wroteAt;
    const state = age <= limits.activeMs ? 'running' : age <= limits.staleMs ? 'idle' : 'unknown';
    return { state, source: 'log', at: wroteAt };
  }
  return { state: 'unknown', source: null, at: null };
}

type Beat = NonNullable<Signs['heartbeat']>;

function endOf({ ended, exitCode, at }: Beat): Fused {
  const failed =
    ended === undefined
      ? exitCode !== undefined && exitCode !== 0
      : ended === 'failed' || ended === 'given_up';
  return { state: failed ? 'crashed' : 'finished', source: 'process', at };
}

function silenceOf({ gone, at }: Beat): Fused {
  return gone ? { state: 'crashed', source: 'process', at } : { state: 'unknown', source: 'heartbeat', at };
}

function toldBy(verdict: NonNullable<Signs['verdict']>): Fused | undefined {
  const { at, steeringType, waitsFor, phase } = verdict;
  if (steeringType === 'waiting')
    return {
      state: waitsFor === 'permission' ? 'waiting_permission' : 'waiting_input',
      source: 'verdict',
      at,
    };
  if (phase === 'finished') return { state: 'finished', source: 'log', at: verdict.lastEventAt ?? at };
  if (steeringType === 'loop' || steeringType === 'stall' || steeringType === 'errors')
    return { state: 'stuck', source: 'verdict', at };
  return undefined;
}
