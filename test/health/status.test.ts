import fc from 'fast-check';
import t from 'tap';
import { type Signs, statusOf } from '../../src/health/status.js';
import type { ProcessState } from '../../src/messages/agent-wire.js';

const limits = { staleMs: 600_000, activeMs: 120_000 };
const NOW = 10_000_000;
const at = (signs: Signs, now = NOW) => statusOf(signs, now, limits);

const beat = (fields: Partial<NonNullable<Signs['heartbeat']>> = {}) => ({
  at: NOW - 1_000,
  state: 'running' as ProcessState,
  silent: false,
  gone: false,
  ...fields,
});
const verdict = (fields: Partial<NonNullable<Signs['verdict']>> = {}) => ({
  at: NOW - 5_000,
  phase: 'implementing' as const,
  lastEventAt: NOW - 10_000,
  ...fields,
});

t.test('nothing known is unknown', async (t) => {
  t.same(at({}), { state: 'unknown', source: null, at: null });
});

t.test('a heartbeat says that it runs; what it does, the verdict', async (t) => {
  t.match(at({ heartbeat: beat() }), { state: 'running', source: 'heartbeat' });
  t.match(at({ heartbeat: beat({ state: 'paused' }) }), { state: 'idle', source: 'heartbeat' });
  const waits = verdict({ steeringType: 'waiting', waitsFor: 'permission' });
  t.match(at({ heartbeat: beat(), verdict: waits }), { state: 'waiting_permission', source: 'verdict' });
  t.match(at({ verdict: verdict({ steeringType: 'waiting' }) }), { state: 'waiting_input' });
  for (const steeringType of ['loop', 'stall', 'errors'] as const)
    t.match(at({ heartbeat: beat(), verdict: verdict({ steeringType }) }), { state: 'stuck' });
  t.match(at({ heartbeat: beat(), verdict: verdict({ steeringType: 'drift' }) }), { state: 'running' });
  const still = { heartbeat: beat({ state: 'paused' }), verdict: verdict({ steeringType: 'stall' }) };
  t.match(at(still), { state: 'idle' }, 'whoever is paused is not stuck');
});

t.test('an end is told by the process', async (t) => {
  const ended = (fields: object) =>
    at({ heartbeat: beat({ state: 'exited', ...fields }), verdict: verdict() });
  t.match(ended({ ended: 'finished', exitCode: 0 }), { state: 'finished', source: 'process' });
  t.match(ended({ ended: 'stopped', exitCode: 143 }), { state: 'finished' });
  t.match(ended({ ended: 'failed', exitCode: 1 }), { state: 'crashed', source: 'process' });
  t.match(ended({ ended: 'given_up' }), { state: 'crashed' });
  t.match(ended({ exitCode: 2 }), { state: 'crashed' }, 'of a runner that says no more');
  t.match(ended({ exitCode: 0 }), { state: 'finished' });
});

t.test('silence is unknown, crashed when nobody answers; a log that goes on says otherwise', async (t) => {
  const silent = beat({ silent: true, at: NOW - 60_000 });
  t.match(at({ heartbeat: silent, verdict: verdict({ lastEventAt: NOW - 61_000 }) }), {
    state: 'unknown',
    source: 'heartbeat',
  });
  t.match(at({ heartbeat: { ...silent, gone: true } }), { state: 'crashed', source: 'process' });
  t.match(at({ heartbeat: silent, verdict: verdict({ lastEventAt: NOW - 1_000 }) }), {
    state: 'running',
    source: 'log',
  });
});

t.test('without a heartbeat the log tells, and expires', async (t) => {
  t.match(at({ verdict: verdict() }), { state: 'running', source: 'log', at: NOW - 10_000 });
  t.match(at({ verdict: verdict({ lastEventAt: NOW - 200_000 }) }), { state: 'idle', source: 'log' });
  t.match(at({ verdict: verdict({ lastEventAt: NOW - 700_000 }) }), { state: 'unknown', source: 'log' });
  t.match(at({ verdict: verdict({ phase: 'finished' }) }), { state: 'finished', source: 'log' });
});

t.test('an old verdict tells nothing any more', async (t) => {
  const waits = verdict({ steeringType: 'waiting' });
  t.match(at({ heartbeat: beat({ at: NOW + 700_000 }), verdict: waits }, NOW + 700_000), {
    state: 'running',
  });
  t.match(at({ verdict: waits }, NOW + 700_000), { state: 'unknown' });
});

const time = fc.integer({ min: 0, max: NOW });
const anySigns: fc.Arbitrary<Signs> = fc.record({
  heartbeat: fc.option(
    fc.record({
      at: time,
      state: fc.constantFrom<ProcessState>(
        'starting',
        'running',
        'paused',
        'restarting',
        'stopping',
        'exited',
      ),
      silent: fc.boolean(),
      gone: fc.boolean(),
    }),
    { nil: undefined },
  ),
  verdict: fc.option(
    fc.record({
      at: time,
      phase: fc.constantFrom('implementing' as const, 'finished' as const),
      steeringType: fc.constantFrom(undefined, 'waiting' as const, 'loop' as const, 'drift' as const),
      lastEventAt: fc.option(time, { nil: undefined }),
    }),
    { nil: undefined },
  ),
});

t.test('a dead agent is never running, and nothing is running by an old sign', async () => {
  fc.assert(
    fc.property(anySigns, (signs) => {
      const { state, source, at: sign } = at(signs);
      if (state !== 'running') return true;
      const { heartbeat } = signs;
      const dead = heartbeat !== undefined && (heartbeat.state === 'exited' || heartbeat.silent);
      if (source === 'heartbeat') return !dead;
      return (
        source === 'log' && sign !== null && NOW - sign <= limits.activeMs && (!dead || sign > heartbeat.at)
      );
    }),
    { numRuns: 2_000 },
  );
});
