import type { EndedHow, ProcessState } from '../messages/agent-wire.js';
import type { Phase, SteeringType } from '../messages/analysis.js';
import type { AgentStatusName, StatusSource } from '../messages/health.js';
import type { LogStanding } from '../messages/signs.js';

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
  /** What the end of the log said between two verdicts. */
  readonly log?:
    | {
        readonly at: number;
        readonly standing: LogStanding;
        readonly lastEventAt?: number | undefined;
      }
    | undefined;
  /** A hook of its session said that a person has to do something. */
  readonly hook?: { readonly at: number; readonly standing: Waits } | undefined;
}

export type Waits = Extract<LogStanding, 'waiting_input' | 'waiting_permission'>;

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
const HOOK_SLACK_MS = 1_000;

/**
 * One honest value out of all signs: the newest wins, what is stale tells nothing. An agent whose heartbeat stopped is
 * never taken for running by what was known before. Pure.
 */
export function statusOf({ heartbeat, verdict, log, hook }: Signs, now: number, limits: StatusLimits): Fused {
  const never = Number.NEGATIVE_INFINITY;
  const wroteAt = Math.max(verdict?.lastEventAt ?? never, log?.lastEventAt ?? never);
  if (heartbeat !== undefined && (heartbeat.state === 'exited' || heartbeat.silent)) {
    // Its log goes on without its runner: somebody else runs it now.
    const writes = wroteAt > heartbeat.at + AFTERGLOW_MS && now - wroteAt <= limits.activeMs;
    if (!writes) return heartbeat.state === 'exited' ? endOf(heartbeat) : silenceOf(heartbeat);
  }
  const alive = heartbeat !== undefined && heartbeat.state !== 'exited' && !heartbeat.silent;
  if (hook !== undefined && now - hook.at <= limits.staleMs && hookStands(hook.at, wroteAt))
    return { state: hook.standing, source: 'hook', at: hook.at };
  const newest = Math.max(verdict?.at ?? never, log?.at ?? never);
  if (now - newest <= limits.staleMs) {
    const told = toldBy(verdict, log);
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

/** What a hook said stands until the log goes on: its own call may be written a moment later. */
export function hookStands(hookAt: number, wroteAt: number): boolean {
  return wroteAt <= hookAt + HOOK_SLACK_MS;
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

/** The newer of the two. A log that goes on takes back a wait or an end, and not that an agent gets nowhere. */
function toldBy(verdict: Signs['verdict'], log: Signs['log']): Fused | undefined {
  const judged = verdict && judgedBy(verdict);
  if (log === undefined || (verdict !== undefined && verdict.at > log.at)) return judged;
  if (log.standing === 'working') return judged?.state === 'stuck' ? judged : undefined;
  return { state: log.standing, source: 'log', at: log.lastEventAt ?? log.at };
}

function judgedBy(verdict: NonNullable<Signs['verdict']>): Fused | undefined {
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
