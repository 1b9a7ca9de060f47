import { join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import t, { type Test } from 'tap';
import { WriteBatch } from '../../src/store/batch.js';
import Database from '../../src/store/sqlite.js';
import { testFolder } from '../folder.js';

/** A database that tells which statements it ran. */
function traced(t: Test): { db: Handle; commits(): number; ids(): number[] } {
  const statements: string[] = [];
  const file = join(testFolder(t), 'batch.db');
  const db = new Database(file, { verbose: (text) => statements.push(String(text)) });
  db.pragma('journal_mode = WAL');
  db.exec(`
    create table parents (id integer primary key) strict;
    create table rows (
      id integer primary key,
      parent integer references parents (id) deferrable initially deferred,
      filler text
    ) strict`);
  statements.length = 0;
  t.teardown(() => db.close());
  return {
    db,
    commits: () => statements.filter((text) => text === 'COMMIT').length,
    // Another connection sees what is committed and nothing else.
    ids: () => {
      const reader = new Database(file, { readonly: true });
      const rows = reader.prepare('select id from rows order by id').all() as { id: number }[];
      reader.close();
      return rows.map(({ id }) => id);
    },
  };
}

t.test('the writes of one turn share a transaction, each gets its value', async (t) => {
  const { db, commits, ids } = traced(t);
  const batch = new WriteBatch(db);
  const insert = db.prepare('insert into rows (id) values (?)');
  const values = await Promise.all(
    Array.from({ length: 100 }, (_each, i) => batch.write(() => insert.run(i).lastInsertRowid)),
  );
  t.same(
    values,
    Array.from({ length: 100 }, (_each, i) => i),
  );
  t.equal(commits(), 1);
  t.equal(ids().length, 100);
  await batch.write(() => insert.run(100));
  t.equal(commits(), 2, 'the next turn has its own');
});

t.test('a batch is bounded', async (t) => {
  const { db, commits } = traced(t);
  const batch = new WriteBatch(db, 10);
  const insert = db.prepare('insert into rows (id) values (?)');
  await Promise.all(Array.from({ length: 25 }, (_each, i) => batch.write(() => insert.run(i))));
  t.equal(commits(), 3);
});

t.test('nobody is answered before the commit', async (t) => {
  const { db, ids } = traced(t);
  const batch = new WriteBatch(db);
  const insert = db.prepare('insert into rows (id) values (?)');
  const seen = await Promise.all([1, 2, 3].map((id) => batch.write(() => insert.run(id)).then(ids)));
  t.same(seen, [
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

t.test('a write that throws takes back itself and rejects alone', async (t) => {
  const { db, commits, ids } = traced(t);
  const batch = new WriteBatch(db);
  const insert = db.prepare('insert into rows (id) values (?)');
  const settled = await Promise.allSettled([
    batch.write(() => insert.run(1)),
    batch.write(() => {
      insert.run(2);
      throw new Error('changed my mind');
    }),
    batch.write(() => {
      insert.run(3);
      insert.run(1);
    }),
    batch.write(() => insert.run(4)),
  ]);
  t.same(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
  );
  t.match(settled[1], { reason: { message: 'changed my mind' } });
  t.match(settled[2], { reason: { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' } });
  t.same(ids(), [1, 4]);
  t.equal(commits(), 1);
});

t.test('a commit that fails rejects every write of it, and the next batch is served', async (t) => {
  const { db, ids } = traced(t);
  db.pragma('foreign_keys = ON');
  const batch = new WriteBatch(db);
  const insert = db.prepare('insert into rows (id, parent) values (?, ?)');
  const settled = await Promise.allSettled([
    batch.write(() => insert.run(1, null)),
    // The parent is looked for at the commit only.
    batch.write(() => insert.run(2, 7)),
    batch.write(() => insert.run(3, null)),
  ]);
  for (const each of settled) t.match(each, { reason: { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' } });
  t.same(ids(), []);
  t.equal(db.inTransaction, false);
  await batch.write(() => insert.run(4, null));
  t.same(ids(), [4]);
});

t.test('in a full database exactly what was acknowledged is there, and space helps', async (t) => {
  const { db, ids } = traced(t);
  const pages = db.pragma('page_count', { simple: true }) as number;
  db.pragma(`max_page_count = ${pages + 10}`);
  const batch = new WriteBatch(db, 20);
  const insert = db.prepare('insert into rows (id, filler) values (?, ?)');
  const filler = 'x'.repeat(1_500);
  const write = (id: number) => batch.write(() => insert.run(id, filler));
  const settled = await Promise.allSettled(Array.from({ length: 60 }, (_each, i) => write(i)));
  const acknowledged = settled.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
  t.ok(acknowledged.length < 60, 'it was full');
  for (const each of settled)
    if (each.status === 'rejected') t.match(each, { reason: { code: 'SQLITE_FULL' } });
  t.same(ids(), acknowledged);
  db.pragma(`max_page_count = ${pages + 100}`);
  await write(1_000);
  t.same(ids(), [...acknowledged, 1_000]);
});
