import { VigilError } from '../messages/errors.js';
import type { Subjects } from '../messages/subjects.js';
import { ATTRIBUTES, OWN_PROVIDER, SPANS } from '../messages/telemetry.js';
import type { Whereabouts } from './placement/fleet.js';
import type { Bus } from './runtime/bus.js';
import { inSpan, type SpanSpec } from './runtime/trace.js';

/** How the supervisor's actors reach the agents' actors. */
export interface AgentAccess {
  readonly bus: Bus;
  readonly subjects: Subjects;
  whereIs(agent: string): Whereabouts | undefined;
  /** An answer under an old placement was thrown away. */
  fenced(agent: string, epoch: number | undefined): void;
}

/**
 * Asks an agent's actor under its present placement.
 *
 * @throws VigilError UNAVAILABLE while the agent is unplaced or being moved, and when the answer came from a host that
 *   had lost the agent meanwhile: nothing it did counts, ask again.
 */
export async function askAgent(
  access: AgentAccess,
  agent: string,
  type: string,
  body: unknown,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ body: unknown; epoch: number }> {
  return inSpan(spanOf(agent, type), () => askPlaced(access, agent, type, body, timeoutMs, signal));
}

/** The analysis is what the conventions call the invocation of an agent that runs elsewhere. */
function spanOf(agent: string, type: string): SpanSpec {
  const attributes = { [ATTRIBUTES.agent]: agent, [ATTRIBUTES.message]: type };
  if (type !== 'analyze') return { name: SPANS.ask, kind: 'client', attributes };
  return {
    name: `${SPANS.agent} ${agent}`,
    kind: 'client',
    attributes: {
      ...attributes,
      [ATTRIBUTES.operation]: SPANS.agent,
      [ATTRIBUTES.provider]: OWN_PROVIDER,
      [ATTRIBUTES.agentName]: agent,
    },
  };
}

async function askPlaced(
  access: AgentAccess,
  agent: string,
  type: string,
  body: unknown,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ body: unknown; epoch: number }> {
  const place = access.whereIs(agent);
  if (place === undefined) throw new VigilError('UNAVAILABLE', 'no live host has this agent yet');
  const subject = access.subjects.actor('agent', agent);
  const answer = await access.bus.ask(subject, type, body, { timeoutMs, signal, epoch: place.epoch });
  const now = access.whereIs(agent);
  if (answer.epoch !== place.epoch || now?.epoch !== place.epoch) {
    access.fenced(agent, answer.epoch);
    throw new VigilError('UNAVAILABLE', `the agent was moved while it was asked`);
  }
  return { body: answer.body, epoch: place.epoch };
}
