import t from 'tap';
import type { FleetHeld, RestartEvent } from '../../../src/messages/health.js';
import { TestBroker } from '../../actors/broker.js';
import { until } from '../../actors/until.js';
import { testFolder } from '../../folder.js';
import { PlayedAgent, TestFleet } from './fleet.js';

const names = (n: number) => Array.from({ length: n }, (_, i) => `a${i}`);

t.test('all fall silent at once and come back: nobody is restarted', async (t) => {
  const fleet = await TestFleet.start(t);
  await fleet.register(names(10));
  const agents = names(10).map((id) => new PlayedAgent(t, fleet, id).obey().live());
  await until(() => fleet.health.summary.watched === 10, 'all to be heard');
  for (const agent of agents) agent.silence();
  await until(() => fleet.events(/fleet\.held/).length > 0, 'the hold');
  t.match(fleet.events<FleetHeld>(/fleet\.held/), [{ watched: 10, message: /vigil agents resume --all/ }]);
  t.ok(
    fleet.warnings.some((text) => /fell silent at once/.test(text)),
    'a person is told',
  );
  await until(() => fleet.health.summary.unresponsive === 10, 'all to be unresponsive');
  for (const agent of agents) agent.live();
  await until(() => fleet.events(/fleet\.released/).length > 0, 'the release');
  await until(() => fleet.health.summary.unresponsive === 0, 'all to be well');
  t.match(fleet.events(/fleet\.released/), [{ by: 'return' }]);
  t.match(fleet.health.summary, { held: false, restarts: 0 });
});

t.test('a storm of 1,000: never more than 5 restarts at once, every one accounted for', async (t) => {
  const fleet = await TestFleet.start(t, { settings: { upMs: 10_000, controlMs: 10_000 } });
  await fleet.register(names(1_000));
  let open = 0;
  let peak = 0;
  const agents = new Map(names(1_000).map((id) => [id, new PlayedAgent(t, fleet, id)]));
  fleet.agents.subscribe('vigil.agent.*.control', {
    callback: (_error, message) => {
      peak = Math.max(peak, ++open);
      const agent = agents.get(message.subject.split('.')[2] ?? '');
      setTimeout(() => {
        open--;
        if (agent === undefined) return;
        agent.restarts++;
        // From now on it is at peace: what is asked here is how many at once.
        agent.beat({ intervalMs: 600_000 });
        message.respond(JSON.stringify({ action: 'restart', state: 'running', at: '' }));
      }, 5);
    },
  });
  for (const agent of agents.values()) agent.beat();
  await until(() => fleet.health.summary.held, 'the hold');
  await until(() => fleet.health.summary.unresponsive === 1_000, 'all to be unresponsive');
  t.equal(fleet.health.summary.restarts, 0, 'and nobody is restarted');
  t.match(await fleet.health.resume(undefined), { released: true });
  // By its counts: to read all events again and again is slower than the restarts.
  await until(() => {
    const { restarts, restarting, restartsWaiting } = fleet.health.summary;
    return restarts === 1_000 && restarting + restartsWaiting === 0;
  }, 'all restarts');
  await until(() => fleet.events(/event\.restart/).length === 1_000, 'their events');
  const restarts = fleet.events<RestartEvent>(/event\.restart/);
  t.equal(new Set(restarts.map(({ agent }) => agent)).size, 1_000);
  t.ok(restarts.every(({ outcome }) => outcome === 'restarted'));
  t.equal(peak, 5);
  await until(() => fleet.health.summary.unresponsive === 0, 'all to be well');
  t.match(fleet.health.summary, { restarts: 1_000, restarting: 0, restartsWaiting: 0, held: false });
});

t.test('a few of many are restarted', async (t) => {
  const fleet = await TestFleet.start(t);
  await fleet.register(names(10));
  const agents = names(10).map((id) => new PlayedAgent(t, fleet, id).obey().live());
  await until(() => fleet.health.summary.watched === 10, 'all to be heard');
  for (const agent of agents.slice(0, 4)) agent.silence();
  await until(() => fleet.events(/event\.restart/).length === 4, 'the restarts');
  t.same(fleet.events(/fleet\.held/), []);
});

t.test('agents that were gone long before the start hold nothing up and are left alone', async (t) => {
  const broker = await TestBroker.start(t);
  const dataDir = testFolder(t);
  const first = await TestFleet.on(t, broker, { dataDir });
  await first.register([...names(5), 'alive']);
  await first.store.write(() =>
    first.store.heartbeats.put(
      names(5).map((agent) => ({
        agent,
        seenAt: Date.now() - 3_600_000,
        beat: { instance: 'i1', seq: 1, at: '', state: 'running', pid: 1, intervalMs: 200, restarts: 0 },
        instances: 1,
        lost: 0,
        duplicates: 0,
        reordered: 0,
      })),
    ),
  );
  await first.close();
  const second = await TestFleet.on(t, broker, { dataDir });
  t.equal(second.stateOf('a0'), 'unknown');
  const alive = new PlayedAgent(t, second, 'alive').obey().live();
  await until(() => second.healthOf('alive').level === 'ok', 'the one that lives');
  alive.silence();
  await until(() => second.events(/event\.restart/).length > 0, 'its restart');
  t.same(
    second.events<RestartEvent>(/event\.restart/).map(({ agent }) => agent),
    ['alive'],
  );
  t.same(second.events(/fleet\.held/), []);
});
