import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { VigilError } from '../messages/errors.js';
import { writeConfiguration } from './configuration.js';
import type { ServerProgram } from './find-server.js';
import type { Role, RoleKey } from './keys.js';
import { endLeftover, forgetServer, noteServer } from './leftover.js';

const READY_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 5_000;
/** How long a restart waits for its port; the restart policy tries again after it. */
const PORT_WAIT_MS = 2_000;
const PORT_RETRY_MS = 50;

export interface ServerOptions {
  readonly program: ServerProgram;
  /** Folder of the broker's files: configuration, store, what is running. */
  readonly folder: string;
  /** Wanted port; the first start takes a free one when it is in use, and when it is 0. */
  readonly port: number;
  readonly prefix: string;
  readonly keys: Readonly<Record<Role, RoleKey>>;
}

/** A nats-server that Vigil runs. It keeps its port over restarts, so that clients find it again. */
export class BrokerServer {
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;
  /** Set once it has taken connections there: from then on clients know it by this port. */
  #port: number | undefined;
  #pid: number | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Of its files. */
  get folder(): string {
    return this.#options.folder;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /**
   * Starts it and returns when it takes connections.
   *
   * @param exited called when it ends without having been stopped.
   * @throws VigilError BROKER with the server's last words; at a restart, also when its port is taken.
   */
  async start(exited: (error: Error) => void): Promise<void> {
    const { folder, prefix, keys, program } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const before = await endLeftover(folder);
    const port =
      this.#port === undefined ? await usablePort(before ?? this.#options.port) : await samePort(this.#port);
    const file = await writeConfiguration({ folder, prefix, keys, port, version: program.version });
    // Its own process group: Ctrl-C in a terminal goes to the supervisor, which stops the broker last.
    const child = spawn(program.path, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    this.#child = child;
    const lastWords: string[] = [];
    const ready = new Promise<void>((resolve, reject) => {
      const fail = (why: string) => {
        reject(
          new VigilError(
            'BROKER',
            `nats-server ${why}${lastWords.length > 0 ? `: ${lastWords.join(' | ')}` : ''}`,
          ),
        );
      };
      const late = setTimeout(() => {
        child.kill('SIGKILL');
        fail(`was not ready within ${READY_TIMEOUT_MS} ms`);
      }, READY_TIMEOUT_MS);
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (/\[(?:FTL|ERR)\]/.test(line) || !line.startsWith('[')) lastWords.push(line.slice(0, 300));
        if (lastWords.length > 5) lastWords.shift();
        if (!line.includes('Server is ready')) return;
        clearTimeout(late);
        this.#pid = child.pid;
        this.#port = port;
        resolve();
      });
      child.once('error', (error) => {
        clearTimeout(late);
        fail(`could not be started: ${error.message}`);
      });
      child.once('exit', (code, signal) => {
        clearTimeout(late);
        const how = signal ?? `exit ${code}`;
        const wasReady = this.#pid !== undefined;
        const wasStopped = this.#child !== child;
        this.#pid = undefined;
        if (!wasStopped) this.#child = undefined;
        if (!wasReady) fail(`ended at start (${how})`);
        else if (!wasStopped) exited(new VigilError('BROKER', `nats-server ended (${how})`));
      });
    });
    // Noted before it is ready: who starts it may be killed meanwhile.
    await Promise.all([ready, noteServer(folder, child.pid, port)]);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(force);
    await forgetServer(this.#options.folder);
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }
}

/** `wanted` when it is free, else a free one. */
async function usablePort(wanted: number): Promise<number> {
  return (await listenOnce(wanted)) ?? (await listenOnce(0)) ?? wanted;
}

/**
 * Waits until it is free. Elsewhere a restarted broker would be found by nobody: whoever was connected dials this port.
 *
 * @throws VigilError BROKER when it stays taken.
 */
async function samePort(port: number): Promise<number> {
  const endsAt = performance.now() + PORT_WAIT_MS;
  while ((await listenOnce(port)) === undefined) {
    if (performance.now() > endsAt) {
      throw new VigilError(
        'BROKER',
        `port ${port} of nats-server was taken by another program while it was down, and its clients know it there; end that program, or restart Vigil: it then takes another port`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, PORT_RETRY_MS));
  }
  return port;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const got = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(got));
    });
  });
}
