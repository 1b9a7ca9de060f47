import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { AgentEscalated, AgentHealthChanged, RestartEvent } from '../../../src/messages/health.js';
import { createStore } from '../../../src/store/store.js';
import { TestBroker } from '../../actors/broker.js';
import { until } from '../../actors/until.js';
import { testFolder } from '../../folder.js';
import { PlayedAgent, TestFleet } from './fleet.js';

t.test(
  'one falls silent: warning, degraded, unresponsive, restarted once; the others are left',
  async (t) => {
    const released: string[] = [];
    const fleet = await TestFleet.start(t, {
      releaseTasks: async (agent) => {
        released.push(agent);
        return 2;
      },
    });
    const ids = ['a', 'b', 'c', 'd'];
    await fleet.register(ids);
    const [a] = ids.map((id) => new PlayedAgent(t, fleet, id).obey().live());
    await until(() => ids.every((id) => fleet.healthOf(id).level === 'ok'), 'all to be heard');
    t.equal(fleet.stateOf('a'), 'running');
    a?.silence();
    await until(() => fleet.events(/event\.restart/).length > 0, 'the restart');
    const steps = () => fleet.events<AgentHealthChanged>(/agent\.a\.health/).map(({ level }) => level);
    await until(() => steps().at(-1) === 'ok', 'it to be well again');
    t.same(steps(), ['warning', 'degraded', 'unresponsive', 'ok']);
    t.same(
      fleet.events<AgentHealthChanged>(/agent\.a\.health/).map(({ missed }) => missed),
      [1, 2, 3, 0],
      'seen after three of its intervals, and not later',
    );
    t.match(fleet.events<RestartEvent>(/event\.restart/), [
      { agent: 'a', by: 'ladder', outcome: 'restarted', way: 'control', attempt: 1, tasksReleased: 2 },
    ]);
    t.same(released, ['a']);
    t.same(fleet.events(/agent\.[bcd]\.health/), []);
  },
);

t.test('one that does not come back: a bounded number of tries, then a person, then quiet', async (t) => {
  const fleet = await TestFleet.start(t, { settings: { upMs: 100 } });
  await fleet.register(['a']);
  new PlayedAgent(t, fleet, 'a').obey(0, { up: false }).beat();
  await until(() => fleet.events(/escalated/).length > 0, 'the escalation');
  const restarts = fleet.events<RestartEvent>(/event\.restart/);
  t.same(
    restarts.map(({ attempt, outcome }) => [attempt, outcome]),
    [1, 2, 3].map((attempt) => [attempt, 'timeout']),
  );
  const [first = 0, second = 0, third = 0] = restarts.map(({ at }) => Date.parse(at));
  t.ok(second - first >= 100 && third - second >= 200, 'each after a longer time');
  t.match(fleet.events<AgentEscalated>(/escalated/), [{ agent: 'a', restarts: 3 }]);
  await until(() => fleet.stateOf('a') === 'crashed', 'its status');
  t.match(fleet.health.summary, { escalated: 1, restarting: 0, restartsWaiting: 0, restarts: 3 });

  // A person may; and one that lives again is watched as before.
  const done = await fleet.health.restart(['a'], 'cause mended', 10_000);
  t.match(done, [{ agent: 'a', event: { by: 'person', outcome: 'timeout', reason: 'cause mended' } }]);
  new PlayedAgent(t, fleet, 'a', { instance: 'i2' }).live();
  await until(() => fleet.stateOf('a') === 'running', 'it to be there again');
  t.equal(fleet.healthOf('a').escalated, false);
});

t.test('what was tried is known to the next supervisor', async (t) => {
  const broker = await TestBroker.start(t);
  const dataDir = testFolder(t);
  const first = await TestFleet.on(t, broker, { dataDir, settings: { upMs: 50, coolDownMs: 1_000 } });
  await first.register(['a']);
  new PlayedAgent(t, first, 'a').obey(0, { up: false }).beat();
  await until(() => first.events(/event\.restart/).length === 1, 'a restart');
  await first.close();

  const second = await TestFleet.on(t, broker, { dataDir, settings: { upMs: 50, maxRestarts: 1 } });
  await until(() => second.events(/escalated/).length > 0, 'the escalation');
  t.equal(second.events(/event\.restart/).length, 1, 'no further try');
});

t.test('only managed ones, unless the settings say all; nobody when off', async (t) => {
  const broker = await TestBroker.start(t);
  const dir = testFolder(t, { managed: {}, off: {} });
  for (const [restart, expected] of [
    ['managed', ['m']],
    ['off', []],
  ] as const) {
    const fleet = await TestFleet.on(t, broker, { settings: { restart }, dataDir: join(dir, restart) });
    await fleet.register(['x', { id: 'm', logs: [], managed: true }]);
    for (const id of ['x', 'm']) new PlayedAgent(t, fleet, id).obey().beat();
    await until(
      () =>
        fleet.events(/agent\.x\.health/).length === 3 &&
        fleet.events(/event\.restart/).length >= expected.length,
      'both to be unresponsive',
    );
    await until(() => fleet.stateOf('x') === 'unknown', 'the status of the other');
    t.same(
      fleet.events<RestartEvent>(/event\.restart/).map(({ agent }) => agent),
      expected,
    );
    await fleet.close();
  }
});

t.test('nobody answers for it: its restart command is run, and its heartbeat awaited', async (t) => {
  const fleet = await TestFleet.start(t, { settings: { upMs: 5_000 } });
  const dir = testFolder(t);
  const script = join(dir, 'up.sh');
  writeFileSync(script, 'pwd > ran; echo "$1" >> ran');
  await fleet.register([
    { id: 'a', logs: [], workspace: dir, restart: { command: ['sh', script, 'an argument; rm x'] } },
  ]);
  new PlayedAgent(t, fleet, 'a').beat();
  await until(
    () => fleet.stateOf('a') === 'crashed' || fleet.health.summary.restarting > 0,
    'it to be missed',
  );
  const ran = () => {
    try {
      return readFileSync(join(dir, 'ran'), 'utf8');
    } catch {
      return '';
    }
  };
  await until(() => ran().endsWith('rm x\n'), 'the command');
  t.equal(ran(), `${dir}\nan argument; rm x\n`, 'in its workspace, without a shell of ours');
  new PlayedAgent(t, fleet, 'a', { instance: 'i2' }).live();
  await until(() => fleet.events(/event\.restart/).length > 0, 'the outcome');
  t.match(fleet.events(/event\.restart/), [{ agent: 'a', outcome: 'restarted', way: 'command' }]);
  await until(() => fleet.healthOf('a').level === 'ok', 'it to be well again');
  t.match(fleet.healthOf('a'), { instance: 'i2', instances: 2 });
});

t.test('a command that fails, and none at all, say so with the mend', async (t) => {
  const fleet = await TestFleet.start(t, { settings: { restart: 'off' } });
  await fleet.register([
    'none',
    { id: 'fails', logs: [], restart: { command: ['sh', '-c', 'echo no such key >&2; exit 7'] } },
    { id: 'missing', logs: [], restart: { command: ['/no/such/program'] } },
  ]);
  const done = await fleet.health.restart(['none', 'fails', 'missing'], 'asked for', 10_000);
  t.match(done, [
    { event: { outcome: 'failed', way: 'none', code: 'UNAVAILABLE', message: /restart command/ } },
    { event: { outcome: 'failed', code: 'CRASHED', message: /code 7: no such key/ } },
    { event: { outcome: 'failed', code: 'NOT_FOUND', message: /no\/such\/program/ } },
  ]);
});

t.test('an instance that was replaced is told to end and counts for nothing', async (t) => {
  const fleet = await TestFleet.start(t, { settings: { restart: 'managed' } });
  await fleet.register(['a']);
  const told: unknown[] = [];
  fleet.agents.subscribe('vigil.agent.a.control', {
    callback: (_error, message) => told.push(message.json()),
  });
  const old = new PlayedAgent(t, fleet, 'a').live();
  await until(() => fleet.healthOf('a').level === 'ok', 'the first');
  old.silence();
  const next = new PlayedAgent(t, fleet, 'a', { instance: 'i2' }).live();
  await until(() => fleet.healthOf('a').instance === 'i2', 'the second');
  old.live();
  await until(() => told.length > 0, 'the order');
  t.same(told[0], { action: 'stop', instance: 'i1' });
  next.silence();
  await until(
    () => fleet.healthOf('a').level === 'unresponsive',
    'the silence to be seen through the old one',
  );
  t.ok(fleet.health.summary.fenced > 0);
});

t.test('a supervisor that stops does not wait for agents to come up, and says so', async (t) => {
  const broker = await TestBroker.start(t);
  const dataDir = testFolder(t);
  const fleet = await TestFleet.on(t, broker, { dataDir, settings: { upMs: 3_000_000 } });
  await fleet.register(['a']);
  let told = false;
  fleet.agents.subscribe('vigil.agent.a.control', {
    callback: () => {
      told = true;
    },
  });
  new PlayedAgent(t, fleet, 'a').obey(0, { up: false }).beat();
  await until(() => told && fleet.health.summary.restarting === 1, 'the restart to be under way');
  await fleet.close();
  const store = createStore(dataDir);
  t.teardown(() => store.close());
  const events = store.outbox.next(0, 100).filter(({ subject }) => subject.startsWith('vigil.event.restart'));
  t.match(
    events.map(({ payload }) => JSON.parse(payload)),
    [{ agent: 'a', outcome: 'timeout', message: /the supervisor stopped/ }],
  );
});
