import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NatsConnection } from 'nats';
import t from 'tap';
import { testFolder } from '../folder.js';
import { connectClient, isAlive, ROOT, run, until } from './processes.js';

const SCRIPT = fileURLToPath(new URL('./supervisor-process.js', import.meta.url));
const LOG = join(ROOT, 'fleet/logs/BabyEncryption.traj');

interface Host {
  readonly id: string;
  readonly pid: number;
  readonly agents: number;
}

async function hostsOf(nc: NatsConnection): Promise<Host[]> {
  return (await nc.request('vigil.rpc.status', '{}', { timeout: 10_000 })).json<{ hosts: Host[] }>().hosts;
}

t.test(
  'a host whose event loop hangs is ended; its agents move, and what was asked of them is answered',
  async (t) => {
    const cwd = testFolder(t);
    const env = {
      VIGIL_CYCLE_INTERVAL_MS: '0',
      VIGIL_HOSTS_COUNT: '2',
      VIGIL_HOSTS_LEASE_MS: '1500',
    };
    await run(t, SCRIPT, [], { cwd, env }).says(/^ready$/);
    const nc = await connectClient(t, cwd);
    const lost: { host: string; why: string; agents: number }[] = [];
    nc.subscribe('vigil.event.host.*.lost', { callback: (_error, message) => lost.push(message.json()) });
    const agents = Array.from({ length: 8 }, (_, i) => ({
      id: `agent-${i}`,
      goal: i === 0 ? `hang unless there is ${join(cwd, 'hung')}` : 'take 50 ms',
      logs: [LOG],
    }));
    await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents }), { timeout: 10_000 });
    const before = await until('the agents to be placed', async () => {
      const hosts = await hostsOf(nc);
      return hosts.length === 2 && hosts.reduce((sum, host) => sum + host.agents, 0) === 8
        ? hosts
        : undefined;
    });
    const reply = await nc.request('vigil.rpc.analyze', '{"force": true}', { timeout: 60_000 });
    const result = reply.json<{ items: { agent: string }[]; failures: unknown[] }>();
    t.same(result.failures, []);
    t.same(
      result.items.map(({ agent }) => agent).sort(),
      agents.map(({ id }) => id),
      'also of the one that hung, and of those beside it',
    );
    await until('the loss to be told', () => lost.length > 0);
    t.match(lost, [{ why: /lease not renewed/ }]);
    const hung = before.find(({ id }) => id === lost[0]?.host);
    t.ok(hung !== undefined);
    await until('its process to be gone', () => !isAlive(hung?.pid ?? 0));
    const after = await until('another in its place', async () => {
      const hosts = await hostsOf(nc);
      return hosts.length === 2 && hosts.every(({ id }) => id !== hung?.id) ? hosts : undefined;
    });
    t.equal(
      after.reduce((sum, host) => sum + host.agents, 0),
      8,
      'every agent has a host',
    );
  },
);
