import t, { type Test } from 'tap';
import type { AskOptions } from '../../src/actors/runtime/bus.js';
import { TestBroker } from './broker.js';
import { serveEcho } from './echo.js';
import { until } from './until.js';

const SUBJECT = 'vigil.actor.echo.e';
const LONG: AskOptions = { timeoutMs: 60_000 };
const broker = await TestBroker.start(t);

/** Two processes: one asks, one serves. */
async function pair(t: Test, options: Parameters<typeof serveEcho>[2] = {}) {
  const server = await broker.bus(t, 'server');
  const client = await broker.bus(t, 'client');
  const echo = await serveEcho(server.bus, SUBJECT, options);
  const ask = (type: string, body: unknown, askOptions = LONG) =>
    client.bus.ask(SUBJECT, type, body, askOptions);
  return { server, client, echo, ask };
}

t.test('an ask is answered, whatever the answer is', async (t) => {
  const { client, ask } = await pair(t);
  for (const value of [1, 'Grüße\r\n', null, false, '', { a: [1, { b: 'ü' }] }, 'x'.repeat(100_000)]) {
    t.strictSame((await ask('echo', { value })).body, value);
  }
  t.equal((await ask('echo', {})).body, null, 'no value travels as null');
  t.equal(client.bus.openAsks, 0);
});

t.test('answers find the ask that they belong to, many at once', async (t) => {
  const { ask } = await pair(t);
  const values = Array.from({ length: 2_000 }, (_, i) => i);
  // Of different sizes, so that some answers travel together and some alone.
  const answers = await Promise.all(
    values.map((i) => ask('echo', { value: { i, pad: 'x'.repeat(i % 100 === 0 ? 40_000 : i % 50) } })),
  );
  t.strictSame(
    answers.map(({ body }) => (body as { i: number }).i),
    values,
  );
});

t.test('the actor’s own errors come through with code and message', async (t) => {
  const { ask, client } = await pair(t);
  await t.rejects(ask('nonsense', {}), { code: 'BAD_REQUEST', message: /knows no message/ });
  await t.rejects(ask('sized', { chars: 'many' }), { code: 'BAD_REQUEST', message: /chars/ });
  t.equal(client.bus.openAsks, 0);
});

t.test('nobody serves the subject: UNAVAILABLE at once', async (t) => {
  const { bus } = await broker.bus(t);
  const began = performance.now();
  await t.rejects(bus.ask('vigil.actor.echo.nobody', 'echo', {}, LONG), {
    code: 'UNAVAILABLE',
    message: /nobody serves vigil.actor.echo.nobody/,
  });
  t.ok(performance.now() - began < 2_000);
  t.equal(bus.openAsks, 0);
});

t.test(
  'no answer in time: TIMEOUT; the answer that comes late is a dead letter and answers nobody else',
  async (t) => {
    const { client, echo, ask } = await pair(t, { mailbox: 10 });
    await t.rejects(ask('hold', { name: 'a' }, { timeoutMs: 60 }), {
      code: 'TIMEOUT',
      message: /no answer from vigil.actor.echo.e within 60 ms/,
    });
    const other = ask('hold', { name: 'b' });
    let settled = false;
    other.then(() => {
      settled = true;
    });
    echo.held.get('a')?.open('late');
    await until(() => client.letters.length > 0, 'the dead letter');
    t.match(client.letters, [{ reason: 'late_reply' }]);
    t.equal(settled, false);
    await until(() => echo.held.has('b'), 'the second message');
    echo.held.get('b')?.open('in time');
    t.equal((await other).body, 'in time');
    t.equal(client.letters.length, 1);
  },
);

t.test('an answer to the process before this one is nobody’s', async (t) => {
  const { echo, ask } = await pair(t);
  const before = ask('hold', { name: 'old' });
  await until(() => echo.held.has('old'), 'the message');
  // A process that was killed and came back has the same inbox prefix, and counts from the start again.
  const again = await broker.bus(t, 'client');
  const fresh = again.bus.ask('vigil.actor.echo.silent', 'x', {}, LONG);
  again.connection.subscribe('vigil.actor.echo.silent', { callback: () => {} });
  fresh.catch(() => {});
  echo.held.get('old')?.open('for the old one');
  t.equal((await before).body, 'for the old one');
  await again.connection.flush();
  t.strictSame(again.letters, []);
});

t.test('a full mailbox is BUSY at once; where nobody waits for an answer it is a dead letter', async (t) => {
  const { server, client, echo, ask } = await pair(t, { mailbox: 1 });
  const holding = ask('hold', { name: 'a' });
  await until(() => echo.held.has('a'), 'the handler to run');
  const waiting = ask('echo', { value: 1 });
  await t.rejects(ask('echo', { value: 2 }), { code: 'BUSY' });
  client.bus.tell(SUBJECT, 'echo', { value: 3 });
  await until(() => server.letters.length > 0, 'the dead letter');
  t.match(server.letters, [{ reason: 'mailbox_full', subject: SUBJECT }]);
  echo.held.get('a')?.open('done');
  await Promise.all([holding, waiting]);
});

t.test('taking an ask back rejects it at once and reaches the handler', async (t) => {
  const { client, echo, ask } = await pair(t);
  const abort = new AbortController();
  const asked = ask('hold', { name: 'a' }, { ...LONG, signal: abort.signal });
  await until(() => echo.signals.has('a'), 'the handler to run');
  abort.abort();
  await t.rejects(asked, { code: 'CANCELLED' });
  t.equal(client.bus.openAsks, 0);
  await until(() => echo.signals.get('a')?.aborted === true, 'the signal');
  await t.rejects(ask('echo', {}, { ...LONG, signal: abort.signal }), { code: 'CANCELLED' });
});

t.test('taking back an ask that has been answered does nothing', async (t) => {
  const { server, client, ask } = await pair(t);
  const abort = new AbortController();
  await ask('echo', { value: 1 }, { ...LONG, signal: abort.signal });
  const before = server.connection.stats().inMsgs;
  abort.abort();
  await client.connection.flush();
  await server.connection.flush();
  t.equal(server.connection.stats().inMsgs, before, 'nothing is sent');
});

t.test('of two revisions only the one that the message goes by acts', async (t) => {
  let epoch: number | undefined = 7;
  const { server, ask } = await pair(t, { epoch: () => epoch });
  t.strictSame(await ask('echo', { value: 1 }, { ...LONG, epoch: 7 }), { body: 1, epoch: 7 });
  t.equal((await ask('echo', { value: 1 })).epoch, 7, 'a message without one is handled');
  epoch = 8;
  await t.rejects(ask('echo', { value: 1 }, { ...LONG, epoch: 7 }), {
    code: 'UNAVAILABLE',
    message: /message for revision 7, actor has 8/,
  });
  t.match(server.letters, [{ reason: 'fenced' }]);
});

t.test('an answer that is no JSON is BAD_REPLY, and the actor goes on', async (t) => {
  const { server, client, echo, ask } = await pair(t);
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const values = [1n, () => 1, circular, JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))];
  server.bus.serve('vigil.actor.odd.o', {
    deliver: (_type, body, port) => {
      port?.ok(values[(body as { n: number }).n]);
      return true;
    },
  });
  await server.connection.flush();
  for (const n of values.keys()) {
    await t.rejects(
      client.bus.ask('vigil.actor.odd.o', 'give', { n }, LONG),
      { code: 'BAD_REPLY' },
      `answer ${n}`,
    );
  }
  t.equal((await ask('echo', { value: 1 })).body, 1);
  t.strictSame(echo.crashes, []);
});

t.test('closing fails what is open, and leaves no subscription behind', async (t) => {
  const { server, client, echo, ask } = await pair(t);
  const asked = ask('hold', { name: 'a' });
  await until(() => echo.held.has('a'), 'the handler to run');
  client.bus.close();
  await t.rejects(asked, { code: 'UNAVAILABLE', message: 'closing' });
  t.equal(client.bus.openAsks, 0);
  await client.connection.flush();
  const before = client.connection.stats().inMsgs;
  echo.held.get('a')?.open('late');
  await server.connection.flush();
  await client.connection.flush();
  t.equal(client.connection.stats().inMsgs, before);
});

t.test('an ask on a connection that was closed is UNAVAILABLE', async (t) => {
  const { client, ask } = await pair(t);
  await client.connection.close();
  await t.rejects(ask('echo', { value: 1 }), { code: 'UNAVAILABLE' });
  t.equal(client.bus.openAsks, 0);
});
