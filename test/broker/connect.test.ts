import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect, nkeys } from 'nats';
import t, { type Test } from 'tap';
import { type ConnectSettings, connectBroker } from '../../src/broker/connect.js';
import { testFolder } from '../folder.js';
import { serverOn, unexpected } from './servers.js';

const TIMES = { connectTimeoutMs: 2_000, pingIntervalMs: 5_000 };

async function refusal(
  t: Test,
  settings: Omit<ConnectSettings, keyof typeof TIMES>,
): Promise<{ code: string; message: string }> {
  try {
    const connection = await connectBroker({ ...TIMES, ...settings }, 'test', '_INBOX_test');
    await connection.close();
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    t.notMatch(message, /\n/, 'one line');
    return { code, message };
  }
  t.fail('was not refused');
  return { code: '', message: '' };
}

t.test('a broker of ours takes its keys and nobody without', async (t) => {
  const dataDir = testFolder(t);
  const server = await serverOn(t, dataDir);
  await server.start(unexpected);
  const url = server.url;
  const right = await connectBroker(
    { ...TIMES, url, nkeyFile: join(dataDir, 'keys', 'supervisor.nk') },
    'test',
    '_INBOX_supervisor',
  );
  t.match(right.info, { jetstream: true });
  await right.close();

  const mend =
    /refused the credentials; set nats\.nkeyFile or nats\.credsFile \(VIGIL_NATS_NKEY_FILE, VIGIL_NATS_CREDS_FILE\)/;
  const stranger = join(dataDir, 'stranger.nk');
  writeFileSync(stranger, new TextDecoder().decode(nkeys.createUser().getSeed()));
  t.match(await refusal(t, { url, nkeyFile: stranger }), { code: 'BROKER', message: mend });
  t.match(await refusal(t, { url }), { code: 'BROKER', message: mend }, 'anonymous');
  const withPassword = url.replace('nats://', 'nats://me:s3cret@');
  const { message } = await refusal(t, { url: withPassword });
  t.match(message, mend);
  t.notMatch(message, /s3cret/);
  await t.rejects(connect({ servers: url, reconnect: false }), { code: 'AUTHORIZATION_VIOLATION' });
});

t.test('credentials that cannot be read are named', async (t) => {
  const folder = testFolder(t, { 'empty.nk': '', 'garbage.nk': 'SUgarbage', 'garbage.creds': 'nothing' });
  const url = 'nats://127.0.0.1:1';
  for (const nkeyFile of ['none.nk', 'empty.nk', 'garbage.nk'].map((name) => join(folder, name))) {
    const { code, message } = await refusal(t, { url, nkeyFile });
    t.equal(code, 'BROKER');
    t.match(message, /credentials .*\.nk/, nkeyFile);
  }
  for (const credsFile of ['none.creds', 'garbage.creds'].map((name) => join(folder, name))) {
    const { code, message } = await refusal(t, { url, credsFile });
    t.equal(code, 'BROKER');
    t.match(message, /credentials .*\.creds/, credsFile);
  }
});

t.test('no broker there: said with the mend, and without the password', async (t) => {
  for (const url of [
    'nats://me:s3cret@127.0.0.1:1',
    'me:s3cret@127.0.0.1:1',
    'nats://127.0.0.1:1,nats://me:p@s3cret@127.0.0.1:2',
  ]) {
    const { code, message } = await refusal(t, { url });
    t.equal(code, 'BROKER');
    t.match(message, /no broker at .*127\.0\.0\.1:1.* \(.+\); start one there, or unset nats\.url/);
    t.notMatch(message, /s3cret/);
  }
});

t.test('a server that is no broker, or says nothing', async (t) => {
  const sockets: Socket[] = [];
  let greeting: string | undefined;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (greeting !== undefined) socket.end(greeting);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  const url = `nats://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  await t.rejects(connectBroker({ ...TIMES, url, connectTimeoutMs: 100 }, 'test', '_INBOX_test'), {
    code: 'BROKER',
    message: /the broker at nats:.* did not answer in time/,
  });
  greeting = 'HTTP/1.1 400 Bad Request\r\n\r\n';
  t.match(await refusal(t, { url }), { code: 'BROKER' });
});

t.test('a URL that is none', async (t) => {
  for (const url of ['nats://', 'nats://me:s3cret@host:99999999', 'nats://ho st:4222', ',']) {
    const { code, message } = await refusal(t, { url });
    t.equal(code, 'BAD_REQUEST', url);
    t.match(message, /nats\.url: expected nats:\/\/host:port/);
    t.notMatch(message, /s3cret/);
  }
});
