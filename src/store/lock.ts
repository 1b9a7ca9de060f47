import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { messageOf, VigilError } from '../messages/errors.js';
import Database from './sqlite.js';

/**
 * The lock of a data directory: an exclusive SQLite transaction on a file beside the database. The kernel frees it with the
 * process, however that ends, so it is never stale, and the database itself stays readable for others.
 */
export function lockFile(dataDir: string): string {
  return join(dataDir, 'supervisor.lock');
}

/** Locks that are held: one that nobody refers to would be closed, and so freed, by the garbage collector. */
const held = new Set<Handle>();

/**
 * @param taken what is said when another process has it.
 * @throws VigilError STORE when another process has it, or the folder cannot be used.
 */
export function takeLock(
  dataDir: string,
  taken = `another supervisor runs on ${dataDir}; stop it first, or set dataDir to another folder`,
): Handle {
  let lock: Handle | undefined;
  try {
    lock = new Database(lockFile(dataDir), { timeout: 0 });
    lock.exec('begin exclusive');
    for (const each of held) if (!each.open) held.delete(each);
    held.add(lock);
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) throw new VigilError('STORE', taken);
    throw new VigilError(
      'STORE',
      `data directory ${dataDir} cannot be used (${messageOf(error)}); mend its rights or set dataDir`,
    );
  }
}

/** Whether a supervisor has it now. */
export function isLocked(dataDir: string): boolean {
  const file = lockFile(dataDir);
  if (!existsSync(file)) return false;
  const lock = new Database(file, { timeout: 0, fileMustExist: true });
  try {
    lock.exec('begin exclusive; rollback');
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    lock.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
