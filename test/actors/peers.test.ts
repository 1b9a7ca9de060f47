import t, { type Test } from 'tap';
import { z } from 'zod';
import type { ActorContext, Behaviour } from '../../src/actors/runtime/behaviour.js';
import { systemClock } from '../../src/actors/runtime/clock.js';
import { RestartPolicy } from '../../src/actors/runtime/restart-policy.js';
import { ActorSystem } from '../../src/actors/runtime/system.js';
import { Subjects } from '../../src/messages/subjects.js';
import { TestBroker } from './broker.js';
import { until } from './until.js';

const broker = await TestBroker.start(t);
const subjects = new Subjects('vigil');

const PEER = {
  kind: 'peer',
  protocol: {
    double: { request: z.object({ n: z.number() }), reply: z.number() },
    note: { request: z.object({ text: z.string() }), reply: z.null() },
    crash: { request: z.object({}), reply: z.null() },
    leave: { request: z.object({}), reply: z.null() },
  },
};
const WATCHER = {
  run: { request: z.object({}), reply: z.unknown() },
  ended: { request: z.object({ kind: z.string(), id: z.string(), reason: z.string() }), reply: z.null() },
};

/** Two processes: `peer p` in one, a `watcher` in the other that does `what` when it is asked to. */
async function create(
  t: Test,
  what: (context: ActorContext) => unknown,
  answer = (n: number): unknown => n * 2,
) {
  const notes: string[] = [];
  const ends: string[] = [];
  const systems = await Promise.all(
    ['near', 'far'].map(async (id) => {
      const { bus } = await broker.bus(t, id);
      return new ActorSystem({
        id,
        subjects,
        bus,
        clock: systemClock,
        policy: RestartPolicy.parse({ maxRestarts: 1, backoffMs: 1 }),
        mailbox: 10,
        drainMs: 100,
        onCrash: () => {},
        onGiveUp: () => notes.push('given up'),
      });
    }),
  );
  const [near, far] = systems as [ActorSystem, ActorSystem];
  t.teardown(() => Promise.all(systems.map((system) => system.stop())));
  const peer: Behaviour<null, typeof PEER.protocol> = {
    ...PEER,
    start: () => null,
    on: {
      double: (_state, { n }) => answer(n) as number,
      note: (_state, { text }) => {
        notes.push(text);
        return null;
      },
      crash: () => {
        throw new Error('boom');
      },
      leave: (_state, _body, context) => {
        context.stop();
        return null;
      },
    },
  };
  const watcher: Behaviour<null, typeof WATCHER> = {
    kind: 'watcher',
    protocol: WATCHER,
    start: () => null,
    on: {
      run: (_state, _body, context) => what(context),
      ended: (_state, { kind, id, reason }) => {
        ends.push(`${kind} ${id} ${reason}`);
        return null;
      },
    },
  };
  await far.spawn(peer, 'p');
  await near.spawn(watcher, 'w');
  const { bus, connection } = await broker.bus(t, 'client');
  const send = async (kind: string, id: string, type: string, body: unknown = {}) =>
    (await bus.ask(subjects.actor(kind, id), type, body, { timeoutMs: 10_000 })).body;
  await until(
    async () =>
      (await bus.ask(subjects.actor('peer', 'p'), '$alive', null, { timeoutMs: 10_000 })).body === null,
    'the peer to be reachable',
  );
  return { near, far, notes, ends, send, connection, run: () => send('watcher', 'w', 'run') };
}

t.test('an actor asks another and gets a checked answer', async (t) => {
  const { run } = await create(t, (context) => context.ask(PEER, 'p', 'double', { n: 21 }, 1_000));
  t.equal(await run(), 42);
});

t.test(
  'an answer that does not fit the other’s protocol is BAD_REPLY, and no crash of the asker',
  async (t) => {
    const { run, near } = await create(
      t,
      (context) => context.ask(PEER, 'p', 'double', { n: 1 }, 1_000),
      () => 'two',
    );
    await t.rejects(run(), { code: 'BAD_REPLY', message: /peer p, double/ });
    t.match(near.tree().children, [{ state: 'running', restarts: 0 }]);
  },
);

t.test('what goes wrong at the other is the asker’s answer', async (t) => {
  const cases = [
    ['p', 'crash', 'CRASHED'],
    ['nobody', 'note', 'UNAVAILABLE'],
  ] as const;
  for (const [id, message, code] of cases) {
    const { run } = await create(t, (context) => context.ask(PEER, id, message, { text: '' }, 1_000));
    await t.rejects(run(), { code }, message);
  }
});

t.test('an actor tells another', async (t) => {
  const { run, notes } = await create(t, (context) => {
    context.tell(PEER, 'p', 'note', { text: 'told' });
    return null;
  });
  await run();
  await until(() => notes.length > 0, 'the message');
  t.strictSame(notes, ['told']);
});

const watch = (context: ActorContext) => {
  context.watch('peer', 'p', 'ended');
  // Answered only when the watch is known to stand: its own question is sent before this one.
  return context.ask(PEER, 'p', 'double', { n: 1 }, 1_000);
};

t.test('a watch tells of the end, once, and says how', async (t) => {
  const cases = [
    { reason: 'stopped', end: (far: ActorSystem) => far.stopActor('peer', 'p') },
    { reason: 'stopped', end: (_: ActorSystem, send: (type: string) => Promise<unknown>) => send('leave') },
    {
      reason: 'given_up',
      end: async (_: ActorSystem, send: (type: string) => Promise<unknown>) => {
        await t.rejects(send('crash'));
        await t.rejects(send('crash'));
      },
    },
  ];
  for (const { reason, end } of cases) {
    const { run, far, send, ends } = await create(t, watch);
    await run();
    await end(far, (type) => send('peer', 'p', type));
    await until(() => ends.length > 0, reason);
    t.strictSame(ends, [`peer p ${reason}`]);
  }
});

t.test('a crash that is restarted is no end', async (t) => {
  const { run, send, ends, far } = await create(t, watch);
  await run();
  await t.rejects(send('peer', 'p', 'crash'), { code: 'CRASHED' });
  t.equal(await send('peer', 'p', 'double', { n: 2 }), 4);
  t.strictSame(ends, []);
  await far.stopActor('peer', 'p');
  await until(() => ends.length > 0, 'the end');
});

t.test('watching what is not there, or was given up before, tells at once', async (t) => {
  const nobody = await create(t, (context) => {
    context.watch('peer', 'nobody', 'ended');
    return null;
  });
  await nobody.run();
  await until(() => nobody.ends.length > 0, 'the notice');
  t.strictSame(nobody.ends, ['peer nobody no_actor']);

  const late = await create(t, (context) => {
    context.watch('peer', 'p', 'ended');
    return null;
  });
  for (let i = 0; i < 2; i++) await t.rejects(late.send('peer', 'p', 'crash'));
  await until(() => late.notes.includes('given up'), 'it to be given up');
  await late.run();
  await until(() => late.ends.length > 0, 'the notice');
  t.strictSame(late.ends, ['peer p no_actor']);
});

t.test('a watch dies with the one who watches', async (t) => {
  const { run, near, far, ends } = await create(t, watch);
  await run();
  await near.stopActor('watcher', 'w');
  await far.stopActor('peer', 'p');
  const probe = await create(t, () => null);
  await probe.run();
  t.strictSame(ends, []);
});
