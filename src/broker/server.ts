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

export interface ServerOptions {
  readonly program: ServerProgram;
  /** Folder of the broker's files: configuration, store, what is running. */
  readonly folder: string;
  /** Wanted port; a free one is taken when it is in use, and when it is 0. */
  readonly port: number;
  readonly prefix: string;
  readonly keys: Readonly<Record<Role, RoleKey>>;
}

/** A nats-server that Vigil runs. It keeps its port over restarts, so that clients find it again. */
export class BrokerServer {
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;
  #port: number | undefined;
  #pid: number | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
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
   * @throws VigilError BROKER with the server's last words.
   */
  async start(exited: (error: Error) => void): Promise<void> {
    const { folder, port, prefix, keys, program } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const before = await endLeftover(folder);
    this.#port = await usablePort(this.#port ?? before ?? port);
    const file = await writeConfiguration({
      folder,
      prefix,
      keys,
      port: this.#port,
      version: program.version,
    });
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
    await Promise.all([ready, noteServer(folder, child.pid, this.#port)]);
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
