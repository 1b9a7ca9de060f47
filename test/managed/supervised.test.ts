import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { connectClient, until, vigil } from '../system/processes.js';
import { Managed } from './agents.js';

/** A supervisor that watches nothing yet. */
async function supervisor(t: Test, cwd: string): Promise<{ nc: NatsConnection; url: string }> {
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  return { nc, url: `nats://${nc.getServer()}` };
}

const NOTHING = { 'vigil.config.yaml': 'cycle: {intervalMs: 0}\nagents: []\n' };

interface Verdict {
  readonly steeringType?: string;
  readonly goal?: string;
  readonly eventCount?: number;
}

/** Analyses the agent now; undefined while it cannot be judged. */
async function verdict(nc: NatsConnection): Promise<Verdict | undefined> {
  const results = nc.subscribe('vigil.result.analysis.a1', { max: 1 });
  const reply = await nc.request('vigil.rpc.analyze', '{"agents": ["a1"], "force": true}', {
    timeout: 20_000,
  });
  if (reply.json<{ items: unknown[] }>().items.length === 0) {
    results.unsubscribe();
    return undefined;
  }
  for await (const message of results) return message.json<{ analysis: Verdict }>().analysis;
  return undefined;
}

function untilType(nc: NatsConnection, type: string): Promise<Verdict> {
  return until(`the verdict ${type}`, async () => {
    const found = await verdict(nc);
    return found?.steeringType === type ? found : undefined;
  });
}

const LOOP = 'while :; do echo "Trying to open the file once more"; sleep 0.02; done';

t.test('a script that loops, beside its supervisor: its files are read', async (t) => {
  const cwd = testFolder(t, NOTHING);
  const { nc } = await supervisor(t, cwd);
  const agent = Managed.start(t, ['sh', '-c', LOOP], { cwd, flags: ['--goal', 'open the file'] });
  await agent.says(/once more/);
  t.match(await untilType(nc, 'loop'), { goal: 'open the file' });
});

t.test('a script that loops, on another machine: its lines are sent', async (t) => {
  const cwd = testFolder(t, { ...NOTHING, elsewhere: {} });
  const { nc, url } = await supervisor(t, cwd);
  const flags = ['--nats-url', url, '--nkey-file', join(cwd, '.vigil/keys/agent.nk')];
  // It writes nothing more: what a host has not heard, it hears only when it asks.
  const script = 'for n in $(seq 40); do echo "Trying to open the file once more"; done; exec sleep 1000';
  const agent = Managed.start(t, ['sh', '-c', script], { cwd: join(cwd, 'elsewhere'), flags });
  await agent.says(/once more/);
  const found = await untilType(nc, 'loop');
  t.ok((found.eventCount ?? 0) >= 12);

  // A host that is killed takes what it knew with it; the agent still holds its latest lines.
  const { hosts } = (await nc.request('vigil.rpc.status', '{}', { timeout: 5_000 })).json<{
    hosts: { pid: number }[];
  }>();
  process.kill(hosts[0]?.pid ?? 0, 'SIGKILL');
  await untilType(nc, 'loop');
});

t.test('an agent that crashes in a loop is seen by what its runner writes down', async (t) => {
  const cwd = testFolder(t, NOTHING);
  const { nc } = await supervisor(t, cwd);
  const agent = Managed.start(t, ['sh', '-c', 'exit 1'], { cwd, flags: ['--restart', 'on-failure'] });
  t.equal((await agent.finished()).code, 1);
  await untilType(nc, 'errors');
});
