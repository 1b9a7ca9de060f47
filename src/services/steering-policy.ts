import type { SteeringType } from '../messages/analysis.js';
import { newId } from '../messages/ids.js';
import type { Intervention, SteerMode } from '../messages/interventions.js';
import type { Recommended } from '../store/interventions.js';

/** The settings that decide what becomes of a recommendation. */
export interface SteeringPolicy {
  readonly mode: SteerMode;
  readonly dryRun: boolean;
  readonly cooldownMs: number;
}

/**
 * Troubles that words to the agent can end. The others are a person's: a process that hangs reads nothing, a budget is
 * not the agent's to raise, and an agent that waits for an answer must not get one that nobody gave.
 */
const TELLABLE: ReadonlySet<SteeringType> = new Set(['loop', 'errors', 'drift', 'constraint']);

/**
 * What is done about the verdicts of one request. An agent that was steered for the same trouble within the cool-down is
 * left alone, but for an emergency.
 */
export function interventionsFor(
  requestId: string,
  recommended: readonly Recommended[],
  emergency: boolean,
  policy: SteeringPolicy,
  now: number,
): Intervention[] {
  const at = new Date(now).toISOString();
  return recommended
    .filter(({ lastAt }) => emergency || !isRecent(lastAt, now, policy.cooldownMs))
    .map(({ agent, type, recommendation, mode }) => {
      const delivery = TELLABLE.has(type) ? (mode ?? policy.mode) : 'notify';
      return {
        id: newId(now),
        requestId,
        agent,
        type,
        message: recommendation,
        emergency,
        delivery,
        ...firstState(delivery, policy.dryRun),
        at,
        updatedAt: at,
      };
    });
}

function firstState(delivery: SteerMode, dryRun: boolean): Pick<Intervention, 'state' | 'dryRun'> {
  if (delivery === 'notify') return { state: 'notified' };
  if (dryRun) return { state: 'notified', dryRun };
  return { state: delivery === 'ask' ? 'pending' : 'queued' };
}

/** A clock that was set back makes an old time a future one: neither direction silences an agent for longer. */
function isRecent(at: number | null, now: number, withinMs: number): boolean {
  return at !== null && Math.abs(now - at) < withinMs;
}
