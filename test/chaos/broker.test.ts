import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, headers, type NatsConnection, NatsError } from 'nats';
import t from 'tap';
import { findServer } from '../../src/broker/find-server.js';
import { testFolder } from '../folder.js';
import { ROOT, run, until } from '../system/processes.js';
import { pause } from './rounds.js';

const SUPERVISOR = fileURLToPath(new URL('../system/supervisor-process.js', import.meta.url));
const LOG = join(ROOT, 'fleet/logs/BabyEncryption.traj');
/** How long the broker is away; the acceptance asks for 10 s, the suite has less time. */
const AWAY_MS = Number(process.env['CHAOS_AWAY_MS'] ?? 2_000);

t.setTimeout(120_000 + AWAY_MS * 4);

interface Final {
  requestId: string;
  items: { agent: string }[];
  failures: unknown[];
}

async function trigger(nc: NatsConnection, kind: string, id: string): Promise<void> {
  const own = headers();
  own.set('Nats-Msg-Id', id);
  await nc
    .jetstream()
    .publish(`vigil.trigger.${kind}`, kind === 'cycle' ? '{}' : '{"force": true}', { headers: own });
}

async function finalOf(nc: NatsConnection, kind: string, id: string): Promise<Final[]> {
  return until(`the final result of ${id}`, () => storedFinals(nc, kind, id), 60_000);
}

/** Undefined while there is none, and while the broker has only just come back. */
async function storedFinals(nc: NatsConnection, kind: string, id: string): Promise<Final[] | undefined> {
  try {
    const consumer = await nc
      .jetstream()
      .consumers.get('VIGIL_RESULTS', { filterSubjects: `vigil.result.${kind}` });
    const { num_pending } = await consumer.info();
    if (num_pending === 0) return undefined;
    const found: Final[] = [];
    for await (const message of await consumer.fetch({ max_messages: num_pending, expires: 5_000 })) {
      const final = message.json<Final>();
      if (final.requestId === id) found.push(final);
    }
    return found.length > 0 ? found : undefined;
  } catch (error) {
    if (error instanceof NatsError) return undefined;
    throw error;
  }
}

t.test(`the broker is killed in the middle of a cycle and stays away for ${AWAY_MS} ms`, async (t) => {
  const program = await findServer(undefined, '/nowhere');
  const store = testFolder(t);
  const startBroker = async (port: string) => {
    const server = spawn(
      program?.path ?? '',
      ['-a', '127.0.0.1', '-p', port, '-js', '-sd', join(store, 'js')],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let said = '';
    for (; !said.includes('Server is ready'); ) said += String((await once(server.stderr, 'data'))[0]);
    server.stderr.resume();
    return { server, port: /client connections on 127\.0\.0\.1:(\d+)/.exec(said)?.[1] ?? port };
  };
  let broker = await startBroker('-1');
  t.teardown(() => broker.server.kill('SIGKILL'));
  const url = `nats://127.0.0.1:${broker.port}`;
  const cwd = testFolder(t);
  const supervisor = run(t, SUPERVISOR, [], {
    cwd,
    env: {
      VIGIL_NATS_URL: url,
      VIGIL_CYCLE_INTERVAL_MS: '0',
      VIGIL_REQUESTS_ACK_WAIT_MS: '2000',
      VIGIL_HOSTS_LEASE_MS: '1500',
    },
  });
  await supervisor.says(/^ready$/);
  const nc = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  t.teardown(() => nc.close());
  const agents = Array.from({ length: 10 }, (_, i) => ({
    id: `agent-${i}`,
    goal: 'take 400 ms',
    logs: [LOG],
  }));
  await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents }), { timeout: 10_000 });
  const hostsBefore = (await nc.request('vigil.rpc.status', '{}', { timeout: 10_000 })).json<{
    hosts: { id: string }[];
  }>();

  const first = nc.subscribe('vigil.result.analysis.*', { max: 1 });
  await trigger(nc, 'cycle', 'cut-cycle');
  await trigger(nc, 'analyze', 'queued');
  for await (const _message of first) broker.server.kill('SIGKILL');
  await once(broker.server, 'exit');
  await pause(AWAY_MS);
  t.equal(supervisor.child.exitCode, null, 'the supervisor waits');
  broker = await startBroker(broker.port);

  const [cut, ...more] = await finalOf(nc, 'cycle', 'cut-cycle');
  t.same(more, [], 'one final result');
  t.equal((cut?.items.length ?? 0) + (cut?.failures.length ?? 0), 10, 'every agent judged or named');
  const queued = await finalOf(nc, 'analyze', 'queued');
  t.equal(queued.length, 1, 'the trigger acknowledged before the outage is not lost');
  t.equal(queued[0]?.items.length, 10);
  await trigger(nc, 'cycle', 'next-cycle');
  const [next] = await finalOf(nc, 'cycle', 'next-cycle');
  t.same(next?.failures, [], 'the next one succeeds');
  t.equal(next?.items.length, 10);
  const status = (await nc.request('vigil.rpc.status', '{}', { timeout: 10_000 })).json<{
    hosts: { id: string }[];
    agents: { unplaced: number };
    broker: { connected: boolean; disconnects: number };
  }>();
  t.same(
    status.hosts.map(({ id }) => id),
    hostsBefore.hosts.map(({ id }) => id),
    'no host was restarted for it',
  );
  t.equal(status.agents.unplaced, 0);
  t.match(status.broker, { connected: true, disconnects: 1 }, 'the outage is told');
});
