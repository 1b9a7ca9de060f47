import t, { type Test } from 'tap';
import { z } from 'zod';
import type { Behaviour } from '../../src/actors/runtime/behaviour.js';
import { type Clock, systemClock } from '../../src/actors/runtime/clock.js';
import { RestartPolicy } from '../../src/actors/runtime/restart-policy.js';
import { ActorSystem } from '../../src/actors/runtime/system.js';
import { Subjects } from '../../src/messages/subjects.js';
import { TestBroker } from './broker.js';
import { FakeClock } from './fake-clock.js';
import { type Gate, gate, until } from './until.js';

const broker = await TestBroker.start(t);
const subjects = new Subjects('vigil');
const LONG_MS = 60_000;
const PROTOCOL = { do: { request: z.object({ n: z.number() }), reply: z.unknown() } };
type Do = (n: number, signal: AbortSignal) => unknown;

/** A kind of actor that does `what` with each message. */
function kindOf(kind: string, what: Do, end?: () => void): Behaviour<null, typeof PROTOCOL> {
  return {
    kind,
    protocol: PROTOCOL,
    start: () => null,
    on: { do: (_state, { n }, { signal }) => what(n, signal) },
    ...(end === undefined ? {} : { end }),
  };
}

async function create(t: Test, options: { maxRestarts?: number; clock?: Clock; drainMs?: number } = {}) {
  const { maxRestarts = 1_000, clock = systemClock, drainMs = 1_000 } = options;
  const server = await broker.bus(t, 'server');
  const client = await broker.bus(t, 'client');
  const crashes: string[] = [];
  const givenUp: string[] = [];
  const system = new ActorSystem({
    id: 'test',
    subjects,
    bus: server.bus,
    clock,
    policy: RestartPolicy.parse({ maxRestarts, periodMs: LONG_MS, backoffMs: 1, maxBackoffMs: 1 }),
    mailbox: 1_000,
    drainMs,
    onCrash: ({ kind, id }, error) => crashes.push(`${kind} ${id}: ${error.message}`),
    onGiveUp: ({ kind, id }, error) => givenUp.push(`${kind} ${id}: ${error.message}`),
  });
  const spawn = async (...behaviours: Behaviour<null, typeof PROTOCOL>[]) => {
    for (const behaviour of behaviours) await system.spawn(behaviour, 'x');
    await server.connection.flush();
  };
  const ask = async (kind: string, n: number, timeoutMs = LONG_MS) =>
    (await client.bus.ask(subjects.actor(kind, 'x'), 'do', { n }, { timeoutMs })).body;
  return { system, server, client, crashes, givenUp, spawn, ask };
}

t.test('odd actors: their senders get errors, their neighbours notice nothing', async (t) => {
  const { spawn, ask, crashes, givenUp, client } = await create(t);
  let count = 0;
  const circular: unknown[] = [];
  circular.push(circular);
  const garbage = [1n, circular, () => 1, Symbol('s'), new Map(), Number.NaN];
  await spawn(
    kindOf('third', (n) => {
      if (++count % 3 === 0) throw new Error('every third');
      return n;
    }),
    kindOf('mute', () => new Promise(() => {})),
    kindOf('garbage', (n) => garbage[n]),
    kindOf('sound', (n) => n),
  );
  const mute = Promise.allSettled([1, 2, 3].map((n) => ask('mute', n, 100)));
  const third = Promise.allSettled(Array.from({ length: 30 }, (_, n) => ask('third', n)));
  const odd = Promise.allSettled(garbage.map((_, n) => ask('garbage', n)));
  const sound = await Promise.all(Array.from({ length: 200 }, (_, n) => ask('sound', n)));
  t.strictSame(
    sound,
    Array.from({ length: 200 }, (_, n) => n),
  );

  const answers = await third;
  for (const [n, answer] of answers.entries()) {
    if (n % 3 !== 2) t.match(answer, { status: 'fulfilled', value: n });
    else
      t.match(answer, {
        status: 'rejected',
        reason: { code: 'CRASHED', message: /third x crashed: every third/ },
      });
  }
  t.equal(crashes.length, 10);
  t.match(await mute, Array(3).fill({ status: 'rejected', reason: { code: 'TIMEOUT' } }));
  const codes = (await odd).map((each) => (each.status === 'rejected' ? each.reason.code : each.value));
  // The others have a form in JSON, or none at all, which is null.
  t.strictSame(codes, ['BAD_REPLY', 'BAD_REPLY', 'BAD_REPLY', 'BAD_REPLY', {}, null]);
  t.strictSame(givenUp, []);
  t.equal(client.bus.openAsks, 0);
});

t.test(
  'an actor that crashes too often is given up, told once, and answers UNAVAILABLE from then on',
  async (t) => {
    const { system, spawn, ask, crashes, givenUp } = await create(t, { maxRestarts: 3 });
    await spawn(
      kindOf('bad', () => {
        throw new Error('boom');
      }),
      kindOf('sound', (n) => n),
    );
    const asked = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => ask('bad', n)));
    const codes = asked.map((each) => each.status === 'rejected' && each.reason.code);
    t.strictSame(codes, [...Array(4).fill('CRASHED'), ...Array(16).fill('UNAVAILABLE')]);
    await t.rejects(ask('bad', 0), { code: 'UNAVAILABLE' });
    t.strictSame(givenUp, ['bad x: boom']);
    t.equal(crashes.length, 4);
    t.match(system.tree().children, [
      { kind: 'bad', state: 'failed', restarts: 3, lastError: 'boom' },
      { kind: 'sound', state: 'running', restarts: 0 },
    ]);
    t.equal(await ask('sound', 7), 7);
    await system.stopActor('bad', 'x');
    t.equal(system.has('bad', 'x'), false, 'and can be removed');
  },
);

t.test(
  'a start that throws: the spawn rejects, whoever had asked is answered, the key is free',
  async (t) => {
    const { system, server, client, ask, spawn } = await create(t);
    const starting = gate();
    const bad = { ...kindOf('bad', (n) => n), start: () => starting.promise.then(() => null) };
    const spawned = system.spawn(bad, 'x');
    await until(() => system.has('bad', 'x'), 'its subscription to be made');
    await server.connection.flush();
    const asked = Promise.allSettled([ask('bad', 1)]);
    await until(() => system.tree().children?.[0]?.mailbox === 1, 'the message to wait');
    starting.fail(new Error('cannot start'));
    await t.rejects(spawned, /cannot start/);
    t.match(await asked, [{ reason: { code: 'UNAVAILABLE' } }]);
    t.strictSame([system.size, system.tree().children], [0, []]);
    await server.connection.flush();
    await t.rejects(ask('bad', 1), { code: 'UNAVAILABLE', message: /nobody serves/ });
    await spawn(kindOf('bad', (n) => n));
    t.equal(await ask('bad', 1), 1);
    t.equal(client.bus.openAsks, 0);
  },
);

t.test('a key that is still ending: a new actor waits for it; one that runs is a conflict', async (t) => {
  const { system, spawn, ask } = await create(t);
  const log: string[] = [];
  const hold = gate<string>();
  const first = kindOf(
    'one',
    () => hold.promise,
    () => log.push('first ended'),
  );
  const second = {
    ...kindOf('one', () => 'second'),
    start: () => {
      log.push('second starts');
      return null;
    },
  };
  await spawn(first);
  await t.rejects(spawn(second), { code: 'CONFLICT' });
  const asked = ask('one', 1);
  await until(() => system.tree().children?.[0]?.mailbox === 1, 'the handler to run');
  const stopped = system.stopActor('one', 'x');
  const spawned = spawn(second);
  hold.open('first');
  t.equal(await asked, 'first', 'what was under way is answered');
  await Promise.all([stopped, spawned]);
  t.strictSame(log, ['first ended', 'second starts']);
  t.equal(await ask('one', 1), 'second');
});

t.test(
  'an actor stopped while it waits for its restart: what waits in its mailbox is answered',
  async (t) => {
    for (const how of ['actor', 'system'] as const) {
      const clock = new FakeClock();
      const { system, spawn, ask, crashes } = await create(t, { clock });
      await spawn(
        kindOf('bad', () => {
          throw new Error('boom');
        }),
      );
      const asked = Promise.allSettled([ask('bad', 1), ask('bad', 2)]);
      await until(() => crashes.length === 1 && system.tree().children?.[0]?.mailbox === 1, 'the crash');
      await (how === 'actor' ? system.stopActor('bad', 'x') : system.stop());
      t.match(await asked, [{ reason: { code: 'CRASHED' } }, { reason: { code: 'UNAVAILABLE' } }], how);
      t.equal(clock.pending, 0);
    }
  },
);

t.test('stop: the last started first, and nothing is reachable any more', async (t) => {
  const { system, server, ask } = await create(t);
  const log: string[] = [];
  for (const kind of ['a', 'b', 'c'])
    await system.spawn(
      kindOf(
        kind,
        (n) => n,
        () => log.push(kind),
      ),
      'x',
    );
  await server.connection.flush();
  t.equal(await ask('b', 1), 1);
  await system.stop();
  t.strictSame(log, ['c', 'b', 'a']);
  t.equal(system.size, 0);
  await server.connection.flush();
  await t.rejects(ask('b', 1), { code: 'UNAVAILABLE' });
  await t.rejects(
    system.spawn(
      kindOf('d', (n) => n),
      'x',
    ),
    /stopping/,
  );
});

t.test('stop: actors that hang share one drain deadline, and their senders are answered', async (t) => {
  const clock = new FakeClock();
  const { system, server, client } = await create(t, { clock, drainMs: 500 });
  const held: Gate<void>[] = [];
  const signals: AbortSignal[] = [];
  const hang = kindOf('hang', (_n, signal) => {
    signals.push(signal);
    const own = gate();
    held.push(own);
    return own.promise;
  });
  for (let i = 0; i < 5; i++) await system.spawn(hang, `h${i}`);
  await server.connection.flush();
  const asked = Promise.allSettled(
    Array.from({ length: 5 }, (_, i) =>
      client.bus.ask(subjects.actor('hang', `h${i}`), 'do', { n: i }, { timeoutMs: LONG_MS }),
    ),
  );
  await until(() => held.length === 5, 'all to hang');
  const stopped = system.stop();
  await clock.advance(500);
  await stopped;
  t.match(await asked, Array(5).fill({ reason: { code: 'UNAVAILABLE' } }));
  t.ok(signals.every(({ aborted }) => aborted));
  t.equal(clock.pending, 0);
});
