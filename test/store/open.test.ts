import { chmodSync, closeSync, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { VigilError } from '../../src/messages/errors.js';
import { openStore } from '../../src/store/open.js';
import Database from '../../src/store/sqlite.js';
import { createStore } from '../../src/store/store.js';
import { testFolder } from '../folder.js';
import { until } from './processes.js';

function refusal(t: Test, dataDir: string): string {
  try {
    openStore(dataDir).close();
  } catch (error) {
    t.type(error, VigilError);
    t.equal((error as VigilError).code, 'STORE');
    t.notMatch((error as VigilError).message, /\n/, 'one line');
    return (error as VigilError).message;
  }
  t.fail('was not refused');
  return '';
}

/** Runs as somebody who may not write everywhere, as root may. */
function asNobody(action: () => void): void {
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    action();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

function fill(dataDir: string): void {
  const { database, close } = openStore(dataDir);
  const insert = database.prepare(
    "insert into requests (id, kind, source, payload, state, accepted_at) values (?, 'cycle', 'rpc', ?, 'accepted', 0)",
  );
  for (let i = 0; i < 500; i++) insert.run(`r${i}`, 'x'.repeat(200));
  close();
}

function overwrite(file: string, position: number, length: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(length, 0xa5), 0, length, position);
  closeSync(handle);
}

t.test('the data directory is made, for its owner only', async (t) => {
  const dataDir = join(testFolder(t), 'a', 'b');
  const { database, close } = openStore(dataDir);
  t.equal(statSync(dataDir).mode & 0o777, 0o700);
  t.equal(database.pragma('synchronous', { simple: true }), 2, 'FULL');
  t.equal(database.pragma('journal_mode', { simple: true }), 'wal');
  close();
});

t.test(
  'a second supervisor on the same directory is refused, and gets it when the first is gone',
  async (t) => {
    const dataDir = testFolder(t);
    const first = await until(1, 'hold', dataDir);
    t.match(refusal(t, dataDir), /another supervisor runs on .*stop it first, or set dataDir/);
    await first.kill();
    const second = openStore(dataDir);
    t.match(refusal(t, dataDir), /another supervisor runs on/, 'also within one process');
    second.close();
    openStore(dataDir).close();
  },
);

t.test('the record stays readable for others while a supervisor has it', async (t) => {
  const dataDir = testFolder(t);
  const { close } = openStore(dataDir);
  const reader = new Database(join(dataDir, 'vigil.db'), { readonly: true });
  t.same(reader.prepare('select count(*) as n from agents').get(), { n: 0 });
  reader.close();
  close();
});

t.test('a directory that is a file, or lies in one, is refused with the mend', async (t) => {
  const folder = testFolder(t, { file: 'text' });
  t.match(refusal(t, join(folder, 'file')), /cannot be written .*mend its rights or set dataDir/);
  t.match(refusal(t, join(folder, 'file', 'deeper')), /cannot be written .*mend its rights or set dataDir/);
  t.equal(readFileSync(join(folder, 'file'), 'utf8'), 'text');
});

t.test('a directory without the right to write is refused with the mend', async (t) => {
  const dataDir = testFolder(t);
  chmodSync(dataDir, 0o555);
  asNobody(() => t.match(refusal(t, dataDir), /cannot be (?:written|used) .*mend its rights or set dataDir/));
  chmodSync(dataDir, 0o755);
});

t.test('a database without the right to write is refused with the mend', async (t) => {
  const dataDir = testFolder(t);
  openStore(dataDir).close();
  chmodSync(dataDir, 0o777);
  chmodSync(join(dataDir, 'supervisor.lock'), 0o666);
  chmodSync(join(dataDir, 'vigil.db'), 0o444);
  asNobody(() => t.match(refusal(t, dataDir), /vigil\.db cannot be opened .*mend its rights or set dataDir/));
});

t.test('a database with its head overwritten is refused and stays as it is', async (t) => {
  const dataDir = testFolder(t);
  fill(dataDir);
  const file = join(dataDir, 'vigil.db');
  overwrite(file, 0, 100);
  const before = readFileSync(file);
  t.match(refusal(t, dataDir), /vigil\.db is damaged .*move it aside and restore a copy/);
  t.ok(readFileSync(file).equals(before));
});

t.test('a database with a page overwritten is refused and stays as it is', async (t) => {
  const dataDir = testFolder(t);
  fill(dataDir);
  const file = join(dataDir, 'vigil.db');
  const pages = statSync(file).size / 4_096;
  t.ok(pages > 20);
  overwrite(file, 4_096 * (pages - 5), 4_096);
  const before = readFileSync(file);
  t.match(refusal(t, dataDir), /vigil\.db is damaged .*move it aside and restore a copy/);
  t.ok(readFileSync(file).equals(before));
  t.match(refusal(t, dataDir), /is damaged/, 'the directory is free again, and the answer the same');
});

t.test('what waits is committed by close', async (t) => {
  const dataDir = testFolder(t);
  const store = createStore(dataDir);
  const written = store.write(() => store.outbox.add('m1', 'vigil.result.cycle', {}));
  store.close();
  await written;
  const again = createStore(dataDir);
  t.equal(again.outbox.size, 1);
  again.close();
  await t.rejects(
    again.write(() => 1),
    'and nothing after it',
  );
});

t.test('whatever was acknowledged before a kill -9 is there after it', async (t) => {
  const dataDir = testFolder(t);
  const writer = await until(2_000, 'write', dataDir);
  const acknowledged = await writer.kill();
  t.ok(existsSync(join(dataDir, 'vigil.db-wal')), 'it was killed with its log open');
  const store = createStore(dataDir);
  const missing = acknowledged.filter((id) => store.requests.get(id)?.state !== 'accepted');
  t.same(missing, [], `of ${acknowledged.length}`);
  const rows = store.outbox.next(0, 1_000_000);
  const messages = new Set(rows.map((row) => row.msgId));
  t.same(
    acknowledged.filter((id) => !messages.has(`${id}.final`)),
    [],
    'with its message',
  );
  t.equal(rows.length, store.requests.unfinished().length, 'both or neither');
  store.close();
});
