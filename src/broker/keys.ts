import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nkeys } from 'nats';
import { messageOf, VigilError } from '../messages/errors.js';

/** Who connects to the broker; each has a key pair, and the rights that `nats.conf` gives it. */
export const ROLES = ['supervisor', 'host', 'client', 'agent'] as const;
export type Role = (typeof ROLES)[number];

export interface RoleKey {
  readonly publicKey: string;
  /** File with the seed, mode 0600. */
  readonly seedFile: string;
}

/** The key pairs of `<dataDir>/keys`, made at first use. The broker gets the public halves only. */
export async function roleKeys(dataDir: string): Promise<Record<Role, RoleKey>> {
  const folder = join(dataDir, 'keys');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const of = (role: Role): RoleKey => {
    const seedFile = join(folder, `${role}.nk`);
    return { publicKey: publicKeyOf(seedFile), seedFile };
  };
  return { supervisor: of('supervisor'), host: of('host'), client: of('client'), agent: of('agent') };
}

function publicKeyOf(seedFile: string): string {
  let seed: Uint8Array;
  try {
    seed = readSeed(seedFile);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw new VigilError('BROKER', `${seedFile} cannot be read (${messageOf(error)}); mend its rights`, {
        cause: error,
      });
    }
    seed = nkeys.createUser().getSeed();
    writeFileSync(seedFile, `${new TextDecoder().decode(seed)}\n`, { mode: 0o600, flag: 'wx' });
  }
  try {
    return nkeys.fromSeed(seed).getPublicKey();
  } catch (error) {
    throw new VigilError(
      'BROKER',
      `${seedFile} is not an nkey seed (${messageOf(error)}); remove it and a new one is made`,
    );
  }
}

/** The seed in a file of one line, as the `nats` command line tool takes it, too. */
export function readSeed(seedFile: string): Uint8Array {
  return new TextEncoder().encode(readFileSync(seedFile, 'utf8').trim());
}
