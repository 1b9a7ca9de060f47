import t from 'tap';
import { z } from 'zod';
import { type ActorContext, type Behaviour, Later } from '../../src/actors/runtime/behaviour.js';
import { Cell, STOPPED_ITSELF } from '../../src/actors/runtime/cell.js';
import { VigilError } from '../../src/messages/errors.js';
import { FakeClock, settled } from './fake-clock.js';
import { Port } from './port.js';
import { type Gate, gate } from './until.js';

const PROTOCOL = {
  note: { request: z.object({ text: z.string() }), reply: z.null() },
  timer: { request: z.object({ ms: z.number(), text: z.string() }), reply: z.null() },
  hold: { request: z.object({}), reply: z.null() },
  later: { request: z.object({}), reply: z.null() },
  leave: { request: z.object({ how: z.enum(['answer', 'refuse', 'later']) }), reply: z.null() },
  crash: { request: z.object({}), reply: z.null() },
};

function create(mailbox = 4) {
  const clock = new FakeClock();
  const notes: string[] = [];
  const ended: string[] = [];
  const holds: Gate<null>[] = [];
  const starting: { gate: Gate<void> | undefined; context: ActorContext | undefined } = {
    gate: undefined,
    context: undefined,
  };
  const wait = () => {
    const own = gate<null>();
    holds.push(own);
    return own.promise;
  };
  const behaviour: Behaviour<string, typeof PROTOCOL> = {
    kind: 'leaver',
    protocol: PROTOCOL,
    start: async (context) => {
      starting.context = context;
      await starting.gate?.promise;
      return 'state';
    },
    on: {
      note: (_state, { text }) => {
        notes.push(text);
        return null;
      },
      timer: (_state, { ms, text }, context) => {
        context.after(ms, 'note', { text });
        return null;
      },
      hold: wait,
      later: () => Later.of(wait, (value) => value),
      leave: (_state, { how }, context) => {
        context.stop();
        if (how === 'refuse') throw new VigilError('CONFLICT', 'no');
        return how === 'later' ? Later.of(wait, (value) => value) : null;
      },
      crash: () => {
        throw new Error('boom');
      },
    },
    end: (state) => {
      ended.push(state);
    },
  };
  const cell = new Cell(behaviour, 'l1', { mailbox, clock });
  const reports: Error[] = [];
  const start = () => cell.start((error) => reports.push(error));
  const send = (type: string, body: unknown = {}) => {
    const port = new Port();
    cell.deliver(type, body, port, 60_000);
    return port;
  };
  return { clock, cell, notes, ended, holds, starting, reports, start, send };
}

t.test('timers deliver messages to the actor, each at its time', async (t) => {
  const { clock, notes, start, send } = create();
  await start();
  send('timer', { ms: 200, text: 'second' });
  send('timer', { ms: 100, text: 'first' });
  await clock.advance(99);
  t.strictSame(notes, []);
  await clock.advance(101);
  t.strictSame(notes, ['first', 'second']);
  t.equal(clock.pending, 0);
});

t.test('timers die with their incarnation', async (t) => {
  const { clock, notes, start, send, cell, starting } = create();
  await start();
  send('timer', { ms: 100, text: 'of the first' });
  send('crash');
  await settled();
  starting.context?.after(10, 'note', { text: 'of nobody' });
  await start();
  send('timer', { ms: 100, text: 'of the second' });
  await clock.advance(1_000);
  t.strictSame(notes, ['of the second']);
  send('timer', { ms: 100, text: 'never' });
  await cell.stop(0);
  starting.context?.after(10, 'note', { text: 'never' });
  t.equal(clock.pending, 0, 'none is left after a stop');
});

t.test('a timer that finds the mailbox full comes again', async (t) => {
  const { clock, notes, holds, start, send } = create(1);
  await start();
  send('timer', { ms: 100, text: 'tick' });
  send('hold');
  send('note', { text: 'fills the mailbox' });
  await clock.advance(100);
  holds[0]?.open(null);
  await settled();
  t.strictSame(notes, ['fills the mailbox']);
  await clock.advance(100);
  t.strictSame(notes, ['fills the mailbox', 'tick']);
});

t.test('stop: what waits is handled, what comes is refused, then the state is freed', async (t) => {
  const { clock, cell, notes, ended, holds, start, send } = create();
  await start();
  const holding = send('hold');
  const waiting = send('note', { text: 'waited' });
  const stopped = cell.stop(1_000);
  t.equal(send('note', { text: 'too late' }).outcome, 'UNAVAILABLE');
  await settled();
  t.strictSame(ended, []);
  holds[0]?.open(null);
  await stopped;
  t.strictSame([holding.outcome, waiting.outcome], [null, null]);
  t.strictSame(notes, ['waited']);
  t.strictSame(ended, ['state']);
  t.equal(cell.state, 'stopped');
  t.equal(clock.pending, 0);
});

t.test(
  'stop: at the deadline all that is open is answered UNAVAILABLE, also by a handler that hangs',
  async (t) => {
    const { clock, cell, notes, ended, holds, start, send } = create();
    await start();
    const ports = [send('hold'), send('later'), send('note', { text: 'never' })];
    const stopped = cell.stop(1_000);
    await clock.advance(999);
    t.strictSame(
      ports.map((port) => port.outcome),
      ['open', 'open', 'open'],
    );
    await clock.advance(1);
    await stopped;
    t.strictSame(
      ports.map((port) => port.outcome),
      ['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE'],
    );
    holds[0]?.open(null);
    await settled();
    t.strictSame(
      ports.map((port) => port.answers),
      [1, 1, 1],
      'a late answer is nobody’s',
    );
    t.strictSame([notes, ended, clock.pending], [[], ['state'], 0]);
  },
);

t.test('stop, called again: it does not wait any longer', async (t) => {
  const { clock, cell, start, send } = create();
  await start();
  const port = send('hold');
  const first = cell.stop(60_000);
  await cell.stop(0);
  await first;
  t.equal(port.outcome, 'UNAVAILABLE');
  t.equal(clock.pending, 0);
  await cell.stop(60_000);
});

t.test('stop during the start: nobody is left waiting, and what the start makes is freed', async (t) => {
  const { cell, ended, starting, notes, start, send, clock } = create();
  starting.gate = gate();
  const started = start();
  const port = send('note', { text: 'never' });
  await cell.stop(1_000);
  t.equal(port.outcome, 'UNAVAILABLE');
  starting.gate.open();
  await started;
  t.equal(cell.state, 'stopped', 'it does not come back to life');
  t.strictSame(ended, ['state']);
  t.equal(send('note', { text: 'never' }).outcome, 'UNAVAILABLE');
  t.strictSame([notes, clock.pending], [[], 0]);
});

t.test('stop during a start that then fails: it stays stopped', async (t) => {
  const { cell, starting, start, send } = create();
  starting.gate = gate();
  const started = start();
  await cell.stop(1_000);
  starting.gate.fail(new Error('aborted'));
  await t.rejects(started, /aborted/);
  t.equal(cell.state, 'stopped');
  t.equal(send('note', { text: 'never' }).outcome, 'UNAVAILABLE');
});

t.test('stop after a crash: what waited for the restart is answered', async (t) => {
  const { cell, start, send } = create();
  await start();
  send('crash');
  const port = send('note', { text: 'never' });
  t.equal(port.outcome, 'open');
  await cell.stop(1_000);
  t.equal(port.outcome, 'UNAVAILABLE');
});

t.test('a crash while it drains: the rest is refused instead of meeting a broken state', async (t) => {
  const { cell, notes, holds, start, send } = create();
  await start();
  send('hold');
  const [crashed, rest] = [send('crash'), send('note', { text: 'never' })];
  const stopped = cell.stop(60_000);
  holds[0]?.open(null);
  await stopped;
  t.strictSame([crashed.outcome, rest.outcome], ['CRASHED', 'UNAVAILABLE']);
  t.strictSame(notes, []);
});

t.test(
  'context.stop(): the present message is answered, however it ends, and nothing after it',
  async (t) => {
    const expected = { answer: null, refuse: 'CONFLICT', later: null };
    for (const how of ['answer', 'refuse', 'later'] as const) {
      const { cell, notes, ended, holds, reports, start, send } = create();
      const [port, next] = [send('leave', { how }), send('note', { text: 'never' })];
      await start();
      holds[0]?.open(null);
      await settled();
      t.strictSame([port.outcome, next.outcome], [expected[how], 'UNAVAILABLE'], how);
      t.strictSame(reports, [STOPPED_ITSELF]);
      t.strictSame([notes, ended], [[], ['state']]);
      t.equal(send('note', { text: 'never' }).outcome, 'UNAVAILABLE');
      await cell.stop(1_000);
      t.equal(ended.length, 1, 'freed once');
    }
  },
);

t.test('context.stop() in the start: it ends before its first message', async (t) => {
  const { starting, notes, reports, start, send } = create();
  starting.gate = gate();
  const port = send('note', { text: 'never' });
  const started = start();
  starting.context?.stop();
  starting.gate.open();
  await started;
  await settled();
  t.equal(port.outcome, 'UNAVAILABLE');
  t.strictSame([notes, reports], [[], [STOPPED_ITSELF]]);
});
