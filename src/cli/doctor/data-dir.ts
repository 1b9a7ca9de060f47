import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { z } from 'zod';
import { isAlive } from '../../broker/leftover.js';
import { parseJson } from '../../messages/json.js';
import { isLocked, lockFile } from '../../store/lock.js';
import { MIGRATIONS } from '../../store/migrate.js';
import Database from '../../store/sqlite.js';
import { type Check, fail, ok, warn } from './check.js';

const GIGABYTE = 1_073_741_824;
const LEAST_BYTES = 104_857_600;
const FEW_BYTES = 2 * GIGABYTE;
/** Group and others. */
const OTHERS = 0o077;
const FUTURE_MS = 60_000;
/** What a supervisor notes of itself, as far as it is asked for here. */
const Noted = z.object({ pid: z.number().int().positive() });

/** The data directory: there, ours alone, and with room. */
export function checkDataDir(dataDir: string): Check[] {
  const folder = resolve(dataDir);
  if (!existsSync(folder)) {
    const above = firstThatExists(dirname(folder));
    return [
      isWritable(above)
        ? ok('data directory', `${folder} is made at the first start`)
        : fail('data directory', `${folder} cannot be made`, `mend the rights of ${above}, or set dataDir`),
      checkDisk(above),
    ];
  }
  const mode = statSync(folder).mode;
  const rights = isWritable(folder)
    ? mode & OTHERS
      ? warn('data directory', `others may look into ${folder}`, `chmod 700 ${folder}`)
      : ok('data directory', folder)
    : fail(
        'data directory',
        `${folder} cannot be written`,
        'mend its rights, or set dataDir to another folder',
      );
  return [rights, checkDisk(folder)];
}

function checkDisk(folder: string): Check {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const text = `${(free / GIGABYTE).toFixed(1)} GB free at ${folder}`;
  if (free < LEAST_BYTES) return fail('disk', text, 'make room, or set dataDir to another disk');
  if (free < FEW_BYTES)
    return warn('disk', text, 'make room; results.maxBytes and results.keepDays bound what Vigil keeps');
  return ok('disk', text);
}

/** Seeds are for their owner alone. */
export function checkKeys(dataDir: string, more: readonly (string | undefined)[]): Check[] {
  const folder = join(resolve(dataDir), 'keys');
  const own = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  const files = [...own, ...more.filter((file) => file !== undefined)];
  if (files.length === 0) return [ok('keys', 'none yet; made at the first start')];
  const checks = files.flatMap((file) => {
    if (!existsSync(file))
      return [fail('keys', `${file} is not there`, 'set nats.nkeyFile or nats.credsFile')];
    const open = (statSync(file).mode & OTHERS) !== 0;
    return open ? [fail('keys', `others may read ${file}`, `chmod 600 ${file}`)] : [];
  });
  return checks.length > 0 ? checks : [ok('keys', `${files.length} files, readable by their owner alone`)];
}

/** The database: whole, of a version that is known, and with no record of the future. */
export function checkDatabase(dataDir: string): Check[] {
  const file = join(resolve(dataDir), 'vigil.db');
  if (!existsSync(file)) return [ok('database', 'none yet; made at the first start')];
  const database = new Database(file, { readonly: true, timeout: 5_000 });
  try {
    const version = database.pragma('user_version', { simple: true }) as number;
    if (version > MIGRATIONS.length)
      return [
        fail(
          'database',
          `${file} has schema ${version}, this Vigil knows up to ${MIGRATIONS.length}`,
          'use the newer Vigil that wrote it, or another dataDir',
        ),
      ];
    const found = String(database.pragma('quick_check(1)', { simple: true }));
    if (found !== 'ok')
      return [fail('database', `${file} is damaged (${found})`, 'move it aside and restore a copy')];
    const megabytes = (statSync(file).size / 1_048_576).toFixed(1);
    const pending =
      version < MIGRATIONS.length
        ? `, brought from schema ${version} to ${MIGRATIONS.length} at the next start`
        : '';
    return [ok('database', `${file} is whole, ${megabytes} MB${pending}`), ...checkRecordedTimes(database)];
  } finally {
    database.close();
  }
}

/** A record of the future says that the clock was ahead, or that it was set back. */
function checkRecordedTimes(database: Handle): Check[] {
  const newest =
    database.prepare<[], { at: number | null }>('select max(at) as at from analyses').get()?.at ?? 0;
  const ahead = newest - Date.now();
  if (ahead < FUTURE_MS) return [];
  const text = `the newest analysis is of ${Math.round(ahead / 1_000)} s in the future`;
  return [warn('clock', text, "set this machine's clock right (timedatectl set-ntp true)")];
}

/** Who holds the data directory, and what a killed supervisor left. */
export function checkLock(dataDir: string): Check[] {
  const folder = resolve(dataDir);
  const noted = join(folder, 'supervisor.json');
  const pid = existsSync(noted) ? pidIn(noted) : undefined;
  const alive = pid !== undefined && isAlive(pid);
  if (isLocked(folder))
    return alive
      ? [ok('lock', `held by the supervisor, process ${pid}`)]
      : [
          warn(
            'lock',
            `a process holds ${folder} that did not say where it is`,
            `a supervisor that is just starting or ending; else find it with: fuser ${lockFile(folder)}`,
          ),
        ];
  if (pid === undefined) return [ok('lock', 'free')];
  return [
    warn(
      'lock',
      `${noted} was left by process ${pid}, which ${alive ? 'is another program now' : 'was killed'}`,
      'nothing has to be done: the next "vigil start" takes over',
    ),
  ];
}

function pidIn(file: string): number | undefined {
  return Noted.safeParse(parseJson(readFileSync(file, 'utf8'))).data?.pid;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function firstThatExists(path: string): string {
  return existsSync(path) ? path : firstThatExists(dirname(path));
}
