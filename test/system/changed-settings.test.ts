import { fileURLToPath } from 'node:url';
import { AckPolicy } from 'nats';
import t from 'tap';
import { ensureDurable } from '../../src/broker/durables.js';
import { findServer } from '../../src/broker/find-server.js';
import { ensureStreams } from '../../src/broker/streams.js';
import { Subjects } from '../../src/messages/subjects.js';
import { TestBroker } from '../actors/broker.js';
import { testFolder } from '../folder.js';
import { connectClient, run } from './processes.js';

const SUPERVISOR = fileURLToPath(new URL('supervisor-process.js', import.meta.url));
const NANOS_PER_MS = 1_000_000;

t.setTimeout(180_000);

/** The one that is found, and another version where the environment names it. */
const found = await findServer(undefined, '/nowhere');
const other = process.env['VIGIL_TEST_NATS_SERVER'];
const programs = [found?.path ?? '', ...(other === undefined ? [] : [other])];

for (const program of programs) {
  t.test(`${program}: what the broker keeps follows the settings from one start to the next`, async (t) => {
    const cwd = testFolder(t);
    const start = async (env: Record<string, string>) => {
      const supervisor = run(t, SUPERVISOR, [], {
        cwd,
        env: {
          VIGIL_NATS_SERVER: program,
          VIGIL_HTTP_ENABLED: 'false',
          VIGIL_HOSTS_COUNT: '0',
          VIGIL_CYCLE_INTERVAL_MS: '0',
          ...env,
        },
      });
      await supervisor.says(/^ready$/);
      const nc = await connectClient(t, cwd, 'supervisor');
      const manager = await nc.jetstreamManager();
      const durable = (await manager.consumers.info('VIGIL_TRIGGERS', 'supervisor')).config;
      const results = (await manager.streams.info('VIGIL_RESULTS')).config;
      const hosts = (await manager.streams.info('KV_vigil_hosts')).config;
      const stop = async () => {
        await nc.close();
        supervisor.child.kill('SIGTERM');
        t.equal((await supervisor.finished()).code, 0);
      };
      const seen = {
        running: durable.max_ack_pending,
        ackWaitMs: (durable.ack_wait ?? 0) / NANOS_PER_MS,
        resultAgeMs: results.max_age / NANOS_PER_MS,
        resultBytes: results.max_bytes,
        hostAgeMs: hosts.max_age / NANOS_PER_MS,
      };
      return { nc, seen, stop };
    };
    const settings = (running: number, ackWaitMs: number, ageMs: number, bytes: number, leaseMs: number) => ({
      VIGIL_REQUESTS_MAX_RUNNING: String(running),
      VIGIL_REQUESTS_ACK_WAIT_MS: String(ackWaitMs),
      VIGIL_RESULTS_MAX_AGE_MS: String(ageMs),
      VIGIL_RESULTS_MAX_BYTES: String(bytes),
      VIGIL_HOSTS_LEASE_MS: String(leaseMs),
    });

    const first = await start(settings(8, 60_000, 86_400_000, 8_388_608, 60_000));
    t.same(first.seen, {
      running: 8,
      ackWaitMs: 60_000,
      resultAgeMs: 86_400_000,
      resultBytes: 8_388_608,
      hostAgeMs: 600_000,
    });
    await first.stop();
    // Each shorter than the window in which the server knows a message again.
    const second = await start(settings(16, 30_000, 60_000, 4_194_304, 6_000));
    t.same(second.seen, {
      running: 16,
      ackWaitMs: 30_000,
      resultAgeMs: 60_000,
      resultBytes: 4_194_304,
      hostAgeMs: 60_000,
    });
    const result = second.nc.subscribe('vigil.result.analyze', { max: 1 });
    await second.nc.jetstream().publish('vigil.trigger.analyze', '{}');
    for await (const message of result)
      t.match(message.json(), { items: [], failures: [] }, 'a trigger has its result');
    await second.stop();
  });
}

t.test('what the broker refuses for what is set says what to set', async (t) => {
  const broker = await TestBroker.start(t);
  const nc = await broker.connect(t);
  const subjects = new Subjects();
  const limits = { maxAgeMs: 60_000, maxBytes: 1_048_576 };
  await t.rejects(ensureStreams(nc, subjects, limits, 3), {
    code: 'BROKER',
    message: /^stream VIGIL_TRIGGERS: .*replicas.*set nats\.replicas/,
  });
  await ensureStreams(nc, subjects, limits);
  const manager = await nc.jetstreamManager();
  const durable = { stream: 'VIGIL_RESULTS', name: 'other', fixed: { ack_policy: AckPolicy.Explicit } };
  await ensureDurable(manager, { ...durable, bounds: { max_waiting: 5 } });
  await t.rejects(ensureDurable(manager, { ...durable, bounds: { max_waiting: 6 } }), {
    code: 'BROKER',
    message: /^consumer other of stream VIGIL_RESULTS: .*nats consumer rm VIGIL_RESULTS other/,
  });
});
