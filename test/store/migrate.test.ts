import { join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import t, { type Test } from 'tap';
import { VigilError } from '../../src/messages/errors.js';
import { TaskState } from '../../src/messages/tasks.js';
import { MIGRATIONS, migrate } from '../../src/store/migrate.js';
import { openStore } from '../../src/store/open.js';
import Database from '../../src/store/sqlite.js';
import { createStore } from '../../src/store/store.js';
import { testFolder } from '../folder.js';
import { until } from './processes.js';

const schemaOf = (database: Handle) =>
  database.prepare('select type, name, sql from sqlite_schema order by type, name').all();

const versionOf = (database: Handle) => database.pragma('user_version', { simple: true });

function database(t: Test): Handle {
  const opened = new Database(join(testFolder(t), 'vigil.db'));
  t.teardown(() => opened.close());
  return opened;
}

t.test('an empty database gets every migration, a second time changes nothing', async (t) => {
  const db = database(t);
  migrate(db);
  t.equal(versionOf(db), MIGRATIONS.length);
  const schema = schemaOf(db);
  t.ok(schema.length > 10);
  migrate(db);
  t.same(schemaOf(db), schema);
});

t.test('a database that has the first ones gets the rest, in order', async (t) => {
  const db = database(t);
  migrate(db);
  const more = [...MIGRATIONS, 'create table later (a)', 'alter table later add column b'];
  migrate(db, more);
  t.equal(versionOf(db), more.length);
  t.same(
    (db.pragma('table_info(later)') as { name: string }[]).map(({ name }) => name),
    ['a', 'b'],
  );
});

t.test('tasks of an older Vigil are found by their state', (t) => {
  const dataDir = testFolder(t);
  const older = new Database(join(dataDir, 'vigil.db'));
  migrate(older, MIGRATIONS.slice(0, 12));
  older.exec("insert into task_classes (id, capabilities) values (1, '[]')");
  const add = older.prepare(`
    insert into tasks (id, title, class, priority, state, open_dependencies, score, agent, lease_until, max_retries,
                       backoff_ms, created_at, updated_at)
    values (?, 'one', 1, 'medium', ?, 0, 0.5, ?, ?, 3, 0, 0, 0)`);
  for (const state of TaskState.options) {
    const isHeld = state === 'claimed' || state === 'running';
    add.run(state, state, isHeld ? 'worker' : null, isHeld ? 1_000 : null);
  }
  older.close();
  const store = createStore(dataDir);
  t.teardown(() => store.close());
  for (const state of TaskState.options)
    t.same(
      store.tasks.queries.list({ state, after: 0, limit: 10 }).tasks.map((task) => [task.id, task.state]),
      [[state, state]],
    );
  t.same(
    store.tasks.queries.toScore(0, 10).map(({ id }) => id),
    ['ready'],
  );
  t.end();
});

t.test('a database of a newer Vigil is refused and not touched', async (t) => {
  const dataDir = testFolder(t);
  openStore(dataDir).close();
  const db = new Database(join(dataDir, 'vigil.db'));
  db.pragma('user_version = 99');
  const schema = schemaOf(db);
  db.close();
  t.throws(() => openStore(dataDir), {
    code: 'STORE',
    message: /vigil\.db has schema 99, this Vigil knows up to \d+; use the newer Vigil .*or another dataDir/,
  });
  const after = new Database(join(dataDir, 'vigil.db'));
  t.equal(versionOf(after), 99);
  t.same(schemaOf(after), schema);
  after.close();
});

t.test('a migration that fails half-way is undone whole, those before it stay', async (t) => {
  const db = database(t);
  const good = 'create table one (a)';
  t.throws(() => migrate(db, [good, 'create table two (a); drop table one; select nonsense;']), /nonsense/);
  t.equal(versionOf(db), 1);
  t.same(
    schemaOf(db).map((row) => (row as { name: string }).name),
    ['one'],
  );
  migrate(db, [good, 'create table two (a)']);
  t.equal(versionOf(db), 2, 'the mended one is done by the next start');
});

t.test('a migration killed half-way is undone, and the next start completes', async (t) => {
  const dataDir = testFolder(t);
  const child = await until(1, 'migrate', dataDir);
  t.same(await child.kill(), ['half-way']);
  const { database, close } = openStore(dataDir);
  t.equal(versionOf(database), MIGRATIONS.length);
  const tables = schemaOf(database).map((row) => (row as { name: string }).name);
  t.equal(tables.includes('half'), false);
  t.equal(tables.includes('outbox'), true);
  migrate(database, [...MIGRATIONS, 'create table half (a)']);
  t.equal(versionOf(database), MIGRATIONS.length + 1);
  close();
});

t.test('a migration does not fail as something else', async (t) => {
  const dataDir = testFolder(t);
  const foreign = new Database(join(dataDir, 'vigil.db'));
  foreign.exec('create table agents (somebody_elses text)');
  foreign.close();
  try {
    openStore(dataDir);
    t.fail('was not refused');
  } catch (error) {
    t.type(error, VigilError);
    t.match((error as VigilError).message, /vigil\.db cannot be opened \(table agents already exists\)/);
  }
});
