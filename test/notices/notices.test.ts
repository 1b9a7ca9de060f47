import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import t, { type Test } from 'tap';
import { Desktop } from '../../src/notices/desktop.js';
import { Notice, type NoticeReason } from '../../src/notices/notice.js';
import { Notices } from '../../src/notices/notices.js';
import { Webhook, type WebhookOptions } from '../../src/notices/webhook.js';
import { until } from '../actors/until.js';
import { testFolder } from '../folder.js';

const SECRET = 'a-secret-of-the-test';

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly notice: Notice;
}

type Answer = (response: ServerResponse, n: number) => void;
const fine: Answer = (response) => response.writeHead(204).end();

/** A real server that takes webhooks and answers as it is told. */
async function receiver(t: Test, answer: Answer = fine) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers, text, notice: Notice.parse(JSON.parse(text)) });
      answer(response, received.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

interface Options extends Partial<WebhookOptions> {
  readonly fleet?: number;
  readonly reasons?: readonly NoticeReason[];
}

function start(t: Test, url: string, options: Options = {}) {
  const failures: string[] = [];
  const removed = new Set<string>();
  const webhook = new Webhook({
    url,
    secret: SECRET,
    attempts: 3,
    backoffMs: 1,
    timeoutMs: 5_000,
    maxWaiting: 100,
    failed: ({ reason }, why) => failures.push(`${reason}: ${why}`),
    ...options,
  });
  let now = 0;
  const notices = new Notices({
    sinks: [webhook],
    reasons: options.reasons ?? ['waiting', 'approval', 'escalated', 'held'],
    stormShare: 0.3,
    stormMs: 60_000,
    fleetSize: () => options.fleet ?? 100,
    isKnown: (agent) => !removed.has(agent),
    monotonic: () => now,
  });
  t.teardown(() => notices.close());
  const waits = (agent: string) =>
    notices.heard(`event.agent.${agent}.waiting`, { summary: 'asks: which one?' });
  return {
    notices,
    failures,
    removed,
    waits,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

t.test('a notice is signed with its time, and names agent, reason and text', async (t) => {
  const { received, url } = await receiver(t);
  start(t, url).waits('a1');
  await until(() => received.length === 1, 'the notice');
  const [{ headers, text, notice }] = received as [Received];
  t.match(notice, {
    kind: 'raised',
    reason: 'waiting',
    agents: ['a1'],
    count: 1,
    text: 'a1 waits: asks: which one?',
  });
  const timestamp = String(headers['x-vigil-timestamp']);
  const expected = createHmac('sha256', SECRET).update(`${timestamp}.${text}`).digest('hex');
  t.equal(headers['x-vigil-signature'], `sha256=${expected}`);
  t.ok(Math.abs(Number(timestamp) - Date.now() / 1_000) < 600);
});

t.test('it is said once, cleared when the agent goes on, and said anew after that', async (t) => {
  const { received, url } = await receiver(t);
  const { waits, notices } = start(t, url);
  for (let i = 0; i < 5; i++) waits('a1');
  await until(() => received.length === 1, 'one notice');
  waits('a1');
  notices.heard('event.agent.a1.resumed', {});
  notices.heard('event.agent.a1.resumed', {});
  await until(() => received.length === 2, 'its end');
  waits('a1');
  await until(() => received.length === 3, 'anew');
  t.same(
    received.map(({ notice }) => notice.kind),
    ['raised', 'cleared', 'raised'],
  );
});

t.test('what ends a notice is said as it is: seen, ended, gone on', async (t) => {
  const { received, url } = await receiver(t);
  const { notices } = start(t, url, { reasons: ['crashed', 'stuck', 'approval'] });
  const ends = [
    ['crashed', 'acknowledged', 'a1 has been seen'],
    ['crashed', 'finished', 'a1 has ended'],
    ['stuck', 'running', 'a1 goes on'],
  ] as const;
  for (const [begun, ended, text] of ends) {
    const before = received.length;
    notices.heard(`event.agent.a1.${begun}`, {});
    await until(() => received.length === before + 1, begun);
    notices.heard(`event.agent.a1.${ended}`, {});
    await until(() => received.length === before + 2, ended);
    t.match(received.at(-1)?.notice, { kind: 'cleared', reason: begun, text });
  }
  notices.heard('event.intervention.a1', { state: 'pending', message: 'Stop' });
  await until(() => received.length === 7, 'to be approved');
  notices.heard('event.intervention.a1', { state: 'rejected' });
  await until(() => received.length === 8, 'decided');
  t.equal(received.at(-1)?.notice.text, 'a1 needs no approval any more');
});

t.test('a removed agent leaves nothing: registered again it is told of anew', async (t) => {
  const { received, url } = await receiver(t);
  const { notices, removed, waits } = start(t, url);
  waits('a1');
  await until(() => received.length === 1, 'the notice');
  removed.add('a1');
  notices.forget(['a1', 'stranger']);
  await until(() => received.length === 2, 'its end');
  t.match(received[1]?.notice, { kind: 'cleared', reason: 'waiting', text: 'a1 is watched no longer' });
  // Was on its way.
  waits('a1');
  waits('a2');
  await until(() => received.length === 3, 'of another');
  t.same(received[2]?.notice.agents, ['a2']);
  removed.delete('a1');
  waits('a1');
  await until(() => received.length === 4, 'anew');
  t.match(received[3]?.notice, { kind: 'raised', agents: ['a1'] });
});

t.test('what is over before anybody was told is not told', async (t) => {
  const { received, url } = await receiver(t);
  const { waits, notices } = start(t, url);
  waits('brief');
  notices.heard('event.agent.brief.resumed', {});
  waits('a2');
  await until(() => received.length === 1, 'the other');
  t.same(received[0]?.notice.agents, ['a2']);
});

t.test('only what is asked for: a stuck agent is none of it, an approval is', async (t) => {
  const { received, url } = await receiver(t);
  const { notices } = start(t, url);
  notices.heard('event.agent.a1.stuck', {});
  notices.heard('result.analysis.a1', { state: 'pending' });
  notices.heard('event.intervention.a2', { state: 'pending', message: 'Stop\u001b[2J guessing' });
  notices.heard('event.fleet.held', { message: 'half of the fleet is silent' });
  await until(() => received.length === 2, 'two');
  t.same(
    received.map(({ notice }) => notice.reason),
    ['approval', 'held'],
  );
  t.equal(received[0]?.notice.text, 'a2 to be approved: Stop [2J guessing', 'no control characters');
  notices.heard('event.intervention.a2', { state: 'queued' });
  notices.heard('event.fleet.released', {});
  await until(() => received.length === 4, 'both over');
});

t.test('more than the share of the fleet at once is one notice, until it has calmed down', async (t) => {
  const { received, url } = await receiver(t);
  const { waits, pass } = start(t, url);
  for (let i = 0; i < 31; i++) waits(`a${i}`);
  await until(() => received.length === 1, 'one for all');
  t.match(received[0]?.notice, { reason: 'storm', count: 31, text: '31 agents of 100 need you at once' });
  t.equal(received[0]?.notice.agents.length, 20);
  waits('late');
  pass(61_000);
  waits('after');
  await until(() => received.length === 3, 'single ones again');
  t.same(
    received
      .slice(1)
      .flatMap(({ notice }) => notice.agents)
      .sort(),
    ['after', 'late'],
  );
});

t.test('two of a fleet of two are no storm', async (t) => {
  const { received, url } = await receiver(t);
  const { waits } = start(t, url, { fleet: 2 });
  waits('a1');
  waits('a2');
  await until(() => received.length === 2, 'one each');
});

t.test('tried again as often as is set, under the same id; a refusal is final', async (t) => {
  const shaky = await receiver(t, (response, n) => response.writeHead(n < 3 ? 503 : 200).end());
  const first = start(t, shaky.url);
  first.waits('a1');
  await until(() => shaky.received.length === 3, 'the third try');
  t.equal(new Set(shaky.received.map(({ notice }) => notice.id)).size, 1);
  t.same(first.failures, []);

  const down = await receiver(t, (response) => response.writeHead(500).end());
  const second = start(t, down.url);
  second.waits('a1');
  await until(() => second.failures.length === 1, 'given up');
  t.equal(down.received.length, 3);

  for (const status of [400, 302]) {
    const refuses = await receiver(t, (response) => response.writeHead(status, { location: down.url }).end());
    const third = start(t, refuses.url);
    third.waits('a1');
    await until(() => third.failures.length === 1, 'refused');
    t.equal(refuses.received.length, 1, `${status} is not tried again`);
  }
  t.equal(down.received.length, 3, 'and no redirect was followed');
});

t.test('a receiver that hangs holds nobody up: the oldest go, and it ends with the supervisor', async (t) => {
  const hangs = await receiver(t, () => {});
  const { notices, failures } = start(t, hangs.url, { maxWaiting: 2 });
  for (let i = 0; i < 6; i++) notices.heard(`event.agent.a${i}.waiting`, { summary: 'x' });
  await until(() => failures.length === 3, 'those that are too many');
  await notices.close();
  t.equal(failures.length, 6, 'every one is accounted for');
});

t.test('the desktop is told in plain text', async (t) => {
  const folder = testFolder(t);
  const said = join(folder, 'said');
  const program = join(folder, 'notify-send');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > '${said}.new' && mv '${said}.new' '${said}'\n`);
  chmodSync(program, 0o755);
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}${delimiter}${before ?? ''}`;
  t.teardown(() => {
    process.env['PATH'] = before;
  });
  const text = 'a1 waits: <b>$(touch pwned)</b> `id` & "quoted"';
  const notice: Notice = {
    id: '1',
    at: '',
    kind: 'raised',
    reason: 'waiting',
    agents: ['a1'],
    count: 1,
    text,
  };
  const errors: unknown[] = [];
  new Desktop((error) => errors.push(error)).send(notice);
  await until(() => existsSync(said), 'the notice');
  const words = readFileSync(said, 'utf8');
  t.match(words, 'Vigil: waiting');
  t.match(words, /a1 waits: +b +touch pwned +\/b +id +quoted/);
  t.notMatch(words, /[<>&$`"]/);
  t.notOk(existsSync('pwned'));
  t.same(errors, []);
});
