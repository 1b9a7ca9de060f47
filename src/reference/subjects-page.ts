import { CHANNELS, type Channel, type PublicMessage } from '../messages/channels.js';
import { Settings } from '../settings/schema.js';
import { code, GENERATED, table } from './markdown.js';
import { schemaFile } from './schemas.js';

/** `docs/reference/subjects.md`. */
export function subjectsPage(): string {
  const { prefix } = Settings.parse({});
  const subject = ({ pattern }: Channel) => code(`${prefix}.${pattern}`);
  const of = (direction: Channel['direction'], group: string) =>
    CHANNELS.filter((channel) => channel.direction === direction && channel.pattern.startsWith(group));
  const failed = (of('answer', 'rpc.')[0]?.replies ?? []).slice(1);
  const refused = CHANNELS.find((channel) => channel.pattern === 'result.<kind>')?.messages ?? [];
  const said = (channels: readonly Channel[]) =>
    table(
      ['subject', 'payload', ''],
      channels.map((channel) => [subject(channel), links(channel.messages), channel.description]),
    );
  return `${GENERATED}

# Subjects

All payloads are JSON. \`${prefix}\` is the setting [\`prefix\`](settings.md); \`<agent>\` and the like stand for an id: 1 to 64
of \`A-Z a-z 0-9 _ -\`. The same as an AsyncAPI document: [asyncapi.json](../asyncapi.json).

## Triggers

Publish to JetStream (stream \`${prefix.toUpperCase()}_TRIGGERS\`): its acknowledgement means that the trigger will be run. An empty payload is
\`{}\`. The header \`Nats-Msg-Id\` makes a trigger idempotent; where it
is a valid id it is also the \`requestId\` of the results.

${said(of('receive', 'trigger.'))}

## Requests

NATS services (micro protocol): \`nats micro info ${prefix}\` lists them. A request that is refused or fails is answered with the
headers \`Nats-Service-Error\` and \`Nats-Service-Error-Code\` and with ${links(failed)} as its
body; the codes are in [errors.md](errors.md).

${table(
  ['subject', 'request', 'reply', ''],
  of('answer', 'rpc.').map((channel) => [
    subject(channel),
    links(channel.messages),
    links(channel.replies.slice(0, 1)),
    channel.description,
  ]),
)}

## Results

Stream \`${prefix.toUpperCase()}_RESULTS\`, bounded by age and size: a subscriber that was away catches up with a consumer of its own. Every
final result has \`requestId\`, \`startedAt\`, \`finishedAt\`, \`items\` and \`failures\`: a failed item is named, never dropped. A
request that could not be run at all has ${links(refused)} on the subject of its result.

${said(of('send', 'result.'))}

## Agents

Subjects of the agents themselves, with a key of their own (\`keys/agent.nk\` of the data directory). A program that speaks them
is watched without a log file. Steering and control may be published or, for an acknowledgement, requested.

${said([...of('receive', 'agent.'), ...of('answer', 'agent.')])}

## Events

In the same stream.

${said(of('send', 'event.'))}
`;
}

function links(messages: readonly PublicMessage[]): string {
  return messages.map(({ name }) => `[${name}](../schemas/${schemaFile(name)})`).join(', ');
}
