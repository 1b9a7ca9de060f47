/**
 * Names of spans and attributes. `gen_ai.*`, `messaging.*`, `error.type` and `server.*` are those of OpenTelemetry's
 * semantic conventions in this version; the GenAI ones are still in development there, so a new version is a change here
 * and nowhere else. What the conventions have no name for begins with `vigil.`.
 */
export const SEMCONV_VERSION = '1.41.0';
export const SCHEMA_URL = `https://opentelemetry.io/schemas/${SEMCONV_VERSION}`;

/** First words of spans' names; what follows is the workflow, agent, model or subject. */
export const SPANS = {
  /** A request over agents, from its intake to its final result. */
  workflow: 'invoke_workflow',
  /** A request that is about no agent. */
  request: 'vigil.request',
  /** The analysis of one agent, as the supervisor asks for it, retries included. */
  agent: 'invoke_agent',
  /** Any other message to an agent's actor. */
  ask: 'vigil.ask_agent',
  /** A message on its way to the broker. */
  send: 'send',
  /** A message as its receiver handles it. */
  process: 'process',
  /** A range of a log in the pool. */
  parse: 'vigil.parse',
  /** One call of the model's server. */
  chat: 'chat',
} as const;

export const ATTRIBUTES = {
  requestId: 'vigil.request.id',
  requestKind: 'vigil.request.kind',
  actorKind: 'vigil.actor.kind',
  message: 'vigil.actor.message',

  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  workflow: 'gen_ai.workflow.name',
  agent: 'gen_ai.agent.id',
  agentName: 'gen_ai.agent.name',
  requestModel: 'gen_ai.request.model',
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  outputType: 'gen_ai.output.type',
  responseModel: 'gen_ai.response.model',
  responseId: 'gen_ai.response.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  tokenType: 'gen_ai.token.type',
  /** Content: only where the settings ask for it. */
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',

  messagingSystem: 'messaging.system',
  messagingOperation: 'messaging.operation.name',
  messagingType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  messageId: 'messaging.message.id',

  errorType: 'error.type',
  serverAddress: 'server.address',
  serverPort: 'server.port',
} as const;

/** Provider of what Vigil itself does. */
export const OWN_PROVIDER = 'vigil';

/** The conventions' registry of systems has no NATS yet; a name of one's own is allowed. */
export const MESSAGING_SYSTEM = 'nats';

/** Metrics of the conventions, and their buckets. */
export const METRICS = {
  tokenUsage: { name: 'gen_ai.client.token.usage', buckets: Array.from({ length: 14 }, (_, i) => 4 ** i) },
  /** Seconds. */
  operationDuration: {
    name: 'gen_ai.client.operation.duration',
    buckets: Array.from({ length: 14 }, (_, i) => 2 ** i / 100),
  },
} as const;

/** A name of OpenTelemetry as Prometheus has it. @param unit a suffix, where the unit has one. */
export function prometheusName(name: string, unit?: string): string {
  return [name.replaceAll('.', '_'), unit].filter((part) => part !== undefined).join('_');
}

/** Attributes of a message over NATS. */
export function messagingAttributes(operation: 'send' | 'process', destination: string) {
  return {
    [ATTRIBUTES.messagingSystem]: MESSAGING_SYSTEM,
    [ATTRIBUTES.messagingOperation]: operation,
    [ATTRIBUTES.messagingType]: operation,
    [ATTRIBUTES.destination]: destination,
  };
}
