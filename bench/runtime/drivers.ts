import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type NatsConnection } from 'nats';
import { Bus } from '../../src/actors/runtime/bus.js';
import { peer } from '../peers.js';
import type { Moleculer } from './moleculer.js';

/** One way to ask the responders in the other process. */
export interface Driver {
  /** Bytes of heap that one idle responder costs its process. */
  readonly bytes: number;
  /** Asks responder `i` (modulo their number) and resolves with its answer. */
  ask(i: number): Promise<number>;
  /** Asks `n` responders at once; resolves when all have answered. */
  scatter(n: number): Promise<void>;
  stop(): Promise<void>;
}

async function responder(
  mode: string,
  url: string,
  count: number,
): Promise<{ child: ChildProcess; bytes: number }> {
  const child = fork(new URL('./responder.js', import.meta.url), [mode, url, String(count)], {
    execArgv: ['--expose-gc'],
  });
  const [{ bytes }] = (await once(child, 'message')) as [{ bytes: number }];
  return { child, bytes };
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}

export async function vigilDriver(url: string, count: number): Promise<Driver> {
  const { child, bytes } = await responder('vigil', url, count);
  const connection = await connect({ servers: url, inboxPrefix: '_INBOX_driver' });
  const bus = new Bus(connection, '_INBOX_driver', () => {});
  const options = { timeoutMs: 10_000 };
  const ask = async (i: number) => {
    const { body } = await bus.ask(`bench.actor.echo.a${i % count}`, 'ping', { n: i }, options);
    return (body as { n: number }).n;
  };
  return {
    bytes,
    ask,
    scatter: async (n) => {
      await Promise.all(Array.from({ length: n }, (_, i) => ask(i)));
    },
    stop: async () => {
      bus.close();
      await connection.close();
      await end(child);
    },
  };
}

/** The same messages by hand: one inbox, a counter, no correlation, no deadline. */
export async function rawDriver(url: string, count: number): Promise<Driver> {
  const { child, bytes } = await responder('raw', url, count);
  const connection: NatsConnection = await connect({ servers: url });
  const decoder = new TextDecoder();
  let left = 0;
  let done: (n: number) => void = () => {};
  connection.subscribe('raw.inbox.*', {
    callback: (_error, message) => {
      const reply = JSON.parse(decoder.decode(message.data));
      if (--left === 0) done(reply.ok.n);
    },
  });
  const send = (i: number) => {
    const payload = JSON.stringify({ type: 'ping', ttl: 10_000, body: { n: i } });
    connection.publish(`raw.actor.echo.a${i % count}`, payload, { reply: `raw.inbox.${i}` });
  };
  return {
    bytes,
    ask: async (i) =>
      JSON.parse(
        decoder.decode(
          (
            await connection.request(
              `raw.actor.echo.a${i % count}`,
              JSON.stringify({ type: 'ping', body: { n: i } }),
              { timeout: 10_000 },
            )
          ).data,
        ),
      ).ok.n,
    scatter: (n) =>
      new Promise((resolve) => {
        left = n;
        done = () => resolve();
        for (let i = 0; i < n; i++) send(i);
      }),
    stop: async () => {
      await connection.close();
      await end(child);
    },
  };
}

export async function moleculerDriver(url: string, count: number): Promise<Driver> {
  const { child, bytes } = await responder('moleculer', url, count);
  const { ServiceBroker } = peer<Moleculer>('moleculer');
  const broker = new ServiceBroker({
    nodeID: 'driver',
    transporter: url,
    logger: false,
    requestTimeout: 10_000,
  });
  await broker.start();
  await broker.waitForServices('echo');
  const ask = async (i: number) => (await broker.call('echo.ping', { n: i })).n;
  return {
    bytes,
    ask,
    scatter: async (n) => {
      await Promise.all(Array.from({ length: n }, (_, i) => ask(i)));
    },
    stop: async () => {
      await broker.stop();
      await end(child);
    },
  };
}
