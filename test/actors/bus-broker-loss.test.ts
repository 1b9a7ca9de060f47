import { connect as connectSocket, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Bus } from '../../src/actors/runtime/bus.js';
import { inboxOf, type Letter, TestBroker } from './broker.js';
import { serveEcho } from './echo.js';
import { until } from './until.js';

const SUBJECT = 'vigil.actor.echo.e';
const LONG = { timeoutMs: 60_000 };

/** A way to the broker that can swallow every byte, as a network does that was cut. */
async function tunnel(t: Test, broker: TestBroker) {
  let cut = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connectSocket(broker.port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (!cut) to.write(bytes);
      });
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    set cut(now: boolean) {
      cut = now;
    },
  };
}

t.test(
  'the broker is killed under open asks: all fail UNAVAILABLE at once, and work again when it is back',
  async (t) => {
    const broker = await TestBroker.start(t);
    const server = await broker.bus(t, 'server');
    const client = await broker.bus(t, 'client');
    const echo = await serveEcho(server.bus, SUBJECT);
    const open = ['a', 'b', 'c'].map((name) => client.bus.ask(SUBJECT, 'hold', { name }, LONG));
    const failed = Promise.allSettled(open);
    await until(() => echo.held.has('a'), 'the first message');
    await broker.kill();
    const outcomes = await failed;
    t.match(outcomes, [
      { status: 'rejected', reason: { code: 'UNAVAILABLE', message: 'the broker went away' } },
      { status: 'rejected', reason: { code: 'UNAVAILABLE' } },
      { status: 'rejected', reason: { code: 'UNAVAILABLE' } },
    ]);
    t.equal(client.bus.openAsks, 0);
    t.equal(client.bus.connected, false);
    await t.rejects(client.bus.ask(SUBJECT, 'echo', { value: 1 }, LONG), {
      code: 'UNAVAILABLE',
      message: 'the broker is not connected',
    });

    await broker.start();
    await until(() => client.bus.connected && server.bus.connected, 'both to reconnect');
    echo.held.get('a')?.open('for nobody');
    // The subscriptions of the actor came back with its connection; the messages before it are handled first.
    for (const name of ['b', 'c']) {
      await until(() => echo.held.has(name), name);
      echo.held.get(name)?.open('for nobody');
    }
    t.equal((await client.bus.ask(SUBJECT, 'echo', { value: 'again' }, LONG)).body, 'again');
    await until(() => client.letters.length === 3, 'the answers of before');
    t.ok(client.letters.every(({ reason }) => reason === 'late_reply'));
    t.strictSame(echo.crashes, []);
  },
);

t.test('taking an ask back while the broker is away does no harm', async (t) => {
  const broker = await TestBroker.start(t);
  const server = await broker.bus(t, 'server');
  const client = await broker.bus(t, 'client');
  const echo = await serveEcho(server.bus, SUBJECT);
  const abort = new AbortController();
  const asked = Promise.allSettled([
    client.bus.ask(SUBJECT, 'hold', { name: 'a' }, { ...LONG, signal: abort.signal }),
  ]);
  await until(() => echo.held.has('a'), 'the message');
  await broker.kill();
  t.match(await asked, [{ reason: { code: 'UNAVAILABLE' } }]);
  abort.abort();
  t.equal(client.bus.openAsks, 0);
});

t.test(
  'a network that swallows bytes: asks end by their own time, then the connection is given up',
  async (t) => {
    const broker = await TestBroker.start(t);
    const way = await tunnel(t, broker);
    const server = await broker.bus(t, 'server');
    const echo = await serveEcho(server.bus, SUBJECT);
    const connection = await broker.connect(t, 'client', { port: way.port, pingIntervalMs: 100 });
    const letters: Letter[] = [];
    const bus = new Bus(connection, inboxOf('client'), (letter) => letters.push(letter));
    t.teardown(() => bus.close());
    t.equal((await bus.ask(SUBJECT, 'echo', { value: 1 }, LONG)).body, 1);
    way.cut = true;
    const patient = bus.ask(SUBJECT, 'echo', { value: 2 }, LONG);
    await t.rejects(bus.ask(SUBJECT, 'echo', { value: 2 }, { timeoutMs: 30 }), { code: 'TIMEOUT' });
    await t.rejects(patient, { code: 'UNAVAILABLE', message: 'the broker went away' });
    way.cut = false;
    await until(() => bus.connected, 'the connection to come back');
    t.equal((await bus.ask(SUBJECT, 'echo', { value: 3 }, LONG)).body, 3);
    t.strictSame([bus.openAsks, echo.crashes], [0, []]);
  },
);
