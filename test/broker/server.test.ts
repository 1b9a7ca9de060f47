import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Events, type NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import { connectBroker, endConnection } from '../../src/broker/connect.js';
import { roleKeys } from '../../src/broker/keys.js';
import { BrokerServer } from '../../src/broker/server.js';
import { ensureStreams } from '../../src/broker/streams.js';
import { VigilError } from '../../src/messages/errors.js';
import { Subjects } from '../../src/messages/subjects.js';
import { gate, until } from '../actors/until.js';
import { testFolder } from '../folder.js';
import { connectAs, isAlive, serverOn, unexpected } from './servers.js';

const portOf = (server: BrokerServer) => Number(new URL(server.url).port);
const LIMITS = { maxAgeMs: 60_000, maxBytes: 1_048_576 };

t.test('it is ready when start returns, and stop leaves no process', async (t) => {
  const dataDir = testFolder(t);
  const server = await serverOn(t, dataDir);
  await server.start(unexpected);
  const pid = server.pid ?? 0;
  t.ok(isAlive(pid));
  const connection = await connectAs(t, server, dataDir, 'client');
  t.equal(connection.info?.jetstream, true);
  await connection.close();
  await server.stop();
  t.notOk(isAlive(pid));
  t.equal(server.pid, undefined);
  t.notOk(readdirSync(join(dataDir, 'nats')).includes('running.json'));
  await server.stop();
});

t.test('a port in use is passed over', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const dataDir = testFolder(t);
  const server = await serverOn(t, dataDir, 'vigil', port);
  await server.start(unexpected);
  t.not(portOf(server), port);
  t.ok((await connectAs(t, server, dataDir, 'client')).info);
});

t.test('a broker that is killed says so, and comes back on its port with its data', async (t) => {
  const dataDir = testFolder(t);
  const server = await serverOn(t, dataDir);
  const ended = new Promise<Error>((resolve, reject) => server.start(resolve).catch(reject));
  const supervisor = await new Promise<Awaited<ReturnType<typeof connectAs>>>((resolve, reject) => {
    const ready = () =>
      server.pid === undefined
        ? setImmediate(ready)
        : connectAs(t, server, dataDir, 'supervisor').then(resolve, reject);
    ready();
  });
  await ensureStreams(supervisor, new Subjects(), LIMITS);
  await supervisor.jetstream().publish('vigil.trigger.cycle', '{}');
  const port = portOf(server);
  const pid = server.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  t.match(await ended, { code: 'BROKER', message: /nats-server ended \(SIGKILL\)/ });
  await server.start(unexpected);
  t.equal(portOf(server), port);
  t.not(server.pid, pid);
  const again = await connectAs(t, server, dataDir, 'supervisor');
  const info = await (await again.jetstreamManager()).streams.info('VIGIL_TRIGGERS');
  t.equal(info.state.messages, 1, 'what was acknowledged is there');
});

t.test('a port that was taken while the broker was down is waited for, never passed over', async (t) => {
  const dataDir = testFolder(t);
  const server = await serverOn(t, dataDir);
  const ended = gate<Error>();
  await server.start(ended.open);
  const port = portOf(server);
  // As a host connects: it dials this URL until it is told to stop.
  const connection = await connectBroker(
    {
      url: server.url,
      nkeyFile: join(dataDir, 'keys', 'host.nk'),
      connectTimeoutMs: 1_000,
      pingIntervalMs: 60_000,
    },
    'test host',
    '_INBOX_host',
  );
  t.teardown(() => endConnection(connection));
  const back = reconnected(connection);
  process.kill(server.pid ?? 0, 'SIGKILL');
  await ended.promise;
  const holder = await holdPort(t, port);
  await t.rejects(server.start(unexpected), {
    code: 'BROKER',
    message: new RegExp(`port ${port} .*taken by another program.*end that program, or restart Vigil`),
  });
  t.equal(server.pid, undefined, 'it is not somewhere else');
  t.equal(portOf(server), port);

  // Released while a start waits for it: that one looks for the port right after it has cleared the record away.
  const record = join(dataDir, 'nats', 'running.json');
  writeFileSync(record, JSON.stringify({ pid: 2 ** 22 + 1, port }));
  const started = server.start(unexpected);
  await until(() => !existsSync(record), 'the start has cleared the record away');
  await new Promise(setImmediate);
  await holder.release();
  await started;
  t.equal(portOf(server), port);
  t.ok(isAlive(server.pid ?? 0));
  await back;
  await connection.flush();
  t.equal(connection.getServer(), `127.0.0.1:${port}`);
  t.equal(connection.info?.port, port, 'the old connection is there again');
});

t.test(
  'the broker that a killed supervisor left is ended and replaced, on its port, with its data',
  async (t) => {
    const dataDir = testFolder(t);
    const forgotten = await serverOn(t, dataDir);
    await forgotten.start(() => undefined);
    const left = forgotten.pid ?? 0;
    const supervisor = await connectAs(t, forgotten, dataDir, 'supervisor');
    await ensureStreams(supervisor, new Subjects(), LIMITS);
    await supervisor.jetstream().publish('vigil.trigger.cycle', '{}');
    await supervisor.close();

    const server = await serverOn(t, dataDir);
    await server.start(unexpected);
    t.notOk(isAlive(left));
    t.ok(isAlive(server.pid ?? 0));
    t.equal(server.url, forgotten.url);
    const again = await connectAs(t, server, dataDir, 'supervisor');
    t.equal((await (await again.jetstreamManager()).streams.info('VIGIL_TRIGGERS')).state.messages, 1);
  },
);

t.test('a foreign process that has the recorded pid is let alone', async (t) => {
  const dataDir = testFolder(t, { nats: {} });
  const foreign = spawn('sleep', ['60']);
  await once(foreign, 'spawn');
  t.teardown(() => foreign.kill('SIGKILL'));
  writeFileSync(join(dataDir, 'nats', 'running.json'), JSON.stringify({ pid: foreign.pid, port: 4_222 }));
  const server = await serverOn(t, dataDir);
  await server.start(unexpected);
  t.ok(isAlive(foreign.pid ?? 0));
  t.match(JSON.parse(readFileSync(join(dataDir, 'nats', 'running.json'), 'utf8')), {
    pid: server.pid,
    port: portOf(server),
  });
});

t.test('a record of what runs that is damaged is no obstacle', async (t) => {
  for (const text of ['', '{', '{"pid": -1, "port": 1}', '{"pid": "1"}', '[]']) {
    const dataDir = testFolder(t, { nats: { 'running.json': text } });
    const server = await serverOn(t, dataDir);
    await server.start(unexpected);
    t.ok(isAlive(server.pid ?? 0), JSON.stringify(text));
    await server.stop();
  }
});

t.test('a server that does not come up is refused with its last words', async (t) => {
  const dataDir = testFolder(t, {
    'nats-server': '#!/bin/sh\necho "[1] [FTL] the disk is on fire" >&2\nexit 3\n',
    nats: {},
  });
  const program = { path: join(dataDir, 'nats-server'), version: [2, 9, 0] as const };
  const { chmodSync } = await import('node:fs');
  chmodSync(program.path, 0o755);
  const keys = await roleKeys(dataDir);
  const options = { program, folder: join(dataDir, 'nats'), port: 0, prefix: 'vigil', keys };
  await t.rejects(new BrokerServer(options).start(unexpected), {
    code: 'BROKER',
    message: /nats-server ended at start \(exit 3\): .*the disk is on fire/,
  });
  const missing = { ...options, program: { ...program, path: join(dataDir, 'none') } };
  await t.rejects(new BrokerServer(missing).start(unexpected), {
    code: 'BROKER',
    message: /nats-server could not be started: .*ENOENT/,
  });
});

t.test('a stop during the start ends both', async (t) => {
  // Says nothing, as a server that loads a large store.
  const dataDir = testFolder(t, { 'nats-server': '#!/bin/sh\necho "[1] loading" >&2\nexec sleep 60\n' });
  const path = join(dataDir, 'nats-server');
  const { chmodSync } = await import('node:fs');
  chmodSync(path, 0o755);
  const server = new BrokerServer({
    program: { path, version: [2, 9, 0] },
    folder: join(dataDir, 'nats'),
    port: 0,
    prefix: 'vigil',
    keys: await roleKeys(dataDir),
  });
  const started = server.start(unexpected);
  const refused = t.rejects(started, { code: 'BROKER', message: /ended at start/ });
  // The configuration is written just before the process is spawned.
  while (!existsSync(join(dataDir, 'nats', 'nats.conf'))) await new Promise(setImmediate);
  await server.stop();
  // Where it came before there was a process, again: nothing announces that there is one.
  for (let ended = false; !ended; ) {
    ended = await Promise.race([
      refused.then(() => true),
      new Promise<boolean>((resolve) => setImmediate(resolve, false)),
    ]);
    if (!ended) await server.stop();
  }
});

t.test('keys are for their owner only, and the configuration holds no seed', async (t) => {
  const dataDir = testFolder(t);
  const server = await serverOn(t, dataDir);
  await server.start(unexpected);
  const configuration = join(dataDir, 'nats', 'nats.conf');
  const text = readFileSync(configuration, 'utf8');
  for (const role of ['supervisor', 'host', 'client']) {
    const file = join(dataDir, 'keys', `${role}.nk`);
    t.equal(statSync(file).mode & 0o777, 0o600, file);
    const seed = readFileSync(file, 'utf8').trim();
    t.match(seed, /^SU[A-Z0-9]{56}$/);
    t.notOk(text.includes(seed));
  }
  t.notMatch(text, /\bSU[A-Z0-9]{56}\b/);
  t.equal(text.match(/\bU[A-Z0-9]{55}\b/g)?.length, 4, 'public keys of the four roles');
  t.equal(statSync(join(dataDir, 'keys')).mode & 0o777, 0o700);
  t.equal(statSync(configuration).mode & 0o777, 0o600);
  t.same(await roleKeys(dataDir), await roleKeys(dataDir), 'they are made once');
});

t.test('a key file that is none is named, with the mend', async (t) => {
  const dataDir = testFolder(t, { keys: { 'host.nk': 'hello\n' } });
  await t.rejects(roleKeys(dataDir), {
    constructor: VigilError,
    code: 'BROKER',
    message: /host\.nk is not an nkey seed .*remove it and a new one is made/,
  });
});

t.test('a data directory with blanks, quotes and umlauts in its name serves as well', async (t) => {
  const dataDir = join(testFolder(t), 'it is "the" \\ Löwe $HOME #1');
  const server = await serverOn(t, dataDir);
  await server.start(unexpected);
  const supervisor = await connectAs(t, server, dataDir, 'supervisor');
  await ensureStreams(supervisor, new Subjects(), LIMITS);
  t.ok(readdirSync(join(dataDir, 'nats', 'store')).length > 0, 'the store is where it should be');
});

/** Resolves when the connection is there again. */
async function reconnected(connection: NatsConnection): Promise<void> {
  for await (const { type } of connection.status()) if (type === Events.Reconnect) return;
}

/** Another program on that port: it takes connections and says nothing. */
async function holdPort(t: Test, port: number): Promise<{ release(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const holder = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  await until(
    () =>
      new Promise<boolean>((resolve) => {
        holder.once('error', () => resolve(false));
        holder.listen(port, '127.0.0.1', () => resolve(true));
      }),
    'the port is free to be taken',
  );
  const release = async () => {
    if (!holder.listening) return;
    const closed = once(holder, 'close');
    holder.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  t.teardown(release);
  return { release };
}
