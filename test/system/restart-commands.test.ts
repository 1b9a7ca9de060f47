import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { testFolder } from '../folder.js';
import { connectClient, until, vigil } from './processes.js';

t.test('a restart command runs on a host of its machine, where the settings there allow it', async (t) => {
  const agent = (id: string, label: string) => ({
    id,
    label,
    logs: [],
    restart: { command: ['sh', '-c', 'echo "$0 $1" > ran', id, 'now'], cwd: '.' },
  });
  const agents = JSON.stringify([agent('a', 'willing'), agent('b', 'unwilling'), agent('c', 'nowhere')]);
  const cwd = testFolder(t, {
    'vigil.config.yaml': `cycle: {intervalMs: 0}\nhealth: {upMs: 200}\nagents: ${agents}\n`,
    willing: { 'vigil.config.yaml': 'hosts: {runCommands: true}\n' },
    unwilling: {},
  });
  // Agents whose hosts are not there yet are not waited for.
  const supervisor = vigil(t, ['start'], { cwd, env: { VIGIL_ANALYSIS_ITEM_TIMEOUT_MS: '200' } });
  await supervisor.says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  const key = join(cwd, '.vigil/keys/host.nk');
  for (const label of ['willing', 'unwilling']) {
    const args = ['host', '--nats-url', `nats://${nc.getServer()}`, '--nkey-file', key, '--label', label];
    vigil(t, args, { cwd: join(cwd, label) });
  }
  const ask = async <T>(endpoint: string, body: object): Promise<T> =>
    (await nc.request(`vigil.rpc.${endpoint}`, JSON.stringify(body), { timeout: 30_000 })).json<T>();
  await until('both hosts', async () => (await ask<{ hosts: unknown[] }>('status', {})).hosts.length === 3);

  const { restarts } = await ask<{ restarts: { agent: string }[] }>('agents.restart', {
    ids: ['a', 'b', 'c'],
  });
  const of = (id: string) => restarts.find(({ agent }) => agent === id);
  t.match(of('a'), { outcome: 'acknowledged', way: 'command' });
  t.match(of('b'), { outcome: 'failed', code: 'FORBIDDEN', message: /hosts\.runCommands: true/ });
  t.match(of('c'), { outcome: 'failed', code: 'UNAVAILABLE', message: /no live host has the label nowhere/ });
  t.equal(readFileSync(join(cwd, 'willing/ran'), 'utf8'), 'a now\n');
  t.equal(existsSync(join(cwd, 'unwilling/ran')), false);
});
