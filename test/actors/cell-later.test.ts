import t from 'tap';
import { z } from 'zod';
import { type ActorContext, type Behaviour, Later } from '../../src/actors/runtime/behaviour.js';
import { Cell } from '../../src/actors/runtime/cell.js';
import { VigilError } from '../../src/messages/errors.js';
import { FakeClock, settled } from './fake-clock.js';
import { Port } from './port.js';
import { type Gate, gate } from './until.js';

const PROTOCOL = {
  think: { request: z.object({ name: z.string() }), reply: z.string() },
  log: { request: z.object({}), reply: z.array(z.string()) },
  hold: { request: z.object({}), reply: z.null() },
  crash: { request: z.object({}), reply: z.null() },
};

async function create(
  options: {
    mailbox?: number;
    finish?: (context: ActorContext) => void;
    startSignal?: (signal: AbortSignal) => void;
  } = {},
) {
  const clock = new FakeClock();
  const works = new Map<string, Gate<string>>();
  const signals = new Map<string, AbortSignal>();
  const hold = gate();
  const behaviour: Behaviour<string[], typeof PROTOCOL> = {
    kind: 'thinker',
    protocol: PROTOCOL,
    start: (context) => {
      options.startSignal?.(context.signal);
      return [];
    },
    on: {
      think: (state, { name }, context) => {
        state.push(`${name} asked`);
        return Later.of(
          (signal) => {
            const work = gate<string>();
            works.set(name, work);
            signals.set(name, signal);
            return work.promise;
          },
          (value) => {
            state.push(`${name} thought`);
            options.finish?.(context);
            return value;
          },
        );
      },
      log: (state) => [...state],
      hold: async (_state, _body, { signal }) => {
        signals.set('hold', signal);
        await hold.promise;
        return null;
      },
      crash: () => {
        throw new Error('boom');
      },
    },
  };
  const cell = new Cell(behaviour, 't1', { mailbox: options.mailbox ?? 4, clock });
  const crashes: string[] = [];
  const start = () => cell.start((error) => crashes.push(error.message));
  await start();
  const send = (type: string, body: unknown = {}) => {
    const port = new Port();
    cell.deliver(type, body, port, 1_000);
    return port;
  };
  return { clock, cell, works, signals, hold, crashes, start, send };
}

t.test('while one answer takes long, other messages are handled', async (t) => {
  const { works, send } = await create();
  const slow = send('think', { name: 'a' });
  const quick = send('think', { name: 'b' });
  t.strictSame(send('log').value, ['a asked', 'b asked']);
  works.get('b')?.open('B');
  await settled();
  t.strictSame([slow.outcome, quick.outcome], ['open', 'B'], 'answered in the order in which they are ready');
  works.get('a')?.open('A');
  await settled();
  t.equal(slow.outcome, 'A');
});

t.test('finishing is a turn of the actor: it waits for the handler that runs', async (t) => {
  const { works, hold, send } = await create();
  const slow = send('think', { name: 'a' });
  const holding = send('hold');
  works.get('a')?.open('A');
  await settled();
  t.strictSame([slow.outcome, holding.outcome], ['open', 'open']);
  hold.open();
  await settled();
  t.strictSame([slow.outcome, holding.outcome], ['A', null]);
});

t.test('a turn that is due goes before the mailbox', async (t) => {
  const { works, hold, send } = await create();
  send('think', { name: 'a' });
  send('hold');
  const log = send('log');
  works.get('a')?.open('A');
  await settled();
  hold.open();
  await settled();
  t.strictSame(log.value, ['a asked', 'a thought']);
});

t.test('what is open counts as depth, and as many as the mailbox holds make it BUSY', async (t) => {
  const { cell, works, send } = await create({ mailbox: 2 });
  send('think', { name: 'a' });
  send('think', { name: 'b' });
  t.equal(cell.depth, 2);
  t.equal(send('log').outcome, 'BUSY');
  works.get('a')?.open('A');
  await settled();
  t.strictSame(send('log').value, ['a asked', 'b asked', 'a thought']);
});

t.test('work that fails with a code is that answer; anything else is a crash', async (t) => {
  const { works, crashes, send, start } = await create();
  const [coded, other, caught] = ['a', 'b', 'c'].map((name) => send('think', { name }));
  works.get('a')?.fail(new VigilError('UNREADABLE', 'no log'));
  await settled();
  t.equal(coded?.outcome, 'UNREADABLE');
  t.strictSame(crashes, []);
  works.get('b')?.fail(new Error('boom'));
  await settled();
  t.equal(other?.outcome, 'CRASHED');
  t.equal(caught?.outcome, 'UNAVAILABLE', 'what else was open ends with the state');
  t.strictSame(crashes, ['boom']);
  await start();
  works.get('c')?.open('C');
  await settled();
  t.equal(caught?.answers, 1, 'work of the old incarnation is nobody any more');
  t.strictSame(send('log').value, []);
});

t.test('a finish that throws is a crash', async (t) => {
  const { works, crashes, send } = await create({
    finish: () => {
      throw new Error('cannot finish');
    },
  });
  const port = send('think', { name: 'a' });
  works.get('a')?.open('A');
  await settled();
  t.equal(port.outcome, 'CRASHED');
  t.strictSame(crashes, ['cannot finish']);
});

t.test('taking a message back reaches the work, which then is no crash', async (t) => {
  const { works, signals, crashes, send } = await create();
  const port = send('think', { name: 'a' });
  t.equal(signals.get('a')?.aborted, false);
  port.cancel();
  t.equal(signals.get('a')?.aborted, true);
  works.get('a')?.fail(signals.get('a')?.reason);
  await settled();
  t.equal(port.outcome, 'CANCELLED');
  t.strictSame(crashes, []);
});

t.test('taking a message back reaches the handler that runs', async (t) => {
  const { signals, hold, crashes, send } = await create();
  const port = send('hold');
  const other = send('hold');
  port.cancel();
  t.equal(signals.get('hold')?.aborted, true);
  hold.fail(new DOMException('aborted', 'AbortError'));
  await settled();
  t.equal(port.outcome, 'CANCELLED');
  t.equal(other.outcome, 'CRASHED', 'an abort that nobody asked for is a crash');
  t.strictSame(crashes, ['aborted']);
});

t.test('a start that keeps its signal does not take it from the first message', async (t) => {
  let life: AbortSignal | undefined;
  const { cell, clock, signals, send } = await create({
    startSignal: (signal) => {
      life = signal;
    },
  });
  const port = send('hold');
  port.cancel();
  t.equal(signals.get('hold')?.aborted, true);
  t.equal(life?.aborted, false, 'one message taken back is not the end of the actor');
  const stopped = cell.stop(0);
  await clock.advance(0);
  await stopped;
  t.equal(life?.aborted, true);
});

t.test('stopped meanwhile: drained within its time, else answered UNAVAILABLE, once', async (t) => {
  const { clock, cell, works, signals, send } = await create();
  const [inTime, late] = [send('think', { name: 'a' }), send('think', { name: 'b' })];
  const stopped = cell.stop(500);
  works.get('a')?.open('A');
  await clock.advance(499);
  t.strictSame([inTime.outcome, late.outcome], ['A', 'open']);
  await clock.advance(1);
  await stopped;
  t.equal(late.outcome, 'UNAVAILABLE');
  t.equal(signals.get('b')?.aborted, true);
  works.get('b')?.open('B');
  await settled();
  t.equal(late.answers, 1);
});

t.test('context.stop() from a finish: that message is still answered', async (t) => {
  const { works, crashes, send, cell } = await create({ finish: (context) => context.stop() });
  const port = send('think', { name: 'a' });
  works.get('a')?.open('A');
  await settled();
  t.equal(port.outcome, 'A');
  t.strictSame(crashes, ['stopped itself']);
  t.equal(cell.state, 'stopped');
});
