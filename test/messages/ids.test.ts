import fc from 'fast-check';
import t from 'tap';
import { Id, isId, newId } from '../../src/messages/ids.js';

const HOSTILE = [
  '',
  'a b',
  'a.*.>',
  '*',
  '>',
  'a.b',
  'x\r\nPUB y 0',
  '../x',
  'a'.repeat(65),
  'a'.repeat(10_000),
  'ä',
  'а',
];

t.test('ids that would break a subject are refused with the mend', async (t) => {
  for (const id of HOSTILE) {
    t.equal(isId(id), false, JSON.stringify(id.slice(0, 20)));
    const result = Id.safeParse(id);
    t.equal(result.success, false);
    t.match(result.error?.issues[0]?.message, /expected 1 to 64/);
  }
});

t.test('new ids are valid, distinct and sort by time', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 8.64e12 }), (now) => {
      const earlier = newId(now);
      const later = newId(now + 1);
      return isId(earlier) && earlier < later && newId(now) !== earlier;
    }),
  );
});
