import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/actors/runtime/clock.js';
import { Supervisor } from '../../src/actors/runtime/supervision.js';
import { brokerChild } from '../../src/broker/broker.js';
import { connectBroker, endConnection } from '../../src/broker/connect.js';
import { StoreWatch } from '../../src/broker/store-watch.js';
import { ensureStreams } from '../../src/broker/streams.js';
import { Subjects } from '../../src/messages/subjects.js';
import { OutboxDrain } from '../../src/services/outbox-drain.js';
import { createStore } from '../../src/store/store.js';
import { gate } from '../actors/until.js';
import { testFolder } from '../folder.js';
import { until } from '../system/processes.js';
import { isAlive, serverOn, unexpected } from './servers.js';

/** For what takes the client some of its five seconds each until it gives a message up. */
const LONG_MS = 60_000;

t.test('a broker that takes nothing after a full disk is started anew once there is space', async (t) => {
  t.setTimeout(4 * LONG_MS);
  const dataDir = testFolder(t, { nats: {} });
  const folder = join(dataDir, 'nats');
  const why = mountSmall(t, folder);
  if (why !== undefined) {
    t.plan(0, why);
    return;
  }
  const server = await serverOn(t, dataDir);
  const tree = treeOf(t);
  await tree.add(brokerChild(server));
  const first = server.pid;
  const connection = await connectBroker(
    {
      url: server.url,
      nkeyFile: join(dataDir, 'keys', 'supervisor.nk'),
      connectTimeoutMs: 2_000,
      pingIntervalMs: 60_000,
    },
    'test supervisor',
    '_INBOX_supervisor',
  );
  t.teardown(() => endConnection(connection));
  const subjects = new Subjects();
  await ensureStreams(connection, subjects, { maxAgeMs: 60_000, maxBytes: 8_388_608 });
  const store = createStore(dataDir);
  t.teardown(() => store.close());

  const said: string[] = [];
  const watch = new StoreWatch({
    server,
    isConnected: () => true,
    ending: () => said.push('ending'),
    unwritable: () => said.push('unwritable'),
    failingMs: 1_000,
  });
  const outbox = new OutboxDrain({
    connection,
    store,
    dropped: (_subject, reason) => t.fail(reason),
    sent: () => watch.taken(),
    failed: (error) => void watch.refused(error),
  });
  t.teardown(() => outbox.close());
  const say = async (n: number) => {
    const body = { text: 'x'.repeat(1_000) };
    await store.write(() => store.outbox.add(`m-${n}`, subjects.taskEvent(`t${n}`, 'queued'), body));
    outbox.wake();
  };
  await say(0);
  await until('the first to be taken', () => store.outbox.size === 0);

  const free = fill(join(folder, 'fill'));
  for (let n = 1; n <= 200; n++) await say(n);
  await until('a judgement', () => said.length > 0, LONG_MS);
  t.same(said, ['unwritable'], 'while the disk is full nothing is ended');
  t.equal(server.pid, first);

  free();
  await until('the rest to be taken', () => store.outbox.size === 0, LONG_MS);
  t.equal(said.at(-1), 'ending');
  t.not(server.pid, first);
  t.equal(tree.tree().restarts, 1);
  const { state } = await (await connection.jetstreamManager()).streams.info(subjects.resultStream);
  t.equal(state.messages, 201, 'each is there, once');
});

t.test('it is ended once in a pause, and only when whoever sends is connected', async (t) => {
  const server = await serverOn(t, testFolder(t));
  const ended = gate<Error>();
  await server.start(ended.open);
  const refusal = new Error('TIMEOUT');
  const said: unknown[] = [];
  let isConnected = false;
  const watch = new StoreWatch({
    server,
    isConnected: () => isConnected,
    ending: (error) => said.push(error),
    unwritable: (error) => t.fail(String(error)),
    failingMs: 0,
  });
  await watch.refused(refusal);
  t.same(said, [], 'who is not connected says nothing of the store');
  isConnected = true;
  const judged = watch.refused(refusal);
  watch.taken();
  await judged;
  t.same(said, [], 'it has taken something meanwhile');
  await watch.refused(refusal);
  t.same(said, [refusal]);
  t.match(await ended.promise, { message: /SIGKILL/ });
  t.notOk(readdirSync(server.folder).includes('probe'));

  await watch.refused(refusal);
  await server.start(unexpected);
  const { pid } = server;
  await watch.refused(refusal);
  await watch.refused(refusal);
  t.equal(said.length, 1);
  t.equal(server.pid, pid);
  t.ok(isAlive(pid ?? 0));
});

t.test('what was refused for a short time only, or by the one before it, ends no broker', async (t) => {
  const server = await serverOn(t, testFolder(t));
  const ended = gate<Error>();
  await server.start(ended.open);
  const watch = new StoreWatch({
    server,
    isConnected: () => true,
    ending: () => t.fail('ended'),
    unwritable: (error) => t.fail(String(error)),
    failingMs: 50,
  });
  await watch.refused(new Error('TIMEOUT'));
  const endsAt = performance.now() + 50;
  server.kill();
  await ended.promise;
  await server.start(unexpected);
  await until('the time of the first to be over', () => performance.now() > endsAt);
  await watch.refused(new Error('TIMEOUT'));
  t.ok(isAlive(server.pid ?? 0));
});

function treeOf(t: Test): Supervisor {
  const tree = new Supervisor({
    id: 'test',
    strategy: 'one_for_one',
    intensity: 'supervisor',
    policy: { maxRestarts: 3, periodMs: 60_000, backoffMs: 10, maxBackoffMs: 10, jitter: 0 },
    clock: systemClock,
    onGiveUp: (error) => t.fail(error.message),
  });
  t.teardown(() => tree.stop());
  return tree;
}

/** @returns why there is none. */
function mountSmall(t: Test, folder: string): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root may mount a small file system';
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    return `no small file system can be mounted: ${error}`;
  }
  t.teardown(() => execFileSync('umount', ['-l', folder]));
  return undefined;
}

/** Takes what is left, to the last byte. @returns what gives it back. */
function fill(path: string): () => void {
  const file = openSync(path, 'w');
  for (const size of [1_048_576, 4_096, 1]) {
    const part = Buffer.alloc(size);
    try {
      for (;;) writeSync(file, part);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(file);
  return () => rmSync(path);
}
