import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOlder } from './find-server.js';
import type { Role, RoleKey } from './keys.js';

/** First nats-server that can flush before it acknowledges (`sync_interval: always`). */
const KNOWS_SYNC_ALWAYS = [2, 10, 0] as const;

export interface Configuration {
  /** Folder of the broker's own files. */
  readonly folder: string;
  readonly port: number;
  readonly prefix: string;
  readonly keys: Readonly<Record<Role, RoleKey>>;
  readonly version: readonly number[];
}

/**
 * Writes the broker's configuration: the shipped `nats.conf` with its variables defined in front.
 *
 * @returns the file's path.
 */
export async function writeConfiguration(configuration: Configuration): Promise<string> {
  const { folder, port, prefix, keys, version } = configuration;
  const shipped = await readFile(new URL('../../../nats.conf', import.meta.url), 'utf8');
  const quoted = (text: string) => JSON.stringify(text);
  const variables = [
    `VIGIL_SERVER_NAME: ${quoted(`${prefix}-${process.pid}`)}`,
    `VIGIL_PORT: ${port}`,
    `VIGIL_STORE: ${quoted(join(folder, 'store'))}`,
    `VIGIL_SUPERVISOR_KEY: ${keys.supervisor.publicKey}`,
    `VIGIL_HOST_KEY: ${keys.host.publicKey}`,
    `VIGIL_CLIENT_KEY: ${keys.client.publicKey}`,
    `VIGIL_AGENT_KEY: ${keys.agent.publicKey}`,
  ];
  let body = shipped;
  if (prefix !== 'vigil') body = withPrefix(body, prefix);
  if (!isOlder(version, KNOWS_SYNC_ALWAYS))
    body = body.replace(/# vigil:sync-always.*/, 'sync_interval: always');
  const file = join(folder, 'nats.conf');
  await writeFile(file, `${variables.join('\n')}\n\n${body}`, { mode: 0o600 });
  return file;
}

function withPrefix(body: string, prefix: string): string {
  return body
    .replaceAll('"vigil.', `"${prefix}.`)
    .replaceAll('VIGIL_RESULTS', `${prefix.toUpperCase()}_RESULTS`)
    .replaceAll('vigil_hosts', `${prefix}_hosts`)
    .replaceAll('vigil_placement', `${prefix}_placement`);
}
