import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import type { AgentRecord } from '../../src/messages/agents.js';
import type { Intervention } from '../../src/messages/interventions.js';
import { testFolder } from '../folder.js';
import { connectClient, type Running, until, vigil } from '../system/processes.js';
import { Managed } from './agents.js';

// What these wait for is mostly other processes.
t.jobs = 2;

/** Says the same until it is told to end, or as often as it takes. */
const LOOPS = 'while :; do echo "Trying to open the file once more"; sleep 0.02; done';
const LOOPED = 'for n in $(seq 40); do echo "Trying to open the file once more"; done';

interface Fleet {
  readonly cwd: string;
  readonly nc: NatsConnection;
  readonly events: string[];
  cli(...args: string[]): ReturnType<Running['finished']>;
  cycle(): Promise<{ items: { needsSteering: boolean }[]; interventions: Intervention[] }>;
  interventions(): Promise<Intervention[]>;
  get(): Promise<AgentRecord>;
  untilEnded(): Promise<AgentRecord>;
}

async function fleet(t: Test, mode: 'notify' | 'ask' | 'auto'): Promise<Fleet> {
  const cwd = testFolder(t);
  const settings = {
    agents: [],
    cycle: { intervalMs: 0 },
    logs: { followMs: 200 },
    steering: { mode, cooldownMs: 0, pollMs: 100 },
    health: { statusMs: 100, restart: 'off' },
  };
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify(settings));
  await vigil(t, ['start'], { cwd }).says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  const events: string[] = [];
  nc.subscribe('vigil.event.agent.a1.*', {
    callback: (_error, { subject }) => events.push(subject.split('.').at(-1) ?? ''),
  });
  await nc.flush();
  const ask = async <T>(what: string, body: object): Promise<T> =>
    (await nc.request(`vigil.rpc.${what}`, JSON.stringify(body), { timeout: 30_000 })).json<T>();
  const get = () => ask<AgentRecord>('agents.get', { id: 'a1' });
  return {
    cwd,
    nc,
    events,
    cli: (...args) => vigil(t, args, { cwd }).finished(),
    cycle: () => ask('cycle', {}),
    interventions: async () =>
      (await ask<{ interventions: Intervention[] }>('interventions.list', {})).interventions,
    get,
    untilEnded: () =>
      until('its end', async () => {
        const found = await get();
        return found.status?.source === 'process' ? found : undefined;
      }),
  };
}

for (const mode of ['notify', 'ask', 'auto'] as const)
  t.test(`${mode}: nothing is recommended to an agent that has ended`, { buffered: true }, async (t) => {
    const { cwd, cycle, cli, untilEnded, interventions, nc } = await fleet(t, mode);
    const agent = Managed.start(t, ['sh', '-c', LOOPED], { cwd });
    t.equal((await agent.finished()).code, 0);
    t.match(await untilEnded(), { status: { state: 'finished' } });
    const { items, interventions: raised } = await cycle();
    t.match(items, [{ agent: 'a1', needsSteering: false, steeringType: 'loop' }], 'as its log showed');
    t.same(raised, []);
    t.same(await interventions(), []);
    const urgent = await nc.request('vigil.rpc.emergency', '{"agents": ["a1"]}', { timeout: 30_000 });
    t.same(urgent.json<{ interventions: unknown[] }>().interventions, []);
    if (mode !== 'notify') return;
    t.match(await cli('analyze', 'a1', '--force'), { code: 0 });
    const told = await cli('steer', 'a1', 'Open another file.');
    t.equal(told.code, 3);
    t.match(told.stdout, /undelivered, the agent has ended/);
  });

t.test('what was open for an agent is closed when it ends; started again it is judged again', async (t) => {
  const { cwd, cycle, get, untilEnded, interventions, cli } = await fleet(t, 'ask');
  const first = Managed.start(t, ['sh', '-c', LOOPS], { cwd });
  await until('the loop to be seen', async () => (await cycle()).interventions.length > 0);
  t.match(await interventions(), [{ type: 'loop', state: 'pending' }]);
  t.match(await get(), { lastAnalysis: { needsSteering: true, steeringType: 'loop' } });
  first.child.kill('SIGTERM');
  await first.finished();
  await untilEnded();
  const closed = await until('the end of what was open', async () => {
    const all = await interventions();
    return all.every(({ state }) => state !== 'pending') ? all : undefined;
  });
  t.match(closed, [{ state: 'expired', reason: 'the agent has ended' }]);
  t.match(await get(), { lastAnalysis: { needsSteering: false } }, 'without another cycle');
  t.notMatch((await cli('ls')).stdout, /loop/);

  const second = Managed.start(t, ['sh', '-c', LOOPS], { cwd });
  await second.says(/once more/);
  await until('the loop to be seen again', async () => (await cycle()).interventions.length > 0);
  t.match(await get(), { lastAnalysis: { needsSteering: true, steeringType: 'loop' } });
});

t.test('an agent that asked and was ended waits for nobody', async (t) => {
  const { cwd, nc, cycle, get, untilEnded, events } = await fleet(t, 'notify');
  const agent = Managed.start(t, ['sh', '-c', 'sleep 0.5; echo "What is your name?"; exec sleep 1000'], {
    cwd,
  });
  await until('the verdict', async () => (await cycle()).items.some(({ needsSteering }) => needsSteering));
  await until('it to be said to wait', () => events.includes('waiting'));
  t.match(await get(), {
    status: { state: 'waiting_input' },
    lastAnalysis: { steeringType: 'waiting', needsSteering: true },
  });
  agent.child.kill('SIGTERM');
  await agent.finished();
  await untilEnded();
  await until('the end of its wait', () => events.includes('resumed'));
  await until('its verdict to be settled', async () => (await get()).lastAnalysis?.needsSteering === false);
  const { latest } = (await nc.request('vigil.rpc.history.agent', '{"agent": "a1"}')).json<{
    latest: { verdict: { steeringType: string; needsSteering: boolean } };
  }>();
  t.match(latest.verdict, { steeringType: 'waiting', needsSteering: false }, 'what its log showed stays');
  await cycle();
  t.equal(events.filter((each) => each === 'waiting').length, 1, 'nor is it said again');
});
