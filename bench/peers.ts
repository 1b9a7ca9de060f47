import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../bench/peers/', import.meta.url));

/** Loads a peer; the peers are installed when one is missing, so that the product's own install stays small. */
export function peer<T>(name: string): T {
  if (!existsSync(`${FOLDER}node_modules/${name}`)) {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: FOLDER,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return createRequire(`${FOLDER}package.json`)(name) as T;
}
