// Writes the configuration of a NATS cluster for Vigil, and a key for everybody who connects to it:
//   node examples/cluster/make.mjs cluster --node 10.0.0.1 --node 10.0.0.2 --node 10.0.0.3 --host builder --host gpu
// A node is address[:client port[:cluster port]]. Each host machine has a key of its own, which can be taken away alone.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nkeys } from 'nats';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'string', multiple: true }, host: { type: 'string', multiple: true } },
});
const [folder] = positionals;
const { node: addresses = [], host: hosts = [] } = values;
if (folder === undefined || addresses.length === 0 || hosts.length === 0)
  throw new Error('usage: make.mjs FOLDER --node ADDRESS … --host NAME …');
mkdirSync(join(folder, 'keys'), { recursive: true, mode: 0o700 });

/** The public key of a seed in `keys`; one that is there already is kept, so that machines can be added later. */
function keyOf(name) {
  const file = join(folder, 'keys', `${name}.nk`);
  if (!existsSync(file)) {
    const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
    writeFileSync(file, `${seed}\n`, { mode: 0o600 });
  }
  return nkeys.fromSeed(new TextEncoder().encode(readFileSync(file, 'utf8').trim())).getPublicKey();
}

const nodes = addresses.map((text) => {
  const [address, port = '4222', clusterPort = '6222'] = text.split(':');
  return { address, port, clusterPort };
});
const routes = nodes.map(({ address, clusterPort }) => `nats-route://${address}:${clusterPort}`);
const hostUsers = hosts.map((name) => `{ nkey: ${keyOf(`host-${name}`)}, permissions: $VIGIL_HOST_RIGHTS }`);
const shipped = readFileSync(new URL('../../nats.conf', import.meta.url), 'utf8')
  .replace('host: 127.0.0.1', 'host: $VIGIL_ADDRESS')
  .replace(/\{ nkey: \$VIGIL_HOST_KEY[^}]*\}/, hostUsers.join('\n    '));

nodes.forEach(({ address, port, clusterPort }, i) => {
  const name = `n${i + 1}`;
  const lines = [
    `VIGIL_SERVER_NAME: ${name}`,
    `VIGIL_ADDRESS: "${address}"`,
    `VIGIL_PORT: ${port}`,
    `VIGIL_STORE: "./store-${name}"`,
    ...['supervisor', 'client', 'agent'].map((role) => `VIGIL_${role.toUpperCase()}_KEY: ${keyOf(role)}`),
    `cluster { name: vigil, listen: "${address}:${clusterPort}", routes: ${JSON.stringify(routes)} }`,
  ];
  writeFileSync(join(folder, `${name}.conf`), `${lines.join('\n')}\n\n${shipped}`);
});
console.log(`${nodes.length} nodes, keys in ${join(folder, 'keys')}`);
