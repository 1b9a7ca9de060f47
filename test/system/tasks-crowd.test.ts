import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection, nkeyAuthenticator } from 'nats';
import t from 'tap';
import { testFolder } from '../folder.js';
import { connectClient, vigil } from './processes.js';

const AGENTS = 50;
const TASKS = 5_000;

interface Batch {
  readonly completed: string[];
  readonly claimed: { id: string; token: number }[];
  readonly failures: unknown[];
}

t.test(`${AGENTS} agents on connections of their own get ${TASKS} tasks, each exactly once`, async (t) => {
  const cwd = testFolder(t, { 'vigil.config.yaml': 'cycle: {intervalMs: 0}\n' });
  await vigil(t, ['start'], { cwd }).says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  const ask = async <T>(on: NatsConnection, endpoint: string, body: unknown): Promise<T> =>
    (await on.request(`vigil.rpc.tasks.${endpoint}`, JSON.stringify(body), { timeout: 60_000 })).json<T>();
  // Every other one waits for the one before it.
  const tasks = Array.from({ length: TASKS }, (_, i) => ({
    id: `t${i}`,
    title: 'x',
    dependsOn: i % 2 === 0 ? [] : [`t${i - 1}`],
  }));
  await ask(nc, 'add', { tasks });
  const { url } = JSON.parse(readFileSync(join(cwd, '.vigil/supervisor.json'), 'utf8')) as { url: string };
  const seed = new TextEncoder().encode(readFileSync(join(cwd, '.vigil/keys/agent.nk'), 'utf8').trim());
  const claimed: string[] = [];
  const done = new Set<string>();
  const early: string[] = [];
  const work = async (at: number) => {
    const agent = await connect({
      servers: url,
      authenticator: nkeyAuthenticator(seed),
      inboxPrefix: `_INBOX_agent.c${at}`,
    });
    let held: Batch['claimed'] = [];
    while (done.size < TASKS) {
      const batch: Batch = await ask(agent, 'batch', {
        complete: held.map(({ id, token }) => ({ id, token })),
        claim: { agent: `agent-${at}`, limit: 10 },
      });
      if (batch.failures.length > 0) throw new Error(JSON.stringify(batch.failures));
      for (const id of batch.completed) done.add(id);
      held = batch.claimed;
      for (const { id } of held) {
        claimed.push(id);
        const n = Number(id.slice(1));
        // Its dependency is done on the record; the reply that says so may still be on its way to another agent.
        if (n % 2 === 1 && !claimed.includes(`t${n - 1}`)) early.push(id);
      }
    }
    await agent.close();
  };
  await Promise.all(Array.from({ length: AGENTS }, (_, at) => work(at)));
  t.equal(claimed.length, TASKS);
  t.equal(new Set(claimed).size, TASKS, 'none twice');
  t.same(early, [], 'none before what it depends on was taken');
});
