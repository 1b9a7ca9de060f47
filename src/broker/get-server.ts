import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, VigilError } from '../messages/errors.js';
import { findServer, type ServerProgram } from './find-server.js';

const run = promisify(execFile);

/** The release that is fetched where no package manager has one. */
export const RELEASE = 'v2.10.29';
const INSTALL_TIMEOUT_MS = 300_000;
const DOWNLOAD_TIMEOUT_MS = 120_000;

export interface Way {
  readonly name: string;
  /** False when this machine has not got it. */
  possible(): Promise<boolean>;
  get(): Promise<void>;
}

export interface GetOptions {
  /** Where a downloaded server is kept. */
  readonly ownFolder: string;
  readonly releaseUrl: string;
  /** Told what is being done; it can take a minute. */
  onStep(text: string): void;
}

/**
 * Gets a nats-server: by Debian's or Ubuntu's package manager (as root, or with sudo that asks no password), by
 * Homebrew, else the official release with its checksum verified.
 *
 * @throws VigilError BROKER with what was tried and what to do by hand.
 */
export async function getServer(options: GetOptions): Promise<ServerProgram> {
  const failures: string[] = [];
  for (const way of [apt(), homebrew(), release(options)]) {
    if (!(await way.possible())) continue;
    options.onStep(`No nats-server found; getting one: ${way.name}`);
    try {
      await way.get();
      const found = await findServer(undefined, options.ownFolder);
      if (found !== undefined) return found;
      failures.push(`${way.name}: installed, but nats-server is not in PATH`);
    } catch (error) {
      failures.push(`${way.name}: ${messageOf(error).trim().split('\n').at(-1)}`);
    }
  }
  throw new VigilError(
    'BROKER',
    `no nats-server found and none could be got (${failures.join('; ')}). Install it (https://nats.io/download), set nats.server to its path, or set VIGIL_NATS_URL to a running server`,
  );
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, [...args], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

function apt(): Way {
  const root = process.getuid?.() === 0;
  const prefix = root ? [] : ['sudo', '-n'];
  const apt = async (...args: string[]) => {
    const [command = 'apt-get', ...rest] = [...prefix, 'apt-get', ...args];
    await run(command, rest, {
      timeout: INSTALL_TIMEOUT_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  };
  return {
    name: `${root ? '' : 'sudo '}apt-get install nats-server`,
    possible: async () =>
      (await succeeds('apt-get', ['--version'])) && (root || (await succeeds('sudo', ['-n', 'true']))),
    get: async () => {
      await apt('update');
      await apt('install', '-y', '--no-install-recommends', 'nats-server');
    },
  };
}

function homebrew(): Way {
  return {
    name: 'brew install nats-server',
    possible: () => succeeds('brew', ['--version']),
    get: async () => {
      await run('brew', ['install', 'nats-server'], { timeout: INSTALL_TIMEOUT_MS });
    },
  };
}

/** The official release for this platform, taken only with the checksum that its SHA256SUMS names. */
export function release({ ownFolder, releaseUrl }: Omit<GetOptions, 'onStep'>): Way {
  const system = { linux: 'linux', darwin: 'darwin', win32: 'windows', freebsd: 'freebsd' }[
    process.platform as string
  ];
  const machine = { x64: 'amd64', arm64: 'arm64', arm: 'arm7' }[process.arch as string];
  const folder = `nats-server-${RELEASE}-${system}-${machine}`;
  const archive = process.platform === 'win32' ? `${folder}.zip` : `${folder}.tar.gz`;
  return {
    name: `official release ${RELEASE}`,
    possible: async () => system !== undefined && machine !== undefined,
    get: async () => {
      const base = `${releaseUrl}/${RELEASE}`;
      const sums = (await download(`${base}/SHA256SUMS`)).toString('utf8');
      const bytes = await download(`${base}/${archive}`);
      verifyChecksum(sums, archive, bytes);
      const scratch = await mkdtemp(join(tmpdir(), 'vigil-nats-'));
      try {
        await writeFile(join(scratch, archive), bytes);
        await run('tar', ['-xf', archive], { cwd: scratch, timeout: 60_000 });
        await mkdir(ownFolder, { recursive: true });
        const program = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
        await chmod(join(scratch, folder, program), 0o755);
        await moveInto(join(scratch, folder, program), join(ownFolder, program));
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
  };
}

/** The scratch folder may be on another file system, where a rename alone does not work. */
async function moveInto(from: string, to: string): Promise<void> {
  await copyFile(from, `${to}.part`);
  await rename(`${to}.part`, to);
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) }).catch(
    (error: unknown) => {
      // fetch says "fetch failed"; what failed is in the cause.
      const why = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new Error(`${url} cannot be fetched (${messageOf(why)})`, { cause: error });
    },
  );
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

function verifyChecksum(sums: string, archive: string, bytes: Buffer): void {
  // "<sum>  <file>", or "<sum> *<file>" for binary.
  const lines = sums.split('\n').map((text) => text.trim().split(/\s+\*?/));
  const expected = lines.find(([, file]) => file === archive)?.[0];
  if (expected === undefined) throw new Error(`no checksum for ${archive} in SHA256SUMS`);
  const got = createHash('sha256').update(bytes).digest('hex');
  if (got !== expected)
    throw new Error(`checksum of ${archive} is ${got}, SHA256SUMS says ${expected}: not used`);
}
