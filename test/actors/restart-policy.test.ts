import fc from 'fast-check';
import t from 'tap';
import { decide, RestartPolicy } from '../../src/actors/runtime/restart-policy.js';

const policy = RestartPolicy.parse({ maxRestarts: 3, periodMs: 1_000, backoffMs: 100, jitter: 0 });

t.test('more restarts than allowed within the period escalate', async (t) => {
  const cases = [
    { name: 'the first', history: [], now: 0, action: 'restart' },
    { name: 'the last that is allowed', history: [0, 1], now: 2, action: 'restart' },
    { name: 'one too many', history: [0, 1, 2], now: 3, action: 'escalate' },
    { name: 'one too many, just within the period', history: [0, 1, 2], now: 999, action: 'escalate' },
    { name: 'the period is over for the oldest', history: [0, 1, 2], now: 1_000, action: 'restart' },
    { name: 'the period is over for all', history: [0, 1, 2], now: 5_000, action: 'restart' },
  ];
  for (const { name, history, now, action } of cases) {
    t.equal(decide(policy, history, now, 0).directive.action, action, name);
  }
});

t.test('no restart is allowed when the intensity is 0', async (t) => {
  t.strictSame(decide({ ...policy, maxRestarts: 0 }, [], 0, 0).directive, { action: 'escalate' });
});

t.test('the wait doubles with each restart in the period, up to the longest', async (t) => {
  const doubling = { ...policy, maxRestarts: 8, maxBackoffMs: 1_000 };
  const waits: number[] = [];
  let history: readonly number[] = [];
  for (let i = 0; i < 8; i++) {
    const decision = decide(doubling, history, i, 0);
    if (decision.directive.action === 'restart') waits.push(decision.directive.delayMs);
    history = decision.history;
  }
  t.strictSame(waits, [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000]);
});

t.test('after a quiet period the wait is the first again', async (t) => {
  t.strictSame(decide(policy, [0, 10], 5_000, 0).directive, { action: 'restart', delayMs: 100 });
});

const policies = fc.record({
  maxRestarts: fc.integer({ min: 0, max: 1_000 }),
  periodMs: fc.integer({ min: 1, max: 100_000 }),
  backoffMs: fc.integer({ min: 0, max: 10_000 }),
  maxBackoffMs: fc.integer({ min: 0, max: 60_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const times = fc
  .array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 1_000 })
  .map((all) => all.sort((a, b) => a - b));
const share = fc.double({ min: 0, max: 1, noNaN: true });

t.test('jitter takes away at most its share, and the history given is left alone', async () => {
  fc.assert(
    fc.property(policies, times, share, (anyPolicy, history, random) => {
      const before = [...history];
      const now = (history.at(-1) ?? 0) + 1;
      const { directive, history: after } = decide(anyPolicy, Object.freeze(history), now, random);
      if (history.join() !== before.join()) return false;
      if (after.some((at) => now - at >= anyPolicy.periodMs)) return false;
      if (directive.action === 'escalate') return after.length >= anyPolicy.maxRestarts;
      const full = Math.min(anyPolicy.maxBackoffMs, anyPolicy.backoffMs * 2 ** (after.length - 1));
      const { delayMs } = directive;
      return delayMs <= full && delayMs >= full * (1 - anyPolicy.jitter) - 1e-9 && after.at(-1) === now;
    }),
    { numRuns: 1_000 },
  );
});

t.test('whatever the crashes, restarts within any period are at most the intensity', async () => {
  fc.assert(
    fc.property(policies, times, (anyPolicy, crashes) => {
      let history: readonly number[] = [];
      const restarts: number[] = [];
      for (const at of crashes) {
        const decision = decide(anyPolicy, history, at, 0);
        if (decision.directive.action === 'restart') restarts.push(at);
        history = decision.history;
      }
      return restarts.every((from, i) => {
        const within = restarts.slice(i).filter((at) => at - from < anyPolicy.periodMs);
        return within.length <= anyPolicy.maxRestarts;
      });
    }),
    { numRuns: 300 },
  );
});
