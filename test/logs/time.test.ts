import fc from 'fast-check';
import t from 'tap';
import { timeOf } from '../../src/logs/time.js';

t.test('the usual form is read as the engine reads it', async () => {
  const instant = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(fc.property(instant, (date) => timeOf(date.toISOString()) === date.getTime()));
});

t.test('a character changed in it gives no time, or the one that the engine reads', async () => {
  const digits = fc.constantFrom(...'0123456789-:.TZ x');
  fc.assert(
    fc.property(fc.nat({ max: 23 }), digits, (at, char) => {
      const usual = '2026-02-03T04:05:06.789Z';
      const changed = usual.slice(0, at) + char + usual.slice(at + 1);
      const engine = Date.parse(changed);
      const time = timeOf(changed);
      return time === null || Number.isNaN(engine) || time === engine;
    }),
  );
});

t.test('what is no date has no time', async (t) => {
  for (const text of [
    '2026-13-01T00:00:00.000Z',
    '2026-02-30T25:00:00.000Z',
    '2026-02-03T04:60:00.000Z',
    '',
    'x',
  ])
    t.equal(timeOf(text), null, text);
  t.equal(timeOf('2026-01-31T10:00:00.000Z'), Date.UTC(2026, 0, 31, 10));
  t.equal(timeOf('2026-01-31 10:00:00,5Z'), Date.UTC(2026, 0, 31, 10, 0, 0, 500));
});
