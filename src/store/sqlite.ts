import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';

const require = createRequire(import.meta.url);

/**
 * better-sqlite3, in the version that runs on this Node. Version 13 is built on Node-API 10, which Node 20 does not have;
 * with version 12, Node aborts the process from 24.19 on when a statement is collected while no JavaScript runs
 * (nodejs/node#65446).
 */
const Database: typeof BetterSqlite3 = hasNodeApi(10)
  ? (installed('better-sqlite3-napi') ?? require('better-sqlite3'))
  : require('better-sqlite3');
export default Database;

function hasNodeApi(version: number): boolean {
  return Number(process.versions.napi) >= version;
}

/** Undefined when it was left out (`npm ci --omit=optional`). */
function installed(name: string): typeof BetterSqlite3 | undefined {
  try {
    return require(name) as typeof BetterSqlite3;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
