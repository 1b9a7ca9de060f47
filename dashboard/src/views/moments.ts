import type { AgentEvent } from '../../../src/messages/agent-event';
import type { Intervention } from '../../../src/messages/interventions';

/** Nothing happened for longer than this: it is marked. */
const IDLE_MS = 120_000;

/** What stands in a log or timeline, in order. */
export type Moment =
  | { readonly kind: 'event'; readonly event: AgentEvent }
  | { readonly kind: 'idle'; readonly ms: number; readonly before: number }
  | { readonly kind: 'steer'; readonly intervention: Intervention };

/** Kinds that are told apart at a glance. */
export type Lane = 'talk' | 'look' | 'edit' | 'run' | 'other';

export function laneOf(event: AgentEvent): Lane {
  switch (event.action) {
    case 'read':
    case 'search':
    case 'poll':
      return 'look';
    case 'edit':
      return 'edit';
    case 'run':
      return 'run';
    case undefined:
      return event.kind === 'message' || event.kind === 'thought' ? 'talk' : 'other';
    default:
      return event.action === 'ask' || event.action === 'plan' ? 'talk' : 'other';
  }
}

export function isFailure(event: AgentEvent): boolean {
  return (
    event.kind === 'error' || event.isError === true || (event.exitCode !== undefined && event.exitCode !== 0)
  );
}

/** Events with the idle gaps and the steering between them. Their order is that of the log, whatever the clocks say. */
export function momentsOf(
  events: readonly AgentEvent[],
  interventions: readonly Intervention[],
): readonly Moment[] {
  const told = interventions
    .filter(({ state }) => state !== 'pending' && state !== 'rejected')
    .map((intervention) => ({ at: Date.parse(intervention.at), intervention }))
    .sort((a, b) => a.at - b.at);
  const moments: Moment[] = [];
  let last: number | undefined;
  let next = 0;
  for (const event of events) {
    if (event.at !== null) {
      if (last !== undefined && event.at - last > IDLE_MS)
        moments.push({ kind: 'idle', ms: event.at - last, before: event.index });
      while (last !== undefined && next < told.length && (told[next]?.at ?? 0) <= event.at) {
        const steer = told[next++];
        if (steer !== undefined && steer.at > last)
          moments.push({ kind: 'steer', intervention: steer.intervention });
      }
      last = Math.max(last ?? event.at, event.at);
    }
    moments.push({ kind: 'event', event });
  }
  for (const { at, intervention } of told.slice(next))
    if (last === undefined || at > last) moments.push({ kind: 'steer', intervention });
  return moments;
}
