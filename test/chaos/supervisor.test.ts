import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { headers, type NatsConnection } from 'nats';
import t from 'tap';
import Database from '../../src/store/sqlite.js';
import { testFolder } from '../folder.js';
import { connectClient, ROOT, type Running, run, until, vigil } from '../system/processes.js';
import { pause, rounds, seeded } from './rounds.js';

const SUPERVISOR = fileURLToPath(new URL('../system/supervisor-process.js', import.meta.url));
const LOG = join(ROOT, 'fleet/logs/BabyEncryption.traj');
const AGENTS = 10;
const ROUNDS = rounds(4);

t.setTimeout(60_000 + ROUNDS * 10_000);

async function start(test: Parameters<typeof run>[0], cwd: string): Promise<Running> {
  const env = {
    VIGIL_CYCLE_INTERVAL_MS: '300',
    VIGIL_REQUESTS_ACK_WAIT_MS: '2000',
    VIGIL_REQUESTS_MAX_DELIVERIES: '100',
  };
  const running = run(test, SUPERVISOR, [], { cwd, env });
  await running.says(/^ready$/);
  return running;
}

async function publish(nc: NatsConnection, id: string): Promise<void> {
  const own = headers();
  own.set('Nats-Msg-Id', id);
  await nc.jetstream().publish('vigil.trigger.analyze', '{"force": true}', { headers: own });
}

t.test(`the supervisor is killed with -9 at ${ROUNDS} random moments`, async (t) => {
  const random = seeded();
  t.comment(`CHAOS_SEED=${random.seed}`);
  const cwd = testFolder(t);
  const acknowledged: string[] = [];
  const restarts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    const supervisor = await start(t, cwd);
    restarts.push(performance.now() - startedAt);
    const nc = await connectClient(t, cwd);
    if (round === 0) {
      const agents = Array.from({ length: AGENTS }, (_, i) => ({
        id: `agent-${i}`,
        goal: 'take 60 ms',
        logs: [LOG],
      }));
      await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents }), { timeout: 10_000 });
    }
    for (let i = 0; i < 2; i++) {
      await publish(nc, `round-${round}-${i}`);
      acknowledged.push(`round-${round}-${i}`);
    }
    await pause(random.next() * 500);
    supervisor.child.kill('SIGKILL');
    await supervisor.finished();
    await nc.close();
  }
  const last = await start(t, cwd);
  const nc = await connectClient(t, cwd);
  const seen = await until(
    'every acknowledged trigger to have its final result',
    async () => {
      const consumer = await nc
        .jetstream()
        .consumers.get('VIGIL_RESULTS', { filterSubjects: 'vigil.result.>' });
      const count = new Map<string, number>();
      const { num_pending } = await consumer.info();
      if (num_pending === 0) return undefined;
      for await (const message of await consumer.fetch({ max_messages: num_pending, expires: 10_000 })) {
        const { requestId } = message.json<{ requestId: string }>();
        const key = `${message.subject} ${requestId}`;
        count.set(key, (count.get(key) ?? 0) + 1);
      }
      return acknowledged.every((id) => count.has(`vigil.result.analyze ${id}`)) ? count : undefined;
    },
    60_000,
  );
  t.same(
    [...seen].filter(([, times]) => times !== 1),
    [],
    'nothing was published twice, final or not',
  );
  for (const id of acknowledged) {
    const verdicts = [...seen.keys()].filter(
      (key) => key.startsWith('vigil.result.analysis.') && key.endsWith(` ${id}`),
    );
    if (verdicts.length !== AGENTS) t.fail(`${id} has ${verdicts.length} verdicts`);
  }
  const stopped = last.finished();
  last.child.kill('SIGTERM');
  t.equal((await stopped).code, 0);
  const database = new Database(join(cwd, '.vigil/vigil.db'), { readonly: true });
  t.teardown(() => database.close());
  t.equal(database.pragma('integrity_check', { simple: true }), 'ok');
  const open = database
    .prepare("select id, kind, state, attempts from requests where state in ('accepted', 'running')")
    .all();
  t.ok(
    open.every((row) => (row as { kind: string }).kind === 'cycle'),
    'no acknowledged trigger is left open',
  );
  t.same(
    database.prepare("select id from requests where source = 'trigger' and state <> 'done'").all(),
    [],
    'each ended once, as done',
  );
  restarts.sort((a, b) => a - b);
  t.comment(
    `ready after a restart: median ${Math.round(restarts[restarts.length >> 1] ?? 0)} ms, slowest ${Math.round(restarts.at(-1) ?? 0)} ms`,
  );
});

t.test(
  'a signal at any moment of its life ends it in order, with exit code 0 and nothing left',
  async (t) => {
    const random = seeded();
    for (let round = 0; round < ROUNDS; round++) {
      const cwd = testFolder(t);
      const running = vigil(t, ['start', '--json'], { cwd, env: { VIGIL_CYCLE_INTERVAL_MS: '50' } });
      // Not before the process can have heard of signals at all.
      await pause(250 + random.next() * 1_500);
      running.child.kill(random.next() < 0.5 ? 'SIGTERM' : 'SIGINT');
      const { code, stdout, stderr } = await running.finished();
      const unborn = code === null && stdout === '' && stderr === '';
      t.ok(code === 0 || unborn, `exit code ${code} ${stderr}`);
      const ours = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(cwd));
      t.same(ours.map(commandOf), [], 'no broker is left');
    }
  },
);

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
