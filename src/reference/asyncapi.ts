import { CHANNELS, type Channel, type PublicMessage } from '../messages/channels.js';
import { Settings } from '../settings/schema.js';
import { componentSchemas } from './schemas.js';

const NATS_BINDING = '0.1.0';
/** The group in which the instances of a NATS service share their requests. */
const SERVICE_QUEUE = 'q';

const PARAMETER_TEXTS: Readonly<Record<string, string>> = {
  agent: 'Id of the agent.',
  host: 'Id of the host process.',
  task: 'Id of the task.',
  kind: 'The kind that the trigger named.',
};

const DEDUPLICATION = {
  type: 'object',
  properties: {
    'Nats-Msg-Id': {
      type: 'string',
      description: 'Makes the message idempotent: one of the same id is the same message.',
    },
  },
};

const SERVICE_ERROR = {
  type: 'object',
  required: ['Nats-Service-Error', 'Nats-Service-Error-Code'],
  properties: {
    'Nats-Service-Error': { type: 'string', description: 'The message, on one line.' },
    'Nats-Service-Error-Code': { type: 'string', description: 'The status of the code, such as 404.' },
  },
};

type Json = Record<string, unknown>;

/** The AsyncAPI 3.1 document of the public interface, from the supervisor's point of view. */
export function asyncApi(version: string): Json {
  const { prefix, nats } = Settings.parse({});
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Vigil',
      version,
      description:
        'Watches a fleet of AI coding agents. Publish a trigger, subscribe to the results; or ask, and wait for the reply.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      broker: {
        host: `127.0.0.1:${nats.port}`,
        protocol: 'nats',
        description:
          'The broker that Vigil starts, with the key in keys/client.nk of the data directory; or an existing server or cluster (nats.url). Subjects start with the setting prefix.',
      },
    },
    channels: Object.fromEntries(CHANNELS.flatMap((channel) => channelsFor(channel, prefix))),
    operations: Object.fromEntries(CHANNELS.map((channel) => [channel.name, operationFor(channel)])),
    components: { messages: messages(), schemas: Object.fromEntries(componentSchemas()) },
  };
}

function channelsFor(channel: Channel, prefix: string): [string, Json][] {
  const parameters = [...channel.pattern.matchAll(/<(\w+)>/g)].map(([, name = '']) => [
    name,
    { description: PARAMETER_TEXTS[name] ?? '' },
  ]);
  const own: [string, Json] = [
    channel.name,
    {
      address: `${prefix}.${channel.pattern.replace(/<(\w+)>/g, '{$1}')}`,
      description: withStream(channel, prefix),
      messages: references(channel.messages),
      ...(parameters.length > 0 ? { parameters: Object.fromEntries(parameters) } : {}),
    },
  ];
  if (channel.direction !== 'answer') return [own];
  const reply: [string, Json] = [
    `${channel.name}-reply`,
    {
      address: null,
      description: "The request's NATS reply subject.",
      messages: references(channel.replies),
    },
  ];
  return [own, reply];
}

function withStream({ description, stream }: Channel, prefix: string): string {
  return stream === undefined
    ? description
    : `${description} Kept by the JetStream stream ${prefix.toUpperCase()}_${stream.toUpperCase()}.`;
}

function references(messages: readonly PublicMessage[]): Json {
  return Object.fromEntries(messages.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]));
}

function operationFor(channel: Channel): Json {
  const pick = (name: string, messages: readonly PublicMessage[]) => ({
    channel: { $ref: `#/channels/${name}` },
    messages: messages.map((message) => ({ $ref: `#/channels/${name}/messages/${message.name}` })),
  });
  const summary = channel.description;
  const own = pick(channel.name, channel.messages);
  if (channel.direction !== 'answer') return { action: channel.direction, summary, ...own };
  return {
    action: 'receive',
    summary,
    ...own,
    reply: pick(`${channel.name}-reply`, channel.replies),
    bindings: { nats: { queue: SERVICE_QUEUE, bindingVersion: NATS_BINDING } },
  };
}

function messages(): Json {
  const all = new Map<string, Json>();
  for (const { messages, replies, stream } of CHANNELS) {
    for (const { name } of [...messages, ...replies]) {
      const headers =
        name === 'ErrorReply' ? SERVICE_ERROR : stream === undefined ? undefined : DEDUPLICATION;
      all.set(name, {
        name,
        ...all.get(name),
        ...(headers === undefined ? {} : { headers }),
        payload: { $ref: `#/components/schemas/${name}` },
      });
    }
  }
  return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}
