import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../settings/schema.js';
import { isLoopback } from './access.js';

/**
 * The token that has to be shown: that of the settings; on an address that others can reach, one of our own, kept in the
 * data directory, so that an address which was opened once stays good.
 */
export function tokenFor(settings: Settings['http'], dataDir: string): string | undefined {
  if (settings.token !== undefined || isLoopback(settings.host)) return settings.token;
  const file = join(dataDir, 'http-token');
  try {
    const kept = readFileSync(file, 'utf8').trim();
    if (kept.length >= 16) return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = randomBytes(24).toString('base64url');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return token;
}
