import fc from 'fast-check';
import t from 'tap';
import { HeartbeatBook } from '../../../src/health/heartbeat-book.js';
import type { AgentAnomaly } from '../../../src/messages/health.js';
import { Subjects } from '../../../src/messages/subjects.js';
import { HeartbeatIntake } from '../../../src/services/health/heartbeat-intake.js';
import { HealthSettings } from '../../../src/settings/health.js';
import { until } from '../../actors/until.js';
import { PlayedAgent, TestFleet } from './fleet.js';

t.test(
  'gaps, repeats, order, strangers and nonsense are counted, and nobody speaks for another',
  async (t) => {
    const fleet = await TestFleet.start(t, { settings: { restart: 'off' } });
    await fleet.register(['a']);
    const a = new PlayedAgent(t, fleet, 'a');
    a.beat();
    await until(() => fleet.healthOf('a').level === 'ok', 'the first');
    for (const seq of [5, 3, 3, 6]) a.beat({ seq });
    const publish = (subject: string, text: string) => fleet.agents.publish(subject, text);
    new PlayedAgent(t, fleet, 'stranger').beat();
    for (const text of [
      '',
      'no json',
      '{}',
      '[]',
      '{"instance": 1}',
      `{"seq": ${'9'.repeat(400)}}`,
      '\u0000',
    ])
      publish('vigil.agent.a.heartbeat', text);
    publish('vigil.agent.a.heartbeat', JSON.stringify({ instance: 'i1', seq: -1, state: 'running' }));
    // Whose it is stands in the subject; what else is in it is passed over.
    publish(
      'vigil.agent.a.heartbeat',
      JSON.stringify({
        agent: 'b',
        instance: 'i1',
        seq: 7,
        at: '',
        state: 'running',
        pid: null,
        intervalMs: 1,
        restarts: 0,
      }),
    );
    await until(
      () => fleet.health.summary.unknown === 1 && fleet.health.summary.heartbeats === 7,
      'all of it',
    );
    t.match(fleet.health.summary, { invalid: 8, duplicates: 1, reordered: 1, watched: 1 });
    t.match(fleet.healthOf('a'), { lost: 3, duplicates: 1, reordered: 1 });
    t.equal(fleet.healthOf('stranger').level, 'unwatched');
  },
);

t.test('what was heard is in the database, and known to the next start', async (t) => {
  const fleet = await TestFleet.start(t);
  await fleet.register(['a', 'b']);
  const a = new PlayedAgent(t, fleet, 'a', { tokens: 5, cost: 0.5 });
  a.live();
  new PlayedAgent(t, fleet, 'b').beat({ state: 'exited', ended: 'failed', exitCode: 3 });
  await until(() => fleet.store.heartbeats.all().length === 2, 'both in the database');
  await until(() => fleet.stateOf('b') === 'crashed', 'its end');
  const row = await until2(() =>
    fleet.store.heartbeats.all().find(({ agent, beat }) => agent === 'a' && beat.seq > 2),
  );
  t.match(row, { beat: { instance: 'i1', tokens: 5, cost: 0.5 }, instances: 1, lost: 0 });
  await fleet.store.write(() => fleet.store.agents.remove(['b']));
  await fleet.health.forget(['b']);
  t.equal(fleet.healthOf('b').level, 'unwatched');
  t.same(
    fleet.store.heartbeats.all().map(({ agent }) => agent),
    ['a'],
    'what is removed is forgotten',
  );
});

t.test('a figure far from its own history is told', async (t) => {
  const fleet = await TestFleet.start(t, { settings: { flushMs: 50, sampleMs: 50, anomalySamples: 3 } });
  await fleet.register(['a']);
  const agent = new PlayedAgent(t, fleet, 'a');
  let rssBytes = 1e8;
  const timer = setInterval(
    () => agent.beat({ rssBytes: Math.round(rssBytes * (1 + Math.random() / 50)) }),
    25,
  );
  t.teardown(() => clearInterval(timer));
  const samples = () => fleet.health.summary.heartbeats;
  await until(() => samples() > 80, 'a history');
  t.same(fleet.events(/anomaly/), []);
  rssBytes = 1e9;
  await until(() => fleet.events(/anomaly/).length > 0, 'the anomaly');
  t.match(fleet.events<AgentAnomaly>(/anomaly/), [{ agent: 'a', figure: 'rssBytes' }]);
});

t.test('one honest status, each change told once', async (t) => {
  const fleet = await TestFleet.start(t, { settings: { restart: 'off' } });
  await fleet.register(['a']);
  t.match(fleet.health.of('a', Date.now()).status, { state: 'unknown', source: null, ageMs: null });
  const a = new PlayedAgent(t, fleet, 'a').live();
  await until(() => fleet.events(/agent\.a\.running/).length > 0, 'it to run');
  const judge = (fields: object) =>
    fleet.health.judged({ analysis: { agent: 'a', phase: 'implementing', ...fields } } as never);
  judge({ needsSteering: true, steeringType: 'waiting', waitsFor: 'permission' });
  await until(() => fleet.stateOf('a') === 'waiting_permission', 'it to wait');
  await until(() => fleet.events(/agent\.a\.waiting_permission/).length > 0, 'it to be told');
  judge({ needsSteering: true, steeringType: 'waiting', waitsFor: 'permission' });
  judge({});
  await until(() => fleet.events(/agent\.a\.running/).length === 2, 'it to go on');
  a.silence();
  a.beat({ state: 'exited', ended: 'finished', exitCode: 0 });
  await until(() => fleet.events(/agent\.a\.finished/).length > 0, 'its end');
  t.same(
    fleet
      .events<{ previous: string; status: { state: string; source: string } }>(/agent\.a\./)
      .map(({ previous, status }) => [previous, status.state, status.source]),
    [
      ['unknown', 'running', 'heartbeat'],
      ['running', 'waiting_permission', 'verdict'],
      ['waiting_permission', 'running', 'heartbeat'],
      ['running', 'finished', 'process'],
    ],
  );
});

async function until2<T>(find: () => T | undefined): Promise<T | undefined> {
  await until(() => find() !== undefined, 'it to be found');
  return find();
}

t.test('whatever comes in is taken or counted, and nothing of it stays', async (t) => {
  const book = new HeartbeatBook(HealthSettings.parse({}));
  const intake = new HeartbeatIntake({
    subjects: new Subjects(),
    book,
    monotonic: () => 0,
    known: (ids) => new Set(ids.filter((id) => id === 'a')),
    heard: () => {},
    fenced: () => {},
  });
  const odd = fc.oneof(fc.json(), fc.string(), fc.constant('{"__proto__": {"seq": 1}}'));
  const beat = fc.record({
    instance: fc.oneof(fc.string({ maxLength: 70 }), fc.constant('i1')),
    seq: fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger()),
    at: fc.string(),
    state: fc.constantFrom('running', 'exited', 'asleep'),
    pid: fc.oneof(fc.integer(), fc.constant(null)),
    intervalMs: fc.oneof(fc.integer(), fc.double()),
    restarts: fc.nat(),
  });
  const subject = fc.oneof(
    fc.constantFrom(
      'vigil.agent.a.heartbeat',
      'vigil.agent.b.heartbeat',
      'vigil.agent.a.*.>',
      'other.agent.a.heartbeat',
    ),
    fc.string(),
  );
  const bytes = fc.oneof(
    fc.uint8Array(),
    odd.map((text) => Buffer.from(text)),
    beat.map((body) => Buffer.from(JSON.stringify(body))),
  );
  let total = 0;
  fc.assert(
    fc.property(subject, bytes, (to, data) => {
      total++;
      intake.take(to, data);
      if (total % 50 === 0) intake.adopt();
      const { heartbeats, invalid } = intake.counts;
      return heartbeats + invalid === total && book.size <= 1;
    }),
    { numRuns: 5_000, endOnFailure: true },
  );
  t.ok(intake.counts.heartbeats > 0 && intake.counts.invalid > 0);
  t.equal(({} as Record<string, unknown>)['seq'], undefined);
});
