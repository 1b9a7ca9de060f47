import fc from 'fast-check';
import t from 'tap';
import { nextRestart } from '../../src/health/restart-schedule.js';

const limits = {
  maxRestarts: 3,
  periodMs: 3_600_000,
  coolDownMs: 60_000,
  maxCoolDownMs: 900_000,
  jitter: 0.2,
};

t.test('the first at once, then after cool-downs that double, then a person', async (t) => {
  t.same(nextRestart(limits, [], 5, 0.5), { action: 'restart', at: 5, attempt: 1 });
  t.same(nextRestart(limits, [0], 10, 0), { action: 'restart', at: 60_000, attempt: 2 });
  t.same(nextRestart(limits, [0], 10, 1), { action: 'restart', at: 72_000, attempt: 2 }, 'jitter only adds');
  t.same(nextRestart(limits, [60_000, 0], 60_010, 0), { action: 'restart', at: 180_000, attempt: 3 });
  t.same(nextRestart(limits, [0, 60_000, 180_000], 180_010, 0), { action: 'escalate', restarts: 3 });
  t.match(
    nextRestart(limits, [0, 60_000, 180_000], 3_600_000, 0),
    { action: 'restart', attempt: 3 },
    'what lies behind the period does not count',
  );
});

t.test('whatever happens, no more than the limit in any period, and never inside the cool-down', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(400_000), { maxLength: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (waits, random) => {
        const done: number[] = [];
        let now = 0;
        for (const wait of waits) {
          now += wait;
          const next = nextRestart(limits, done, now, random);
          if (next.action === 'restart' && next.at <= now) done.push(now);
        }
        return done.every((at, i) => {
          const within = done.filter((other) => other <= at && at - other < limits.periodMs).length;
          const apart = i === 0 || at - (done[i - 1] ?? 0) >= limits.coolDownMs;
          return within <= limits.maxRestarts && apart;
        });
      },
    ),
  );
});
