import { resolve } from 'node:path';
import type { ChildSpec } from '../actors/runtime/supervision.js';
import { VigilError } from '../messages/errors.js';
import type { Settings } from '../settings/schema.js';
import { findServer } from './find-server.js';
import { getServer } from './get-server.js';
import { type Role, roleKeys } from './keys.js';
import { BrokerServer } from './server.js';

/** Where a broker of ours has its configuration and its store. */
export function brokerFolder(dataDir: string): string {
  return resolve(dataDir, 'nats');
}

/** The broker of this system: one that Vigil runs, or one that is there already. */
export interface Broker {
  /** Undefined for a broker that is not ours. */
  readonly server: BrokerServer | undefined;
  /** Where to connect and with what, by role. */
  access(role: Role): {
    readonly url: string;
    readonly nkeyFile?: string | undefined;
    readonly credsFile?: string | undefined;
  };
}

/**
 * Prepares the broker; one of our own is not started yet.
 *
 * @param onStep told of steps that take long.
 * @throws VigilError BROKER when no nats-server is found and none may or can be got.
 */
export async function prepareBroker(
  settings: Settings,
  dataDir: string,
  onStep: (text: string) => void,
): Promise<Broker> {
  const { nats, prefix } = settings;
  const { url } = nats;
  if (url !== undefined) {
    return { server: undefined, access: () => ({ url, nkeyFile: nats.nkeyFile, credsFile: nats.credsFile }) };
  }
  const ownFolder = resolve(dataDir, 'bin');
  const found = await findServer(nats.server, ownFolder);
  if (found === undefined && !nats.install) {
    throw new VigilError(
      'BROKER',
      'no nats-server found in PATH; install it (https://nats.io/download), set nats.server to its path, or allow nats.install',
    );
  }
  const program = found ?? (await getServer({ ownFolder, releaseUrl: nats.releaseUrl, onStep }));
  const keys = await roleKeys(dataDir);
  const server = new BrokerServer({
    program,
    folder: brokerFolder(dataDir),
    port: nats.port,
    prefix,
    keys,
  });
  return { server, access: (role) => ({ url: server.url, nkeyFile: keys[role].seedFile }) };
}

/** A broker of ours as a child of the supervision tree. */
export function brokerChild(server: BrokerServer): ChildSpec {
  return {
    kind: 'broker',
    id: 'nats-server',
    restart: 'permanent',
    shutdownMs: 6_000,
    start: (exited) => server.start(exited),
    stop: () => server.stop(),
    kill: () => server.kill(),
  };
}
