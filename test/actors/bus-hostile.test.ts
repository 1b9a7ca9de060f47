import fc from 'fast-check';
import type { NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import { readRequest } from '../../src/actors/runtime/wire.js';
import { CANCEL } from '../../src/messages/envelope.js';
import { TestBroker } from './broker.js';
import { serveEcho } from './echo.js';
import { until } from './until.js';

const SUBJECT = 'vigil.actor.echo.e';
const LONG = { timeoutMs: 60_000 };
const broker = await TestBroker.start(t);

const nested = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);
const text = (value: string) => Buffer.from(value);

/** What is no request at all. */
const NO_REQUESTS: readonly Uint8Array[] = [
  '',
  ' ',
  '{',
  'null',
  '[]',
  '"text"',
  '1e400',
  'NaN',
  '{"type":"echo",}',
  '{"type":""}',
  '{"type":7}',
  '{"type":null,"body":{}}',
  `{"type":"${'x'.repeat(65)}"}`,
  '{"type":"echo","ttl":"soon"}',
  '{"type":"echo","ttl":-1}',
  '{"type":"echo","ttl":0}',
  '{"type":"echo","epoch":0.5}',
  '{"type":"echo","epoch":1e400}',
  '{"type":"echo","many":"yes"}',
  '{"type":["echo"]}',
  '{"__proto__":{"type":"echo"}}',
  nested('[', ']'),
  nested('{"a":', '1}'),
].map(text);

/** Not UTF-8. */
const NO_TEXT: readonly Uint8Array[] = [
  Uint8Array.of(0xff, 0xfe),
  Uint8Array.of(0xc3, 0x28),
  Buffer.concat([text('{"type":"echo","body":{"value":"'), Uint8Array.of(0xed, 0xa0, 0x80), text('"}}')]),
  Uint8Array.of(0),
];

/** Requests in form, and hostile in what they say. */
const ODD_REQUESTS: readonly Uint8Array[] = [
  '{"type":"constructor","body":{}}',
  '{"type":"__proto__","body":{}}',
  '{"type":"hasOwnProperty"}',
  '{"type":"$cancel"}',
  '{"type":"$cancel","body":{"reply":{}}}',
  '{"type":"$cancel","body":{"reply":"__proto__"}}',
  '{"type":"$alive","body":7}',
  '{"type":"echo","type":"sized","body":{"chars":"1"}}',
  '{"type":"echo","body":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}',
  '{"type":"sized","body":null}',
  '{"type":"sized","body":{"chars":1e400}}',
  `{"type":"echo","body":{"value":${nested('[', ']')}}}`,
  '{"type":"echo","ttl":1e-300,"body":{"value":1}}',
  '{"type":"echo","ttl":1e300,"body":{"value":1}}',
].map(text);

async function pair(t: Test) {
  const server = await broker.bus(t, 'server');
  const client = await broker.bus(t, 'client');
  const echo = await serveEcho(server.bus, SUBJECT);
  const raw = await broker.connect(t, 'raw');
  const ask = (value: unknown) => client.bus.ask(SUBJECT, 'echo', { value }, LONG);
  return { server, client, echo, raw, ask };
}

async function codeOf(raw: NatsConnection, payload: Uint8Array): Promise<unknown> {
  const reply = (await raw.request(SUBJECT, payload, { timeout: 5_000 })).json<{
    error?: { code: string };
  }>();
  return reply.error?.code;
}

t.test('what is no request is answered BAD_REQUEST and is one dead letter', async (t) => {
  const { server, echo, raw, ask } = await pair(t);
  const payloads = [...NO_REQUESTS, ...NO_TEXT];
  for (const payload of payloads) {
    t.equal(await codeOf(raw, payload), 'BAD_REQUEST', text(String(payload)).toString().slice(0, 40));
  }
  t.equal(server.letters.length, payloads.length);
  t.ok(server.letters.every(({ reason, subject }) => reason === 'invalid' && subject === SUBJECT));
  t.ok(server.letters.every(({ payload = '' }) => payload.length <= 512));
  for (const payload of payloads) raw.publish(SUBJECT, payload);
  await until(() => server.letters.length === payloads.length * 2, 'those that expect no answer');
  t.equal(await ask(1).then(({ body }) => body), 1);
  t.strictSame(echo.crashes, []);
});

t.test('odd requests crash nothing and pollute nothing', async (t) => {
  const { echo, raw, ask } = await pair(t);
  for (const payload of ODD_REQUESTS) raw.publish(SUBJECT, payload, { reply: 'odd.reply' });
  await raw.flush();
  t.equal(await ask('after all of them').then(({ body }) => body), 'after all of them');
  t.strictSame(echo.crashes, []);
  t.equal(({} as { polluted?: boolean }).polluted, undefined);
});

t.test('reply subjects of every form can be answered, and cannot end the process', async (t) => {
  const { raw, ask } = await pair(t);
  const replies = [
    'x',
    'x.',
    '.x',
    '.',
    'a.b',
    'a..b',
    '*',
    '>',
    'a.*',
    SUBJECT,
    `${SUBJECT}.x`,
    '"',
    '\\',
    '_INBOX_server.ask.0',
  ];
  for (const reply of replies) {
    for (const many of [true, false]) {
      raw.publish(SUBJECT, JSON.stringify({ type: 'echo', many, body: { value: 1 } }), { reply });
      raw.publish(SUBJECT, 'garbage', { reply });
    }
  }
  await raw.flush();
  t.equal(await ask(1).then(({ body }) => body), 1);
});

t.test('garbage for an answer rejects that ask alone', async (t) => {
  const { client, raw, ask } = await pair(t);
  const replies: Uint8Array[] = [
    ...NO_REQUESTS,
    ...NO_TEXT,
    ...['{}', '{"ok":1,"epoch":-1}', '{"error":{"code":"NOPE","message":""}}', '{"error":"text"}'].map(text),
  ];
  let next = 0;
  raw.subscribe('vigil.actor.garbage.g', { callback: (_error, message) => message.respond(replies[next++]) });
  await raw.flush();
  for (const reply of replies) {
    await t.rejects(
      client.bus.ask('vigil.actor.garbage.g', 'x', {}, LONG),
      { code: 'BAD_REPLY' },
      text(String(reply)).toString().slice(0, 40),
    );
  }
  t.equal(client.bus.openAsks, 0);
  t.equal(await ask(1).then(({ body }) => body), 1);
});

t.test('garbage for several answers at once is one dead letter, and resolves nothing', async (t) => {
  const { client, raw } = await pair(t);
  let inbox = '';
  let correlation = '';
  raw.subscribe('vigil.actor.forger.f', {
    callback: (_error, { reply = '' }) => {
      const at = reply.lastIndexOf('.');
      [inbox, correlation] = [reply.slice(0, at), reply.slice(at + 1)];
      for (const forged of ['', '{}', '[[1,2]]', '[["a"]]', '[[]]', '["a",{}]', nested('[', ']')])
        raw.publish(inbox, forged);
      raw.publish(
        inbox,
        JSON.stringify([
          ['no-such', { ok: 1 }],
          [`${correlation}0`, { ok: 1 }],
          ['__proto__', { ok: 1 }],
        ]),
      );
      raw.publish(inbox, JSON.stringify([[correlation, { ok: 'right' }]]));
    },
  });
  await raw.flush();
  const answer = await client.bus.ask('vigil.actor.forger.f', 'x', {}, LONG);
  t.equal(answer.body, 'right');
  const reasons = client.letters.map(({ reason }) => reason);
  t.strictSame(reasons, [...Array(7).fill('invalid'), ...Array(3).fill('late_reply')]);
});

/** Random bytes, random JSON, and a valid request with some bytes changed. */
const frame = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map(text),
  fc
    .tuple(
      fc.constantFrom(...ODD_REQUESTS.filter(({ length }) => length < 500)),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
    )
    .map(([request, changes]) => {
      const bytes = Uint8Array.from(request);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    }),
  fc
    .record({
      type: fc.constantFrom<unknown>('echo', 'sized', '$cancel', '$alive', '__proto__', 7),
      ttl: fc.anything(),
      epoch: fc.anything(),
      many: fc.anything(),
      body: fc.object(),
    })
    .map((value) =>
      text(JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? String(each) : each))),
    ),
);

t.test('thousands of random frames: each is answered, nothing crashes, nothing is left open', async (t) => {
  const { server, client, echo, raw, ask } = await pair(t);
  let answered = 0;
  raw.subscribe('fuzz.reply.*', { callback: () => answered++ });
  // Those that ask for it get several answers in one message.
  raw.subscribe('fuzz.reply', {
    callback: (_error, message) => {
      answered += message.json<unknown[]>().length;
    },
  });
  await raw.flush();
  const frames = fc.sample(frame, 6_000);
  // Taking something back is the one message that has no answer.
  let silent = 0;
  for (const [n, payload] of frames.entries()) {
    if (readRequest(payload)?.type === CANCEL) silent++;
    raw.publish(SUBJECT, payload, { reply: `fuzz.reply.${n}` });
    if (n % 500 === 499) await raw.flush();
  }
  await until(() => answered >= frames.length - silent, 'an answer to each');
  t.equal(await ask(1).then(({ body }) => body), 1);
  t.equal(answered, frames.length - silent, 'one answer to each');
  t.strictSame([echo.crashes, echo.cell.depth, echo.cell.state], [[], 0, 'running']);
  t.ok(
    server.letters.length > 500 &&
      server.letters.every(({ reason }) => reason === 'invalid' || reason === 'fenced'),
  );
  t.equal(Object.keys(Object.prototype).length, 0, 'the prototype is intact');
  t.equal(client.bus.openAsks, 0);
});
