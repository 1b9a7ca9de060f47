import type { Database } from 'better-sqlite3';
import { VigilError } from '../messages/errors.js';
import { migration0001 } from './migrations/0001-record.js';
import { migration0002 } from './migrations/0002-spend.js';
import { migration0003 } from './migrations/0003-steering.js';
import { migration0004 } from './migrations/0004-health.js';
import { migration0005 } from './migrations/0005-github.js';
import { migration0006 } from './migrations/0006-checkpoints.js';
import { migration0007 } from './migrations/0007-tasks.js';
import { migration0008 } from './migrations/0008-usage.js';
import { migration0009 } from './migrations/0009-issue-tasks.js';
import { migration0010 } from './migrations/0010-unseen.js';
import { migration0011 } from './migrations/0011-coherence-by-time.js';
import { migration0012 } from './migrations/0012-usage-totals.js';
import { migration0013 } from './migrations/0013-lighter-indexes.js';
import { migration0014 } from './migrations/0014-raised-budgets.js';

/** In order, never changed once released; `user_version` of the database counts those that were applied. */
export const MIGRATIONS: readonly string[] = [
  migration0001,
  migration0002,
  migration0003,
  migration0004,
  migration0005,
  migration0006,
  migration0007,
  migration0008,
  migration0009,
  migration0010,
  migration0011,
  migration0012,
  migration0013,
  migration0014,
];

/**
 * Brings the database to the newest schema, each step in a transaction of its own: a kill half-way leaves the step
 * undone, and the next start does it.
 *
 * @throws VigilError STORE when the database is from a newer Vigil.
 */
export function migrate(database: Database, migrations: readonly string[] = MIGRATIONS): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > migrations.length) {
    throw new VigilError(
      'STORE',
      `${database.name} has schema ${version}, this Vigil knows up to ${migrations.length}; use the newer Vigil that wrote it, or another dataDir`,
    );
  }
  for (let next = version; next < migrations.length; next++) {
    database.transaction(() => {
      database.exec(migrations[next] ?? '');
      database.pragma(`user_version = ${next + 1}`);
    })();
  }
}
