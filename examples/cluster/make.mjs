// Writes the configuration of a NATS cluster for Vigil, and a key for everybody who connects to it:
//   node examples/cluster/make.mjs cluster --node 10.0.0.1 --node 10.0.0.2 --node 10.0.0.3 --host builder --host gpu
// A node is address[:client port[:cluster port]]. Each host machine has a key of its own, which can be taken away alone.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** What a file in `keys` holds; one that is there already is kept, so that machines can be added later. */
function kept(name, make) {
  const file = join(folder, 'keys', name);
  if (!existsSync(file)) writeFileSync(file, `${make()}\n`, { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

function keyOf(name) {
  const seed = kept(`${name}.nk`, () => new TextDecoder().decode(nkeys.createUser().getSeed()));
  return nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
}

// Servers of a cluster trust each other wholly: whoever is taken for one reads and writes every subject.
const secret = kept('route.secret', () => randomBytes(32).toString('hex'));

const nodes = addresses.map((text) => {
  const [address, port = '4222', clusterPort = '6222'] = text.split(':');
  return { address, port, clusterPort };
});
const routes = nodes.map(
  ({ address, clusterPort }) => `nats-route://route:${secret}@${address}:${clusterPort}`,
);
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
    'cluster {',
    `  name: vigil, listen: "${address}:${clusterPort}", routes: ${JSON.stringify(routes)}`,
    `  authorization { user: route, password: "${secret}", timeout: 2 }`,
    '}',
  ];
  const file = join(folder, `${name}.conf`);
  // The mode is that of a new file only.
  rmSync(file, { force: true });
  writeFileSync(file, `${lines.join('\n')}\n\n${shipped}`, { mode: 0o600 });
});
console.log(`${nodes.length} nodes, keys in ${join(folder, 'keys')}`);
