// Triggers an analysis and prints the verdicts as they come. Needs the `nats` package and nothing of Vigil:
//   node examples/client.mjs [.vigil/keys/client.nk] [nats://127.0.0.1:4222]
import { readFileSync } from 'node:fs';
import { connect, nkeyAuthenticator } from 'nats';

const [seedFile = '.vigil/keys/client.nk', servers = 'nats://127.0.0.1:4222'] = process.argv.slice(2);
const seed = new TextEncoder().encode(readFileSync(seedFile, 'utf8').trim());
const nc = await connect({ servers, authenticator: nkeyAuthenticator(seed) });
const results = nc.subscribe('vigil.result.>');
await nc.jetstream().publish('vigil.trigger.analyze', JSON.stringify({ force: true }));
for await (const message of results) {
  const { analysis, items, failures } = message.json();
  if (analysis) console.log(analysis.agent, analysis.alignmentScore, analysis.steeringType ?? 'fine');
  if (message.subject === 'vigil.result.analyze') {
    console.log(`${items.length} analysed, ${failures.length} failed`);
    break;
  }
}
await nc.close();
