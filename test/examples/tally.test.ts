import { readFileSync } from 'node:fs';
import t from 'tap';
import { tally } from '../../examples/tally.js';
import { Cell } from '../../src/actors/runtime/cell.js';
import { systemClock } from '../../src/actors/runtime/clock.js';

const ROOT = new URL('../../../', import.meta.url);

t.test('the guide shows the example as it is, in under 40 lines', async (t) => {
  const code = readFileSync(new URL('examples/tally.ts', ROOT), 'utf8');
  t.ok(readFileSync(new URL('docs/guides/writing-an-actor.md', ROOT), 'utf8').includes(code));
  t.ok(code.split('\n').length <= 40);
});

t.test('the example counts, refuses what does not fit, and clears after a quiet minute', async (t) => {
  const alarms: (() => void)[] = [];
  const clock = {
    monotonic: systemClock.monotonic,
    after: (_ms: number, action: () => void) => {
      alarms.push(action);
      return () => {};
    },
  };
  const cell = new Cell(tally, 'lunch', { mailbox: 8, clock });
  await cell.start((error) => t.fail(error.message));
  const ask = (type: string, body: unknown) =>
    new Promise((ok, fail) => cell.deliver(type, body, { ok, fail }, 1_000));
  t.same(await ask('vote', { for: 'soup' }), { votes: 1 });
  t.same(await ask('vote', { for: 'soup' }), { votes: 2 });
  await t.rejects(ask('vote', { for: '' }), { code: 'BAD_REQUEST', message: /vote: for: / });
  alarms[0]?.();
  t.same(await ask('result', {}), { soup: 2 }, 'somebody voted since');
  alarms[1]?.();
  t.same(await ask('result', {}), {});
  await cell.stop(0);
});
