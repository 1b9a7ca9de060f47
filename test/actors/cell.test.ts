import fc from 'fast-check';
import t from 'tap';
import { z } from 'zod';
import type { Behaviour } from '../../src/actors/runtime/behaviour.js';
import { Cell } from '../../src/actors/runtime/cell.js';
import { VigilError } from '../../src/messages/errors.js';
import { FakeClock, settled } from './fake-clock.js';
import { Port } from './port.js';
import { type Gate, gate } from './until.js';

const TTL_MS = 1_000;
const PROTOCOL = {
  add: { request: z.object({ by: z.number().int(), note: z.string().optional() }), reply: z.number() },
  wait: { request: z.object({ name: z.string() }), reply: z.string() },
  refuse: { request: z.object({}), reply: z.null() },
  crash: { request: z.object({ late: z.boolean().default(false) }), reply: z.null() },
};

interface Counter {
  sum: number;
}

function create(mailbox = 4) {
  const clock = new FakeClock();
  const gates = new Map<string, Gate<void>>();
  const seen: string[] = [];
  const ended: Counter[] = [];
  let starts = 0;
  const behaviour: Behaviour<Counter, typeof PROTOCOL> = {
    kind: 'counter',
    protocol: PROTOCOL,
    start: () => {
      starts++;
      return { sum: 0 };
    },
    on: {
      add: (state, { by }) => {
        state.sum += by;
        return state.sum;
      },
      wait: async (_state, { name }) => {
        seen.push(`${name} begins`);
        const own = gate();
        gates.set(name, own);
        await own.promise;
        seen.push(`${name} ends`);
        return name;
      },
      refuse: () => {
        throw new VigilError('CONFLICT', 'not now');
      },
      crash: (_state, { late }) => {
        if (late) return Promise.reject(new Error('boom'));
        throw new Error('boom');
      },
    },
    end: (state) => {
      ended.push(state);
    },
  };
  const cell = new Cell(behaviour, 'c1', { mailbox, clock });
  const crashes: Error[] = [];
  const start = () => cell.start((error) => crashes.push(error));
  const send = (type: string, body: unknown, ttlMs = TTL_MS) => {
    const port = new Port();
    cell.deliver(type, body, port, ttlMs);
    return port;
  };
  return { clock, cell, gates, seen, ended, crashes, start, send, starts: () => starts };
}

t.test('messages are handled one at a time, in the order in which they came', async (t) => {
  const { start, send, seen, gates, cell } = create();
  await start();
  const ports = ['a', 'b'].map((name) => send('wait', { name }));
  const last = send('add', { by: 1 });
  t.equal(cell.depth, 3);
  await settled();
  t.strictSame(seen, ['a begins']);
  t.equal(last.outcome, 'open');
  gates.get('a')?.open();
  await settled();
  t.strictSame(seen, ['a begins', 'a ends', 'b begins']);
  gates.get('b')?.open();
  await settled();
  t.strictSame(
    [...ports, last].map((port) => port.outcome),
    ['a', 'b', 1],
  );
  t.equal(cell.depth, 0);
});

t.test('what comes before the start waits for it', async (t) => {
  const { start, send } = create();
  const early = send('add', { by: 5 });
  t.equal(early.outcome, 'open');
  await start();
  t.equal(early.outcome, 5);
});

t.test('a full mailbox answers BUSY at once, and takes messages again when there is room', async (t) => {
  const { start, send, gates } = create(2);
  await start();
  const ports = [send('wait', { name: 'a' }), send('add', { by: 1 }), send('add', { by: 1 })];
  const refused = send('add', { by: 100 });
  t.equal(refused.outcome, 'BUSY');
  t.match(refused.error?.message, /counter c1 has 2 messages waiting/);
  await settled();
  gates.get('a')?.open();
  await settled();
  t.strictSame(
    ports.map((port) => port.outcome),
    ['a', 1, 2],
  );
  t.equal(send('add', { by: 1 }).outcome, 3);
});

t.test('a message whose sender has given up waiting is not handled', async (t) => {
  const { start, send, gates, clock } = create();
  await start();
  send('wait', { name: 'a' });
  const [impatient, patient] = [send('add', { by: 10 }, 50), send('add', { by: 1 }, 500)];
  await clock.advance(100);
  gates.get('a')?.open();
  await settled();
  t.equal(impatient.outcome, 'TIMEOUT');
  t.equal(patient.outcome, 1);
});

t.test('a message that was taken back before its turn is not handled', async (t) => {
  const { start, send, gates } = create();
  await start();
  send('wait', { name: 'a' });
  const [back, stays] = [send('add', { by: 10 }), send('add', { by: 1 })];
  back.cancel();
  await settled();
  gates.get('a')?.open();
  await settled();
  t.equal(back.outcome, 'CANCELLED');
  t.equal(stays.outcome, 1);
});

t.test('a message that does not fit is answered BAD_REQUEST and says why', async (t) => {
  const { start, send, crashes } = create();
  await start();
  const cases = [
    { type: 'add', body: { by: 'one' }, says: /add: by: / },
    { type: 'add', body: { by: 1, note: 7 }, says: /note: / },
    { type: 'add', body: null, says: /add: / },
    { type: 'nonsense', body: {}, says: /counter knows no message "nonsense"/ },
    { type: 'x'.repeat(10_000), body: {}, says: /^.{1,100}$/ },
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'].map((type) => ({
      type,
      body: {},
      says: /knows no message/,
    })),
  ];
  for (const { type, body, says } of cases) {
    const port = send(type, body);
    t.equal(port.outcome, 'BAD_REQUEST', type.slice(0, 20));
    t.match(port.error?.message, says);
  }
  t.strictSame(crashes, []);
  t.equal(send('add', { by: 1 }).outcome, 1, 'and it goes on');
});

t.test('a body that is nested deeper than its schema can follow is refused, not a crash', async (t) => {
  const nested: z.ZodType = z.lazy(() => z.array(nested));
  const protocol = { take: { request: nested, reply: z.null() } };
  const behaviour = { kind: 'deep', protocol, start: () => null, on: { take: () => null } };
  const cell = new Cell(behaviour, 'd1', { mailbox: 4, clock: new FakeClock() });
  const crashes: Error[] = [];
  await cell.start((error) => crashes.push(error));
  const port = new Port();
  cell.deliver('take', JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)), port, TTL_MS);
  t.equal(port.outcome, 'BAD_REQUEST');
  t.match(port.error?.message, /nested too deep/);
  t.strictSame(crashes, []);
});

t.test('an error with a code is an answer, not a crash', async (t) => {
  const { start, send, crashes, ended } = create();
  await start();
  send('add', { by: 7 });
  t.equal(send('refuse', {}).outcome, 'CONFLICT');
  t.equal(send('add', { by: 1 }).outcome, 8, 'the state is kept');
  await settled();
  t.strictSame([crashes, ended], [[], []]);
});

for (const late of [false, true]) {
  t.test(
    `a crash ${late ? 'after an await' : 'at once'}: answered, reported, fresh state, mailbox kept`,
    async (t) => {
      const { cell, start, send, crashes, ended, starts } = create();
      await start();
      send('add', { by: 7 });
      const crashed = send('crash', { late });
      const waiting = send('add', { by: 1 });
      await settled();
      t.equal(crashed.outcome, 'CRASHED');
      t.match(crashed.error?.message, /counter c1 crashed: boom/);
      t.match(crashes, [{ message: 'boom' }]);
      t.strictSame(ended, [{ sum: 7 }], 'the old state is freed');
      t.equal(cell.state, 'crashed');
      t.equal(waiting.outcome, 'open');
      await start();
      t.equal(waiting.outcome, 1, 'by the new incarnation');
      t.equal(starts(), 2);
      t.equal(crashes.length, 1, 'reported once');
    },
  );
}

t.test('an end that throws still lets the crash be reported', async (t) => {
  for (const end of [
    () => {
      throw new Error('end failed');
    },
    () => Promise.reject(new Error('end failed')),
  ]) {
    const behaviour: Behaviour<object, typeof PROTOCOL> = {
      kind: 'counter',
      protocol: PROTOCOL,
      start: () => ({}),
      on: {
        add: () => {
          throw new Error('boom');
        },
        wait: () => '',
        refuse: () => null,
        crash: () => null,
      },
      end,
    };
    const cell = new Cell(behaviour, 'c1', { mailbox: 4, clock: new FakeClock() });
    const crashes: string[] = [];
    await cell.start((error) => crashes.push(error.message));
    const port = new Port();
    cell.deliver('add', { by: 1 }, port, TTL_MS);
    await settled();
    t.equal(port.outcome, 'CRASHED');
    t.strictSame(crashes, ['boom']);
  }
});

t.test('handlers never overlap and messages keep their order, however long each takes', async () => {
  const message = fc.record({ turns: fc.integer({ min: 0, max: 3 }), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 30, size: 'max' }), async (messages) => {
      let active = 0;
      const order: number[] = [];
      const protocol = { do: { request: z.object({ n: z.number() }), reply: z.number() } };
      const behaviour: Behaviour<null, typeof protocol> = {
        kind: 'turns',
        protocol,
        start: () => null,
        on: {
          do: (_state, { n }) => {
            if (active++ !== 0) throw new Error('overlap');
            order.push(n);
            const { turns, fails } = messages[n] as { turns: number; fails: boolean };
            const finish = () => {
              active--;
              if (fails) throw new VigilError('CONFLICT', 'fails');
              return n;
            };
            if (turns === 0) return finish();
            return (async () => {
              for (let i = 0; i < turns; i++) await Promise.resolve();
              return finish();
            })();
          },
        },
      };
      const cell = new Cell(behaviour, 'x', { mailbox: 30, clock: new FakeClock() });
      await cell.start((error) => {
        throw error;
      });
      const ports = messages.map((_, n) => {
        const port = new Port();
        cell.deliver('do', { n }, port, TTL_MS);
        return port;
      });
      await settled();
      const expected = messages.map(({ fails }, n) => (fails ? 'CONFLICT' : n));
      if (order.join() !== messages.map((_, n) => n).join()) throw new Error(`order ${order}`);
      if (ports.some((port, n) => port.outcome !== expected[n])) throw new Error('wrong answers');
    }),
    { numRuns: 500 },
  );
});
