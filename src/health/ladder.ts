import type { Heartbeat } from '../messages/agent-wire.js';
import type { HealthLevel } from '../messages/health.js';

/** Missed heartbeats at which an agent is restarted. */
export const UNRESPONSIVE_AT = 3;

export interface LadderSettings {
  /** Least time between heartbeats, by state. */
  readonly expectedMs: Readonly<
    Record<'starting' | 'running' | 'paused' | 'restarting' | 'stopping', number>
  >;
  readonly maxExpectedMs: number;
  readonly toleranceMs: number;
}

/** Within what time the next heartbeat comes; infinite for an agent that said that it ended. */
export function expectedMs(beat: Pick<Heartbeat, 'state' | 'intervalMs'>, settings: LadderSettings): number {
  if (beat.state === 'exited') return Number.POSITIVE_INFINITY;
  return Math.min(settings.maxExpectedMs, Math.max(beat.intervalMs, settings.expectedMs[beat.state]));
}

/** Heartbeats that should have come in `silentMs`, each a little late at most. */
export function missedIn(silentMs: number, expected: number, toleranceMs: number): number {
  if (!Number.isFinite(expected)) return 0;
  return Math.max(0, Math.floor((silentMs - Math.min(toleranceMs, expected / 2)) / expected));
}

export function levelOf(missed: number): Exclude<HealthLevel, 'unwatched'> {
  if (missed >= UNRESPONSIVE_AT) return 'unresponsive';
  return missed === 2 ? 'degraded' : missed === 1 ? 'warning' : 'ok';
}
