import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { headers, type NatsConnection } from 'nats';
import t from 'tap';
import { testFolder } from '../folder.js';
import { connectClient, hostPids, ROOT, type Running, run, until } from './processes.js';

const SCRIPT = fileURLToPath(new URL('./supervisor-process.js', import.meta.url));
const LOG = join(ROOT, 'fleet/logs/BabyEncryption.traj');

interface Final {
  requestId: string;
  items: { agent: string }[];
  failures: { agent: string; code: string }[];
}

async function start(t: Parameters<typeof run>[0], cwd: string): Promise<Running> {
  const running = run(t, SCRIPT, [], {
    cwd,
    env: { VIGIL_CYCLE_INTERVAL_MS: '0', VIGIL_REQUESTS_ACK_WAIT_MS: '2000' },
  });
  await running.says(/^ready$/);
  return running;
}

async function register(nc: NatsConnection, count: number, ms: number): Promise<string[]> {
  const agents = Array.from({ length: count }, (_, i) => ({
    id: `agent-${i}`,
    goal: `take ${ms} ms`,
    logs: [LOG],
  }));
  const reply = await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents }), {
    timeout: 10_000,
  });
  return reply.json<{ registered: string[] }>().registered;
}

async function publish(nc: NatsConnection, id: string, payload: object): Promise<void> {
  const own = headers();
  own.set('Nats-Msg-Id', id);
  await nc.jetstream().publish('vigil.trigger.analyze', JSON.stringify(payload), { headers: own });
}

/** All messages on the result stream of one request, however the subscriber and the supervisor came and went. */
async function stored(nc: NatsConnection, id: string): Promise<{ finals: Final[]; agents: string[] }> {
  const consumer = await nc.jetstream().consumers.get('VIGIL_RESULTS', { filterSubjects: 'vigil.result.>' });
  const finals: Final[] = [];
  const agents: string[] = [];
  const { num_pending } = await consumer.info();
  if (num_pending === 0) return { finals, agents };
  const messages = await consumer.fetch({ max_messages: num_pending, expires: 5_000 });
  for await (const message of messages) {
    const body = message.json<Final & { analysis?: { agent: string } }>();
    if (body.requestId !== id) continue;
    if (body.analysis === undefined) finals.push(body);
    else agents.push(body.analysis.agent);
  }
  return { finals, agents };
}

async function finalOf(nc: NatsConnection, id: string): Promise<{ finals: Final[]; agents: string[] }> {
  return until(
    `the final result of ${id}`,
    async () => {
      const found = await stored(nc, id);
      return found.finals.length > 0 ? found : undefined;
    },
    40_000,
  );
}

t.test(
  'kill -9 of the host in the middle of an analysis: another goes on, every result arrives',
  async (t) => {
    const cwd = testFolder(t);
    await start(t, cwd);
    const nc = await connectClient(t, cwd);
    const agents = await register(nc, 10, 300);
    const first = nc.subscribe('vigil.result.analysis.*', { max: 1 });
    await publish(nc, 'host-killed', {});
    for await (const _message of first) {
      // One verdict is in, four are being made: now.
      for (const pid of await hostPids(nc)) process.kill(pid, 'SIGKILL');
    }
    const { finals, agents: judged } = await finalOf(nc, 'host-killed');
    t.same(finals.length, 1);
    t.same(finals[0]?.failures, []);
    t.same(finals[0]?.items.map(({ agent }) => agent).sort(), [...agents].sort());
    t.same(judged.sort(), [...agents].sort(), 'each verdict was published once');
  },
);

t.test(
  'kill -9 of the supervisor after the acknowledgement: after a restart the result arrives, once',
  async (t) => {
    const cwd = testFolder(t);
    const supervisor = await start(t, cwd);
    const nc = await connectClient(t, cwd);
    const agents = await register(nc, 10, 300);
    const first = nc.subscribe('vigil.result.analysis.*', { max: 1 });
    await publish(nc, 'supervisor-killed', {});
    for await (const _message of first) supervisor.child.kill('SIGKILL');
    await supervisor.finished();
    await start(t, cwd);
    const later = await connectClient(t, cwd);
    const { finals, agents: judged } = await finalOf(later, 'supervisor-killed');
    t.equal(finals.length, 1);
    t.same(finals[0]?.items.map(({ agent }) => agent).sort(), [...agents].sort());
    t.same(judged.sort(), [...agents].sort(), 'no verdict was published twice');
  },
);

t.test('a trigger published while the supervisor is dead is run by the next one', async (t) => {
  const cwd = testFolder(t);
  const supervisor = await start(t, cwd);
  const nc = await connectClient(t, cwd);
  await register(nc, 2, 1);
  supervisor.child.kill('SIGKILL');
  await supervisor.finished();
  await publish(nc, 'while-dead', {});
  await start(t, cwd);
  const later = await connectClient(t, cwd);
  const { finals } = await finalOf(later, 'while-dead');
  t.equal(finals.length, 1);
  t.equal(finals[0]?.items.length, 2);
});

t.test(
  'a trigger over which the supervisor dies again and again is given up and dead-lettered',
  async (t) => {
    const cwd = testFolder(t);
    const env = { VIGIL_REQUESTS_MAX_DELIVERIES: '2', VIGIL_CYCLE_INTERVAL_MS: '0' };
    let supervisor = run(t, SCRIPT, [], { cwd, env });
    await supervisor.says(/^ready$/);
    const nc = await connectClient(t, cwd);
    await register(nc, 3, 60_000);
    await publish(nc, 'poison', {});
    for (let death = 0; death < 2; death++) {
      const connection = await connectClient(t, cwd);
      await until('it to be begun', async () => {
        const reply = await connection.request('vigil.rpc.status', '{}', { timeout: 10_000 });
        return reply.json<{ requests: { running: number } }>().requests.running === 1 || undefined;
      });
      supervisor.child.kill('SIGKILL');
      await supervisor.finished();
      supervisor = run(t, SCRIPT, [], { cwd, env });
      await supervisor.says(/^ready$/);
    }
    const last = await connectClient(t, cwd);
    const { finals } = await finalOf(last, 'poison');
    t.match(finals, [{ items: [], error: { code: 'CRASHED', message: /given up after 2 attempts/ } }]);
    const consumer = await last
      .jetstream()
      .consumers.get('VIGIL_RESULTS', { filterSubjects: 'vigil.event.deadletter' });
    for await (const message of await consumer.fetch({ max_messages: 1, expires: 5_000 })) {
      t.match(message.json(), {
        reason: 'max_deliveries',
        subject: 'vigil.trigger.analyze',
        message: /poison/,
      });
    }
  },
);

t.test('200 agents registered over the wire are all named by one trigger', async (t) => {
  const cwd = testFolder(t);
  await start(t, cwd);
  const nc = await connectClient(t, cwd);
  const agents = await register(nc, 200, 1);
  t.equal(agents.length, 200);
  await publish(nc, 'two-hundred', {});
  const { finals } = await finalOf(nc, 'two-hundred');
  t.same(finals[0]?.items.map(({ agent }) => agent).sort(), [...agents].sort());
  t.same(finals[0]?.failures, []);
});

t.test('one agent whose log is missing, empty or binary fails alone', async (t) => {
  const cwd = testFolder(t, {
    'empty.log': '',
    'binary.log': Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 7) % 256)),
  });
  await start(t, cwd);
  const nc = await connectClient(t, cwd);
  const whole = readFileSync(join(ROOT, 'fleet/logs/agentcmd-nav-user-initials.jsonl'));
  writeFileSync(join(cwd, 'half.jsonl'), whole.subarray(0, Math.floor(whole.length / 2)));
  const logs = {
    good: LOG,
    missing: 'missing.log',
    empty: 'empty.log',
    binary: 'binary.log',
    half: 'half.jsonl',
  };
  const agents = Object.entries(logs).map(([id, log]) => ({ id, logs: [log] }));
  await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents }), { timeout: 10_000 });
  await publish(nc, 'odd-logs', {});
  const { finals } = await finalOf(nc, 'odd-logs');
  t.same(finals[0]?.items.map(({ agent }) => agent).sort(), ['good', 'half']);
  t.same(finals[0]?.failures.map(({ agent, code }) => [agent, code]).sort(), [
    ['binary', 'UNREADABLE'],
    ['empty', 'UNREADABLE'],
    ['missing', 'NOT_FOUND'],
  ]);
});
