import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { headers, type NatsConnection } from 'nats';
import t from 'tap';
import Database from '../../src/store/sqlite.js';
import { testFolder } from '../folder.js';
import { CLI, connectClient, ROOT, type Running, run, until } from '../system/processes.js';
import { pause, rounds, seeded } from './rounds.js';

const SUPERVISOR = fileURLToPath(new URL('../system/supervisor-process.js', import.meta.url));
const LOG = join(ROOT, 'fleet/logs/BabyEncryption.traj');
const AGENTS = 20;
const LEASE_MS = 1_000;
const ROUNDS = rounds(8);

t.setTimeout(60_000 + ROUNDS * 10_000);

interface Final {
  requestId: string;
  items: { agent: string }[];
  failures: { agent: string; code: string; message: string }[];
}

async function publish(nc: NatsConnection, id: string): Promise<void> {
  const own = headers();
  own.set('Nats-Msg-Id', id);
  await nc.jetstream().publish('vigil.trigger.analyze', '{"force": true}', { headers: own });
}

/** Every final result on the stream, by request. */
async function finals(nc: NatsConnection): Promise<Map<string, Final[]>> {
  const consumer = await nc
    .jetstream()
    .consumers.get('VIGIL_RESULTS', { filterSubjects: 'vigil.result.analyze' });
  const found = new Map<string, Final[]>();
  const { num_pending } = await consumer.info();
  if (num_pending === 0) return found;
  for await (const message of await consumer.fetch({ max_messages: num_pending, expires: 10_000 })) {
    const final = message.json<Final>();
    found.set(final.requestId, [...(found.get(final.requestId) ?? []), final]);
  }
  return found;
}

t.test(`${ROUNDS} hosts killed or stopped under a run of triggers`, async (t) => {
  const random = seeded();
  t.comment(`CHAOS_SEED=${random.seed}`);
  const cwd = testFolder(t);
  const env = {
    VIGIL_CYCLE_INTERVAL_MS: '0',
    VIGIL_HOSTS_COUNT: '2',
    VIGIL_HOSTS_LEASE_MS: String(LEASE_MS),
    VIGIL_RESTART_MAX_RESTARTS: '1000',
    VIGIL_RESTART_MAX_BACKOFF_MS: '200',
    VIGIL_ANALYSIS_MAX_CONCURRENT: '8',
  };
  const supervisor = run(t, SUPERVISOR, [], { cwd, env });
  await supervisor.says(/^ready$/);
  const nc = await connectClient(t, cwd);
  // Two more hosts that nobody restarts or kills: what they do when they wake up is what is being proved.
  const keys = [
    '--nats-url',
    nc.getServer().replace(/^/, 'nats://'),
    '--nkey-file',
    join(cwd, '.vigil/keys/host.nk'),
  ];
  const remote: Running[] = [];
  for (let i = 0; i < 2; i++) {
    const host = run(t, CLI, ['host', ...keys], { cwd, env: { VIGIL_HOSTS_LEASE_MS: String(LEASE_MS) } });
    await host.says(/joined/);
    remote.push(host);
  }
  const agents = Array.from({ length: AGENTS }, (_, i) => ({
    id: `agent-${i}`,
    goal: 'take 40 ms',
    logs: [LOG],
  }));
  await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents }), { timeout: 10_000 });

  const acknowledged: string[] = [];
  let running = true;
  const triggering = (async () => {
    for (let i = 0; running; i++) {
      await publish(nc, `chaos-${i}`);
      acknowledged.push(`chaos-${i}`);
      await pause(150);
    }
  })();

  const localPids = async () => {
    const reply = await nc.request('vigil.rpc.status', '{}', { timeout: 10_000 });
    return reply
      .json<{ hosts: { id: string; pid: number }[] }>()
      .hosts.filter(({ id }) => id.startsWith('h'))
      .map(({ pid }) => pid)
      .filter((pid) => !remote.some(({ child }) => child.pid === pid));
  };
  const signal = (pid: number | undefined, name: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(pid, name);
    } catch (error) {
      // It ended by itself in between: the fault has happened already.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  for (let round = 0; round < ROUNDS; round++) {
    await pause(100 + random.next() * 500);
    const locals = await localPids();
    const local = locals[Math.floor(random.next() * locals.length)];
    const sleeper = remote[round % remote.length]?.child.pid;
    const what = random.next();
    if (what < 0.4) signal(local, 'SIGKILL');
    else if (what < 0.6) signal(local, 'SIGSTOP');
    else {
      // Longer than its lease, with asks under way: it wakes up with messages for agents that it has lost.
      signal(sleeper, 'SIGSTOP');
      await pause(LEASE_MS * 1.8);
      signal(sleeper, 'SIGCONT');
    }
  }
  running = false;
  await triggering;
  const all = await until(
    'every acknowledged trigger to have its final result',
    async () => {
      const found = await finals(nc);
      return acknowledged.every((id) => found.has(id)) ? found : undefined;
    },
    90_000,
  );
  t.ok(acknowledged.length > ROUNDS);
  t.comment(`${acknowledged.length} triggers, ${ROUNDS} faults`);
  t.same(
    [...all].filter(([, results]) => results.length !== 1).map(([id]) => id),
    [],
    'exactly one final result each',
  );
  const incomplete = [...all.values()]
    .flat()
    .filter(({ items, failures }) => items.length + failures.length !== AGENTS);
  t.same(incomplete, [], 'every agent is in each result, judged or named as failed');
  const failed = [...all.values()].flat().flatMap(({ failures }) => failures);
  t.same(failed, [], 'and none failed: a lost host costs a detour');

  const stopped = supervisor.finished();
  supervisor.child.kill('SIGTERM');
  t.equal((await stopped).code, 0);
  const database = new Database(join(cwd, '.vigil/vigil.db'), { readonly: true });
  t.teardown(() => database.close());
  // Every accepted answer with the placement it was given under: the log of fenced writes.
  const twoHosts = database
    .prepare(
      'select agent, epoch, count(distinct host) as hosts from analyses group by agent, epoch having hosts > 1',
    )
    .all();
  t.same(twoHosts, [], 'one placement, one host');
  const backwards = database
    .prepare(
      `select * from (select agent, epoch, lag(epoch) over (partition by agent order by seq) as before from analyses)
        where before > epoch`,
    )
    .all();
  t.same(backwards, [], 'no answer under a placement older than one already accepted');
  const moves = database
    .prepare('select count(*) as n from (select distinct agent, host from analyses)')
    .get() as { n: number };
  t.ok(moves.n > AGENTS, `agents did move (${moves.n} agent-host pairs)`);
  t.equal(database.pragma('integrity_check', { simple: true }), 'ok');
});
