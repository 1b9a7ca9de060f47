import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import t, { type Test } from 'tap';
import { EventFeed, type EventFeedOptions } from '../../src/http/event-feed.js';
import { until } from '../actors/until.js';

const OPTIONS: EventFeedOptions = { maxClients: 4, maxEvents: 10, maxBufferedBytes: 65_536 };

async function serve(t: Test, options: Partial<EventFeedOptions> = {}) {
  const feed = new EventFeed({ ...OPTIONS, ...options });
  const server: Server = createServer((request, response) => {
    const { 'last-event-id': lastId } = request.headers;
    feed.add(response, typeof lastId === 'string' ? lastId : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    feed.close();
    server.closeAllConnections();
    server.close();
  });
  return { feed, port: (server.address() as AddressInfo).port };
}

/** A client on a plain socket: what came so far, and a way to stop reading. */
async function follow(t: Test, port: number, lastId?: string) {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  const client = { socket, text: '', closed: false };
  socket.setEncoding('utf8').on('data', (chunk) => {
    client.text += chunk;
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    client.closed = true;
  });
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\n${lastId === undefined ? '' : `Last-Event-ID: ${lastId}\r\n`}\r\n`,
  );
  await until(() => client.text.includes('event: hello'), 'hello');
  return client;
}

function lastIdIn(text: string): string {
  return [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? '';
}

const event = (n: number) => ({ subject: 'event.test', body: { n } });
const numbersIn = (text: string) => [...text.matchAll(/"n":(\d+)/g)].map((match) => Number(match[1]));

t.test('a client that comes back gets exactly what it missed', async (t) => {
  const { feed, port } = await serve(t);
  const first = await follow(t, port);
  feed.publish(event(1));
  await until(() => numbersIn(first.text).includes(1), 'the first event');
  first.socket.destroy();
  await until(() => feed.counts.clients === 0, 'it is gone');
  for (const n of [2, 3, 4]) feed.publish(event(n));
  const again = await follow(t, port, lastIdIn(first.text));
  t.same(numbersIn(again.text), [2, 3, 4]);
  t.notMatch(again.text, /resync/);
});

t.test('one that missed more than is kept, or follows another start, is told to read all anew', async (t) => {
  const { feed, port } = await serve(t);
  const first = await follow(t, port);
  feed.publish(event(0));
  await until(() => numbersIn(first.text).includes(0), 'the first event');
  for (let n = 1; n < 40; n++) feed.publish(event(n));
  const late = await follow(t, port, lastIdIn(first.text.slice(0, first.text.indexOf('"n":1}'))));
  t.match(late.text, /event: resync/);
  for (const lastId of ['0123-4', 'nonsense', `${lastIdIn(late.text).split('-')[0]}-999999`]) {
    const other = await follow(t, port, lastId);
    t.match(other.text, /event: resync/, lastId);
    other.socket.destroy();
    await until(() => feed.counts.clients <= 2, 'it is gone');
  }
});

t.test('a client that does not read is dropped; the others get everything', async (t) => {
  const { feed, port } = await serve(t);
  const slow = await follow(t, port);
  const quick = await follow(t, port);
  slow.socket.pause();
  const filler = 'x'.repeat(32_768);
  for (let n = 0; feed.counts.dropped === 0 && n < 5_000; n++) {
    quick.text = '';
    feed.publish({ subject: 'event.test', body: { n, filler } });
    await until(() => numbersIn(quick.text).includes(n), 'the quick one has it');
  }
  t.equal(feed.counts.dropped, 1);
  t.equal(feed.counts.clients, 1);
  t.equal(quick.closed, false);
});

t.test('there are only so many', async (t) => {
  const { feed, port } = await serve(t, { maxClients: 1 });
  feed.checkRoom();
  await follow(t, port);
  t.throws(() => feed.checkRoom(), { code: 'BUSY' });
});
