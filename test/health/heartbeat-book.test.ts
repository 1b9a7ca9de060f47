import t from 'tap';
import { HeartbeatBook } from '../../src/health/heartbeat-book.js';
import type { Heartbeat } from '../../src/messages/agent-wire.js';
import { HealthSettings } from '../../src/settings/health.js';

const settings = HealthSettings.parse({});

function beat(seq: number, fields: Partial<Heartbeat> = {}): Heartbeat {
  return {
    instance: 'i1',
    seq,
    at: '2026-01-01T00:00:00.000Z',
    state: 'running',
    pid: 1,
    intervalMs: 1_000,
    restarts: 0,
    ...fields,
  };
}

function book(): HeartbeatBook {
  const made = new HeartbeatBook(settings);
  made.take('a', beat(0), 0, 0);
  return made;
}

const levelAt = (made: HeartbeatBook, now: number) => {
  made.check(now);
  return made.get('a')?.level;
};

t.test('one, two, three missed; each change once', async (t) => {
  const made = book();
  t.same(made.check(1_290), [], 'a little late is not missed');
  t.match(made.check(1_300), [{ previous: 'ok', pulse: { level: 'warning', missed: 1 } }]);
  t.same(made.check(1_400), []);
  t.match(made.check(2_300), [{ previous: 'warning', pulse: { level: 'degraded' } }]);
  t.equal(made.overdue(3_299), false);
  t.equal(made.overdue(3_300), true);
  t.match(made.check(3_300), [{ previous: 'degraded', pulse: { level: 'unresponsive' } }]);
  made.take('a', beat(1), 5_000, 0);
  t.match(made.check(5_001), [{ previous: 'unresponsive', pulse: { level: 'ok', missed: 0 } }]);
});

t.test('the interval is the one stated, by state, and bounded', async (t) => {
  const made = book();
  made.take('a', beat(1, { intervalMs: 60_000 }), 0, 0);
  t.equal(levelAt(made, 60_000), 'ok');
  made.take('a', beat(2, { state: 'starting' }), 60_000, 0);
  t.equal(levelAt(made, 69_000), 'ok', 'whoever starts may take longer');
  made.take('a', beat(3, { intervalMs: 1e12 }), 70_000, 0);
  t.equal(levelAt(made, 70_000 + settings.maxExpectedMs * 4), 'unresponsive', 'no interval is for ever');
  made.take('a', beat(4, { intervalMs: 1 }), 1e7, 0);
  t.equal(levelAt(made, 1e7 + 1_000), 'ok', 'nor too short');
  made.take('a', beat(5, { state: 'exited' }), 1e7, 0);
  t.equal(levelAt(made, 1e12), 'ok', 'whoever said that it ended is not late');
});

t.test('repeats and latecomers are no sign of life', async (t) => {
  const made = book();
  made.take('a', beat(2), 500, 0);
  t.equal(made.take('a', beat(2), 3_000, 0).kind, 'duplicate');
  t.equal(made.take('a', beat(1, { state: 'exited' }), 3_000, 0).kind, 'reordered');
  t.match(made.get('a'), { lost: 0, duplicates: 1, reordered: 1, beat: { state: 'running' } });
  t.equal(levelAt(made, 3_900), 'unresponsive');
});

t.test(
  'another instance: after the end or in silence it takes the place, and the one before is fenced',
  async (t) => {
    const made = book();
    t.equal(made.take('a', beat(0, { instance: 'i2' }), 100, 0).kind, 'rival', 'not while the first lives');
    t.equal(made.get('a')?.beat.instance, 'i1');
    t.equal(made.take('a', beat(7, { instance: 'i2' }), 1_400, 0).kind, 'instance');
    t.match(made.get('a'), { instances: 2, lost: 0, beat: { instance: 'i2' } });
    t.equal(made.take('a', beat(1), 1_500, 0).kind, 'fenced');
    t.equal(levelAt(made, 2_800), 'warning', 'and is no sign of life');

    made.take('a', beat(8, { instance: 'i2', state: 'exited' }), 3_000, 0);
    t.equal(made.take('a', beat(0, { instance: 'i3' }), 3_001, 0).kind, 'instance', 'at once after an end');
    const pulse = made.get('a');
    if (pulse !== undefined) pulse.restarting = true;
    t.equal(
      made.take('a', beat(0, { instance: 'i4' }), 3_002, 0).kind,
      'instance',
      'and while it is restarted',
    );
  },
);

t.test('a process that somebody stopped does not live, one that was paused does', async (t) => {
  const made = book();
  for (let seq = 1; seq <= 4; seq++)
    made.take('a', beat(seq, { state: 'paused', pausedBy: 'control' }), seq * 1_000, 0);
  t.equal(levelAt(made, 4_500), 'ok');
  for (let seq = 5; seq <= 9; seq++)
    made.take('a', beat(seq, { state: 'paused', pausedBy: 'signal' }), seq * 1_000, 0);
  t.equal(levelAt(made, 9_000), 'unresponsive');
  made.take('a', beat(10), 10_000, 0);
  t.equal(levelAt(made, 10_100), 'ok');
});

t.test("a time that nobody watched is nobody's silence", async (t) => {
  const made = book();
  made.passOver(60_000, 60_900);
  t.equal(levelAt(made, 60_900), 'ok', 'a long one begins a new term');
  t.equal(levelAt(made, 64_300), 'unresponsive', 'which ends as well');

  const short = book();
  short.passOver(500, 900);
  t.equal(levelAt(short, 1_700), 'ok');
  t.equal(levelAt(short, 1_800), 'warning', 'a short one moves the term');

  const graced = book();
  graced.newTerm(1_000, 15_000);
  t.equal(levelAt(graced, 16_000), 'ok');
  graced.take('a', beat(1), 2_000, 0);
  t.equal(levelAt(graced, 5_400), 'unresponsive', 'a heartbeat ends the grace');
});

t.test('what was silent for long before the start is no news, until it beats', async (t) => {
  const made = new HeartbeatBook(settings);
  const stored = { agent: 'a', beat: beat(3), seenAt: 0, instances: 1, lost: 0, duplicates: 0, reordered: 0 };
  made.restore(stored, 0, true);
  t.same(made.check(10_000), []);
  t.match(made.get('a'), { level: 'unresponsive', stale: true });
  t.equal(
    made.take('a', beat(0, { instance: 'i2' }), 10_000, 0).kind,
    'instance',
    'its successor is at home',
  );
  t.match(made.check(10_001), [{ previous: 'unresponsive', pulse: { level: 'ok', stale: false } }]);
  made.restore({ ...stored, beat: beat(3, { state: 'exited' }) }, 0, true);
  t.match(made.get('a'), { level: 'ok', stale: false }, 'one that had ended is not silent');
});
