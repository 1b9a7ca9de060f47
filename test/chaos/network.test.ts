import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, headers, type NatsConnection, NatsError } from 'nats';
import t from 'tap';
import { findServer } from '../../src/broker/find-server.js';
import { testFolder } from '../folder.js';
import { connectClient, ROOT, run, until } from '../system/processes.js';
import { FaultProxy } from '../system/proxy.js';
import { pause, rounds } from './rounds.js';

const SUPERVISOR = fileURLToPath(new URL('../system/supervisor-process.js', import.meta.url));
const LOG = join(ROOT, 'fleet/logs/BabyEncryption.traj');
const KILLS = rounds(3);

t.setTimeout(120_000 + KILLS * 10_000);

const fleet = (n: number, ms: number) =>
  JSON.stringify({
    agents: Array.from({ length: n }, (_, i) => ({ id: `agent-${i}`, goal: `take ${ms} ms`, logs: [LOG] })),
  });

interface Status {
  hosts: { id: string }[];
  agents: { unplaced: number };
}

async function status(nc: NatsConnection): Promise<Status | undefined> {
  try {
    return (await nc.request('vigil.rpc.status', '{}', { timeout: 2_000 })).json<Status>();
  } catch (error) {
    if (error instanceof NatsError) return undefined;
    throw error;
  }
}

t.test(
  'a half-open network: requests fail by their own time, the fleet is not restarted, work goes on after it',
  async (t) => {
    const program = await findServer(undefined, '/nowhere');
    const server = spawn(program?.path ?? '', ['-a', '127.0.0.1', '-p', '-1', '-js', '-sd', testFolder(t)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    t.teardown(() => server.kill('SIGKILL'));
    let said = '';
    for (; !said.includes('Server is ready'); ) said += String((await once(server.stderr, 'data'))[0]);
    server.stderr.resume();
    const port = Number(/client connections on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
    const proxy = await FaultProxy.to(port);
    t.teardown(() => proxy.close());
    const cwd = testFolder(t);
    const supervisor = run(t, SUPERVISOR, [], {
      cwd,
      env: {
        VIGIL_NATS_URL: `nats://127.0.0.1:${proxy.port}`,
        VIGIL_NATS_PING_INTERVAL_MS: '300',
        VIGIL_HOSTS_LEASE_MS: '1500',
        VIGIL_CYCLE_INTERVAL_MS: '0',
        VIGIL_REQUESTS_ACK_WAIT_MS: '2000',
      },
    });
    await supervisor.says(/^ready$/);
    const nc = await connect({ servers: `nats://127.0.0.1:${port}` });
    t.teardown(() => nc.close());
    await nc.request('vigil.rpc.agents.register', fleet(10, 300), { timeout: 10_000 });
    const before = await until('the status', () => status(nc));

    const finals = nc.subscribe('vigil.result.analyze', { max: 1 });
    const first = nc.subscribe('vigil.result.analysis.*', { max: 1 });
    await nc.jetstream().publish('vigil.trigger.analyze', '{}');
    for await (const _message of first) proxy.goDeaf();
    // Longer than two pings and than a lease.
    await pause(2_500);
    t.equal(supervisor.child.exitCode, null);
    proxy.recover();
    for await (const message of finals) {
      const { items, failures } = message.json<{ items: unknown[]; failures: unknown[] }>();
      t.equal(items.length, 10, JSON.stringify(failures));
    }
    const after = await until('the status afterwards', () => status(nc));
    t.same(
      after.hosts.map(({ id }) => id),
      before.hosts.map(({ id }) => id),
      'the same hosts',
    );
    t.equal(after.agents.unplaced, 0);
  },
);

t.test(`Vigil's own broker is killed with -9 ${KILLS} times under a run of triggers`, async (t) => {
  const cwd = testFolder(t);
  const supervisor = run(t, SUPERVISOR, [], {
    cwd,
    env: {
      VIGIL_CYCLE_INTERVAL_MS: '0',
      VIGIL_RESTART_MAX_RESTARTS: '1000',
      VIGIL_RESTART_MAX_BACKOFF_MS: '100',
      VIGIL_REQUESTS_ACK_WAIT_MS: '2000',
    },
  });
  await supervisor.says(/^ready$/);
  const nc = await connectClient(t, cwd);
  await nc.request('vigil.rpc.agents.register', fleet(5, 10), { timeout: 10_000 });
  const acknowledged: string[] = [];
  const recoveries: number[] = [];
  const publish = async (id: string) => {
    const own = headers();
    own.set('Nats-Msg-Id', id);
    try {
      await nc.jetstream().publish('vigil.trigger.analyze', '{}', { headers: own, timeout: 1_000 });
      acknowledged.push(id);
      return true;
    } catch (error) {
      // Not acknowledged: no promise was made.
      if (error instanceof NatsError) return undefined;
      throw error;
    }
  };
  for (let round = 0; round < KILLS; round++) {
    for (let i = 0; i < 10; i++) await publish(`kill-${round}-${i}`);
    const { pid } = JSON.parse(readFileSync(join(cwd, '.vigil/nats/running.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    const killedAt = performance.now();
    let n = 0;
    await until('the broker to take triggers again', () => publish(`after-${round}-${n++}`));
    recoveries.push(performance.now() - killedAt);
  }
  const found = await until('every acknowledged trigger to have its result', async () => {
    const count = new Map<string, number>();
    try {
      const consumer = await nc
        .jetstream()
        .consumers.get('VIGIL_RESULTS', { filterSubjects: 'vigil.result.analyze' });
      const { num_pending } = await consumer.info();
      for await (const message of await consumer.fetch({
        max_messages: Math.max(1, num_pending),
        expires: 5_000,
      })) {
        const { requestId } = message.json<{ requestId: string }>();
        count.set(requestId, (count.get(requestId) ?? 0) + 1);
      }
    } catch (error) {
      if (!(error instanceof NatsError)) throw error;
    }
    return acknowledged.every((id) => count.has(id)) ? count : undefined;
  });
  t.same(
    [...found].filter(([, times]) => times !== 1),
    [],
    'each exactly once',
  );
  recoveries.sort((a, b) => a - b);
  t.comment(
    `${acknowledged.length} acknowledged; taken again after ${Math.round(recoveries[recoveries.length >> 1] ?? 0)} ms (median), ${Math.round(recoveries.at(-1) ?? 0)} ms (slowest)`,
  );
});
