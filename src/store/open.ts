import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { messageOf, VigilError } from '../messages/errors.js';
import { takeLock } from './lock.js';
import { migrate } from './migrate.js';
import Database from './sqlite.js';

const BUSY_TIMEOUT_MS = 5_000;

export interface OpenStore {
  readonly database: Handle;
  close(): void;
}

/**
 * Opens the database of a data directory for its one writer.
 *
 * @throws VigilError STORE when another supervisor has it, it cannot be written, is damaged or is from a newer Vigil.
 */
export function openStore(dataDir: string): OpenStore {
  makeWritable(dataDir);
  const lock = takeLock(dataDir);
  try {
    const database = openDatabase(join(dataDir, 'vigil.db'));
    return {
      database,
      close: () => {
        database.close();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

function makeWritable(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK);
  } catch (error) {
    throw new VigilError(
      'STORE',
      `data directory ${dataDir} cannot be written (${messageOf(error)}); mend its rights or set dataDir`,
    );
  }
}

function openDatabase(path: string): Handle {
  let database: Handle | undefined;
  try {
    database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    database.pragma('journal_mode = WAL');
    // What was acknowledged has to be on the disk: FULL syncs the log at every commit. Commits are batched.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    const check = database.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok')
      throw new VigilError(
        'STORE',
        `database ${path} is damaged (${String(check).replace(/\s+/g, ' ')}); move it aside and restore a copy`,
      );
    // A file that may not be written opens all the same, for reading: only a write shows it.
    database.exec('begin immediate; pragma user_version = 0; rollback');
    migrate(database);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof VigilError) throw error;
    const damaged = codeOf(error) === 'SQLITE_NOTADB' || codeOf(error).startsWith('SQLITE_CORRUPT');
    throw new VigilError(
      'STORE',
      damaged
        ? `database ${path} is damaged (${messageOf(error)}); move it aside and restore a copy`
        : `database ${path} cannot be opened (${messageOf(error)}); mend its rights or set dataDir`,
      { cause: error },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : '';
}
