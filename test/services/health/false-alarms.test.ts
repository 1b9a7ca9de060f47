import t from 'tap';
import { systemClock } from '../../../src/actors/runtime/clock.js';
import { TestBroker } from '../../actors/broker.js';
import { FakeClock } from '../../actors/fake-clock.js';
import { until } from '../../actors/until.js';
import { testFolder } from '../../folder.js';
import { FaultProxy } from '../../system/proxy.js';
import { PlayedAgent, TestFleet } from './fleet.js';

/** Below the size from which a silent fleet is held: nothing but the watch itself protects them. */
const TWO = ['a', 'b'];

t.test('a half-open connection to the broker: nobody is judged, nobody restarted', async (t) => {
  const broker = await TestBroker.start(t);
  const proxy = await FaultProxy.to(broker.port);
  t.teardown(() => proxy.close());
  const fleet = await TestFleet.on(t, broker, {
    port: proxy.port,
    pingIntervalMs: 500,
    settings: { probeMs: 200 },
  });
  await fleet.register(TWO);
  for (const id of TWO) new PlayedAgent(t, fleet, id).obey().live();
  await until(() => fleet.health.summary.watched === 2, 'both to be heard');
  const before = () => fleet.health.summary.heartbeats;
  proxy.goDeaf();
  const deafAt = performance.now();
  await until(() => performance.now() - deafAt > 1_500, 'time enough to miss seven heartbeats');
  t.same(fleet.events(/\.unresponsive|event\.restart|fleet\.held/), []);
  t.match(fleet.health.summary, { unresponsive: 0, restarts: 0, held: false });
  const known = before();
  proxy.recover();
  await until(() => before() > known + 10, 'heartbeats after the reconnect');
  t.match(fleet.health.summary, { unresponsive: 0, restarts: 0 });
});

t.test('the broker is gone for longer than anybody may be silent, and comes back: no restart', async (t) => {
  const fleet = await TestFleet.start(t);
  await fleet.register(TWO);
  for (const id of TWO) new PlayedAgent(t, fleet, id).obey().live();
  await until(() => fleet.health.summary.watched === 2, 'both to be heard');
  await fleet.broker.kill();
  const goneAt = performance.now();
  await until(() => performance.now() - goneAt > 1_200, 'time enough to miss five heartbeats');
  await fleet.broker.start();
  const known = fleet.health.summary.heartbeats;
  await until(() => fleet.health.summary.heartbeats > known + 10, 'heartbeats again');
  t.match(fleet.health.summary, { unresponsive: 0, restarts: 0 });
});

t.test('the wall clock jumps forward and back by an hour: nothing changes', async (t) => {
  const HOUR = 3_600_000;
  const { now } = Date;
  let offset = 0;
  Date.now = () => now() + offset;
  t.teardown(() => {
    Date.now = now;
  });
  const fleet = await TestFleet.start(t);
  await fleet.register(TWO);
  for (const id of TWO) new PlayedAgent(t, fleet, id).obey().live();
  await until(() => fleet.stateOf('a') === 'running', 'them to be heard');
  for (offset of [HOUR, -HOUR, 0]) {
    const known = fleet.health.summary.heartbeats;
    await until(() => fleet.health.summary.heartbeats > known + 20, 'heartbeats');
    for (const id of TWO) {
      const { status, health } = fleet.health.of(id, 0);
      t.match(health, { level: 'ok', missed: 0, lost: 0, duplicates: 0 });
      t.ok((status.ageMs ?? -1) >= 0, 'no age is negative');
    }
  }
  t.same(fleet.events(/health|event\.restart|fleet\.held/), []);
  t.same(fleet.events(/agent\.a\./).length, 1, 'running, told once');
});

t.test('this process stands still, whatever the time it misses: no restart', async (t) => {
  const clock = new FakeClock();
  const fleet = await TestFleet.start(t, { clock });
  await fleet.register(TWO);
  const agents = TWO.map((id) => new PlayedAgent(t, fleet, id).obey());
  const hear = async () => {
    const known = fleet.health.summary.heartbeats;
    for (const agent of agents) agent.beat();
    await until(() => fleet.health.summary.heartbeats === known + 2, 'a heartbeat each');
  };
  await hear();
  await clock.advance(100);
  await hear();
  for (const ms of [60_000, 300, 3_600_000, 800]) {
    clock.jump(ms);
    await clock.advance(60);
    await hear();
    await clock.advance(100);
    await hear();
  }
  t.equal(fleet.health.summary.pauses, 4);
  t.match(fleet.health.summary, { warning: 0, unresponsive: 0, restarts: 0 });
  t.same(fleet.events(/event\.restart|fleet\.held/), []);

  // The same time, watched, is silence.
  agents[0]?.silence();
  for (let i = 0; i < 16; i++) {
    await clock.advance(50);
    agents[1]?.beat();
    await fleet.agents.flush();
  }
  await until(async () => {
    await clock.advance(50);
    agents[1]?.beat();
    return fleet.events(/event\.restart\.a/).length > 0;
  }, 'the restart of the silent one');
  t.same(fleet.events(/event\.restart\.b/), []);
});

t.test('this process is busy for seconds: no restart', async (t) => {
  const fleet = await TestFleet.start(t);
  await fleet.register(TWO);
  for (const id of TWO) new PlayedAgent(t, fleet, id).obey().live();
  await until(() => fleet.health.summary.watched === 2, 'both to be heard');
  const endsAt = systemClock.monotonic() + 1_500;
  while (systemClock.monotonic() < endsAt) Math.sqrt(endsAt);
  const known = fleet.health.summary.heartbeats;
  await until(() => fleet.health.summary.heartbeats > known + 10, 'heartbeats');
  t.ok(fleet.health.summary.pauses > 0);
  t.match(fleet.health.summary, { restarts: 0, unresponsive: 0 });
});

t.test(
  'maintenance: silent agents are left, over a restart of the supervisor, until it is over',
  async (t) => {
    const broker = await TestBroker.start(t);
    const dataDir = testFolder(t);
    const first = await TestFleet.on(t, broker, { dataDir });
    await first.register(['a', 'b', 'c', 'd', 'e']);
    const [a, b] = ['a', 'b', 'c', 'd', 'e'].map((id) => new PlayedAgent(t, first, id).obey().live());
    await until(() => first.health.summary.watched === 5, 'all to be heard');
    t.same(await first.health.pause(['a', 'nobody'], 'new disk'), ['nobody']);
    a?.silence();
    await until(() => first.healthOf('a').level === 'unresponsive', 'the silence to be seen');
    t.match(first.healthOf('a'), { paused: true });
    t.same(first.events(/agent\.a\.health|event\.restart/), [], 'nothing is said and nothing done');
    await first.health.pause(undefined, undefined);
    await first.close();

    const second = await TestFleet.on(t, broker, { dataDir });
    t.match(second.health.summary, { paused: 1, fleetPaused: true });
    b?.silence();
    await until(
      () => second.healthOf('a').level === 'unresponsive' && second.healthOf('b').level === 'unresponsive',
      'both',
    );
    t.same(second.events(/event\.restart/), []);
    t.match(await second.health.resume(undefined), { resumed: ['a'], fleet: true, released: false });
    await until(() => second.events(/event\.restart/).length === 2, 'both to be restarted now');
    t.match(second.health.summary, { paused: 0, fleetPaused: false });
  },
);
