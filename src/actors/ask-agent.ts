import { ALIVE } from '../messages/envelope.js';
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
  /** Its host has answered for the agent under that placement. */
  hostShown(agent: string, epoch: number): void;
  /** An answer under an old placement was thrown away. */
  fenced(agent: string, epoch: number | undefined): void;
}

/** How long a host may take to answer for an agent that is new to it, before it is asked again. */
const SHOW_MS = 500;

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
  const endsAt = performance.now() + timeoutMs;
  if (!place.shown) await meet(access, agent, subject, place.epoch, Math.min(SHOW_MS, timeoutMs), signal);
  const left = Math.max(1, Math.ceil(endsAt - performance.now()));
  const answer = await access.bus.ask(subject, type, body, { timeoutMs: left, signal, epoch: place.epoch });
  const now = access.whereIs(agent);
  if (answer.epoch !== place.epoch || now?.epoch !== place.epoch) {
    access.fenced(agent, answer.epoch);
    throw new VigilError('UNAVAILABLE', `the agent was moved while it was asked`);
  }
  return { body: answer.body, epoch: place.epoch };
}

/**
 * Waits for a sign of the agent's actor under that placement.
 *
 * @throws VigilError UNAVAILABLE when none comes: whoever is subscribed does not live, or has not heard of the placement.
 */
async function meet(
  access: AgentAccess,
  agent: string,
  subject: string,
  epoch: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const shown = await access.bus.ask(subject, ALIVE, null, { timeoutMs, signal }).catch((error: unknown) => {
    if (error instanceof VigilError && error.code === 'TIMEOUT') return undefined;
    throw error;
  });
  if (shown?.epoch !== epoch)
    throw new VigilError('UNAVAILABLE', 'its host does not answer for the agent yet');
  access.hostShown(agent, epoch);
}
