import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import t from 'tap';
import { Mailbox } from '../../src/actors/runtime/mailbox.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

t.test('a mailbox is first in, first out and never holds more than its capacity', async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant('push' as const) },
    { weight: 2, arbitrary: fc.constant('shift' as const) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.array(step, { maxLength: 400 }), (capacity, steps) => {
      const mailbox = new Mailbox<number>(capacity);
      const model: number[] = [];
      let next = 0;
      for (const each of steps) {
        if (each === 'push') {
          const taken = mailbox.push(next);
          if (taken !== model.length < capacity) return false;
          if (taken) model.push(next);
          next++;
        } else if (mailbox.shift() !== model.shift()) {
          return false;
        }
        if (mailbox.length !== model.length) return false;
      }
      return true;
    }),
    { numRuns: 1_000 },
  );
});

t.test('undefined is a message like any other', async (t) => {
  const mailbox = new Mailbox<undefined>(2);
  t.ok(mailbox.push(undefined));
  t.equal(mailbox.length, 1);
  mailbox.shift();
  t.equal(mailbox.length, 0);
});

t.test('a capacity that is no whole number from 1 is refused', async (t) => {
  for (const capacity of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => new Mailbox(capacity), RangeError, String(capacity));
  }
});

t.test('a burst leaves no memory behind once it is over', async (t) => {
  const mailboxes = Array.from({ length: 300 }, () => new Mailbox<number>(1_024));
  const before = heap();
  for (const mailbox of mailboxes) for (let i = 0; i < 1_024; i++) mailbox.push(i);
  const full = heap() - before;
  for (const mailbox of mailboxes) while (mailbox.length > 0) mailbox.shift();
  const empty = heap() - before;
  t.ok(full > 2_000_000, `full: ${full} bytes`);
  t.ok(empty < full / 10, `empty: ${empty} bytes`);
  t.equal(mailboxes.length, 300, 'still there');
});

t.test('a message that was taken out is not held on to', async (t) => {
  const mailbox = new Mailbox<object>(8);
  const taken = (() => {
    mailbox.push({ big: new Array(100).fill(0) });
    mailbox.push({ stays: true });
    return new WeakRef(mailbox.shift() as object);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  t.equal(taken.deref(), undefined);
  t.equal(mailbox.length, 1);
});
