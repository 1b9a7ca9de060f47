import t, { type Test } from 'tap';
import { TestBroker } from './broker.js';
import { serveEcho } from './echo.js';
import { until } from './until.js';

const SUBJECT = 'vigil.actor.echo.e';
const LONG = { timeoutMs: 60_000 };
const MAX_PAYLOAD = 4_096;
const broker = await TestBroker.start(t, { maxPayload: MAX_PAYLOAD });

async function pair(t: Test) {
  const server = await broker.bus(t, 'server');
  const client = await broker.bus(t, 'client');
  const echo = await serveEcho(server.bus, SUBJECT);
  let lost = 0;
  for (const { connection } of [server, client]) {
    (async () => {
      for await (const { type } of connection.status()) if (type === 'disconnect') lost++;
    })();
  }
  const ask = (type: string, body: unknown) => client.bus.ask(SUBJECT, type, body, LONG);
  return { server, client, echo, ask, lost: () => lost };
}

/** Bytes of the request that carries `value`. */
function sizeOf(value: string): number {
  const request = { type: 'echo', ttl: LONG.timeoutMs, many: true, body: { value } };
  return Buffer.byteLength(JSON.stringify(request));
}

t.test('a request up to the limit goes; one byte more is refused before it is sent', async (t) => {
  const { client, ask, lost } = await pair(t);
  const fits = MAX_PAYLOAD - sizeOf('');
  for (const chars of [fits - 1, fits]) {
    await t.resolves(ask('echo', { value: 'x'.repeat(chars) }), `${chars - fits}`);
  }
  const sent = client.connection.stats().outMsgs;
  const tooLarge = { code: 'TOO_LARGE', message: /broker takes 4096 \(max_payload\)/ };
  for (const value of ['x'.repeat(fits + 1), 'ü'.repeat(fits / 2 + 1), 'x'.repeat(64_000_000)]) {
    await t.rejects(ask('echo', { value }), tooLarge, `${value.length - fits}`);
  }
  t.throws(() => client.bus.tell(SUBJECT, 'echo', { value: 'x'.repeat(MAX_PAYLOAD) }), tooLarge);
  t.throws(() => client.bus.publish('vigil.event.x', 'x'.repeat(MAX_PAYLOAD)), tooLarge);
  t.equal(client.connection.stats().outMsgs, sent, 'nothing was sent');
  t.equal(client.bus.openAsks, 0);
  t.equal((await ask('echo', { value: 'still here' })).body, 'still here');
  t.equal(lost(), 0, 'the connection stays up');
});

t.test('an answer up to the limit goes; one byte more is answered TOO_LARGE', async (t) => {
  const { ask, lost } = await pair(t);
  const fits = MAX_PAYLOAD - Buffer.byteLength(JSON.stringify({ ok: '' }));
  for (const chars of [fits - 1, fits]) {
    t.equal(((await ask('sized', { chars })).body as string).length, chars);
  }
  for (const chars of [fits + 1, 1_000_000]) {
    await t.rejects(ask('sized', { chars }), { code: 'TOO_LARGE' }, `${chars - fits}`);
  }
  t.equal(lost(), 0);
});

t.test('many answers at once never make a message that is too large', async (t) => {
  const { ask, client, lost } = await pair(t);
  const values = Array.from({ length: 300 }, (_, i) => '水'.repeat((i * 37) % 1_200));
  const answers = await Promise.all(values.map((value) => ask('echo', { value })));
  t.strictSame(
    answers.map(({ body }) => body),
    values,
  );
  t.strictSame(client.letters, []);
  t.equal(lost(), 0);
});

t.test('a long error message is cut, so that it can be sent', async (t) => {
  const { server, client } = await pair(t);
  const { VigilError } = await import('../../src/messages/errors.js');
  let delivered = 0;
  server.bus.serve('vigil.actor.wordy.w', {
    deliver: (_type, _body, port) => {
      delivered++;
      port?.fail(new VigilError('CONFLICT', 'no '.repeat(100_000)));
      return true;
    },
  });
  await server.connection.flush();
  await t.rejects(client.bus.ask('vigil.actor.wordy.w', 'x', {}, LONG), { code: 'CONFLICT' });
  await until(() => delivered === 1, 'the message');
});
