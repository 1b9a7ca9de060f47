import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { headers, type NatsConnection, NatsError } from 'nats';
import t from 'tap';
import { TestBroker } from '../actors/broker.js';
import { testFolder } from '../folder.js';
import { ROOT, run, until } from '../system/processes.js';

const SUPERVISOR = fileURLToPath(new URL('../system/supervisor-process.js', import.meta.url));
const LOG = join(ROOT, 'fleet/logs/BabyEncryption.traj');
const AGENTS = Array.from({ length: 6 }, (_, i) => ({ id: `agent-${i}`, goal: 'take 10 ms', logs: [LOG] }));

const SLOW = { id: 'slow', goal: 'take 2000 ms', logs: [LOG] };

t.setTimeout(180_000);

/** Undefined while the broker is away, or nobody answers there. */
async function unlessAway<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof NatsError) return undefined;
    throw error;
  }
}

interface Status {
  pid: number;
  requests: { running: number };
  hosts: { pid: number }[];
  agents: { unplaced: number };
}

const statusOf = (nc: NatsConnection) =>
  unlessAway(async () => (await nc.request('vigil.rpc.status', '{}', { timeout: 2_000 })).json<Status>());

/** The stream takes it, though it may take a while until there is one. */
async function publish(nc: NatsConnection, id: string, agents: readonly { id: string }[]): Promise<void> {
  const own = headers();
  own.set('Nats-Msg-Id', id);
  const payload = JSON.stringify({ agents: agents.map((agent) => agent.id) });
  await until('the broker to take a trigger', () =>
    unlessAway(() =>
      nc.jetstream().publish('vigil.trigger.analyze', payload, { headers: own, timeout: 1_000 }),
    ),
  );
}

interface Final {
  requestId: string;
  items: unknown[];
  failures: unknown[];
}

/** The final result of a request, as the stream has it. */
const finalOf = (nc: NatsConnection, id: string) =>
  unlessAway(async () => {
    const consumer = await nc
      .jetstream()
      .consumers.get('VIGIL_RESULTS', { filterSubjects: 'vigil.result.analyze' });
    const { num_pending } = await consumer.info();
    if (num_pending === 0) return undefined;
    let found: Final | undefined;
    for await (const message of await consumer.fetch({ max_messages: num_pending, expires: 1_000 })) {
      const result = message.json<Final>();
      if (result.requestId === id) found = result;
    }
    return found;
  });

t.test(
  'a broker that comes back with an empty store, twice: everything is made anew, in the same process',
  async (t) => {
    const broker = await TestBroker.start(t);
    const supervisor = run(t, SUPERVISOR, [], {
      cwd: testFolder(t),
      env: {
        VIGIL_NATS_URL: `nats://127.0.0.1:${broker.port}`,
        VIGIL_HTTP_ENABLED: 'false',
        VIGIL_CYCLE_INTERVAL_MS: '0',
        VIGIL_HOSTS_LEASE_MS: '1500',
      },
    });
    await supervisor.says(/^ready$/);
    const nc = await broker.connect(t, 'client');
    await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents: [...AGENTS, SLOW] }), {
      timeout: 10_000,
    });
    await publish(nc, 'before', AGENTS);
    const before = await until('its result', () => finalOf(nc, 'before'));
    t.equal(before.items.length, AGENTS.length, JSON.stringify(before.failures));
    const processes = await until('the status', () => statusOf(nc));

    for (const round of ['first', 'second']) {
      await publish(nc, `under-way-${round}`, [SLOW]);
      await until('it to run', async () => ((await statusOf(nc))?.requests.running ?? 0) > 0);
      await broker.kill();
      await broker.emptyStore();
      await broker.start();
      await publish(nc, round, AGENTS);
      const after = await until(`the result of the ${round} trigger`, () => finalOf(nc, round), 60_000);
      t.equal(after.items.length, AGENTS.length, JSON.stringify(after.failures));
      await until('what was under way to have left the outbox', () => finalOf(nc, `under-way-${round}`));
      const manager = await nc.jetstreamManager();
      const { state } = await manager.streams.info('KV_vigil_placement', { subjects_filter: '>' });
      t.equal(
        Object.keys(state.subjects ?? {}).length,
        AGENTS.length + 1,
        'every placement is written again',
      );
      const status = await until('the status', () => statusOf(nc));
      t.equal(status.pid, processes.pid, 'the same supervisor');
      t.same(
        status.hosts.map(({ pid }) => pid),
        processes.hosts.map(({ pid }) => pid),
        'the same hosts',
      );
      t.equal(status.agents.unplaced, 0);
    }
    t.equal(supervisor.child.exitCode, null);
  },
);
