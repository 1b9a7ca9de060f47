import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MIGRATIONS, migrate } from '../../src/store/migrate.js';
import Database from '../../src/store/sqlite.js';
import { createStore } from '../../src/store/store.js';

/** What a process that is killed does meanwhile; it says on standard output when it is at the point. */
const ROLES: Readonly<Record<string, (dataDir: string) => void>> = {
  /** Holds the data directory, though nothing refers to the store, and what nothing refers to has been collected. */
  hold: (dataDir) => {
    createStore(dataDir);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    setTimeout(() => {
      collect();
      say('held');
    }, 10);
    setInterval(() => {}, 1_000);
  },

  /** Stops in the middle of a migration that has changed the schema already. */
  migrate: (dataDir) => {
    const database = new Database(join(dataDir, 'vigil.db'));
    database.pragma('journal_mode = WAL');
    database.function('stop_here', () => {
      say('half-way');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return 0;
    });
    migrate(database, [...MIGRATIONS, 'create table half (a); drop table outbox; select stop_here();']);
  },

  /** Writes without end, and says which writes were acknowledged. */
  write: (dataDir) => {
    const store = createStore(dataDir);
    const writeOne = async (i: number): Promise<void> => {
      const id = `r${i}`;
      await store.write(() => {
        store.requests.accept(id, 'cycle', 'trigger', {}, i);
        store.outbox.add(`${id}.final`, 'vigil.result.cycle', { i });
      });
      say(id);
      await writeOne(i + 10);
    };
    for (let i = 0; i < 10; i++) void writeOne(i);
  },
};

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const [role = '', dataDir = ''] = process.argv.slice(2);
ROLES[role]?.(dataDir);
