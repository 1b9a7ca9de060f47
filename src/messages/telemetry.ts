/** Names of spans and their attributes; `gen_ai.*` as in OpenTelemetry's GenAI semantic conventions 1.41. */
export const SPANS = {
  /** A request from its intake to its final result. */
  request: 'vigil.request',
  /** One agent's share of it, as the supervisor sees it, retries included. */
  item: 'vigil.ask_agent',
  /** A message as the actor handles it. */
  handle: 'vigil.handle',
  /** A range of a log in the pool. */
  parse: 'vigil.parse',
} as const;

export const ATTRIBUTES = {
  requestId: 'vigil.request.id',
  requestKind: 'vigil.request.kind',
  agent: 'gen_ai.agent.id',
  actorKind: 'vigil.actor.kind',
  message: 'vigil.actor.message',
} as const;
