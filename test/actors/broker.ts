import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NatsConnection } from 'nats';
import type { Test } from 'tap';
import { Bus } from '../../src/actors/runtime/bus.js';
import { connectBroker } from '../../src/broker/connect.js';
import { findServer } from '../../src/broker/find-server.js';
import type { DeadLetter } from '../../src/messages/results.js';

export type Letter = Omit<DeadLetter, 'at'>;

/** A nats-server of the test's own, which ends with it. */
export class TestBroker {
  readonly #program: string;
  readonly #folder: string;
  readonly #maxPayload: number;
  #child: ChildProcess | undefined;
  #port = -1;

  private constructor(program: string, folder: string, maxPayload: number) {
    this.#program = program;
    this.#folder = folder;
    this.#maxPayload = maxPayload;
  }

  static async start(t: Test, options: { maxPayload?: number } = {}): Promise<TestBroker> {
    const program = await findServer(undefined, '');
    if (program === undefined) throw new Error('these tests need nats-server in PATH');
    const folder = await mkdtemp(join(tmpdir(), 'vigil-broker-'));
    const broker = new TestBroker(program.path, folder, options.maxPayload ?? 1_048_576);
    t.teardown(async () => {
      await broker.kill();
      await rm(folder, { recursive: true, force: true });
    });
    await broker.start();
    return broker;
  }

  get port(): number {
    return this.#port;
  }

  /** On the port that it had before. */
  async start(): Promise<void> {
    const file = join(this.#folder, 'nats.conf');
    const lines = [
      'host: 127.0.0.1',
      `port: ${this.#port}`,
      `max_payload: ${this.#maxPayload}`,
      `jetstream { store_dir: ${JSON.stringify(join(this.#folder, 'store'))} }`,
    ];
    await writeFile(file, lines.join('\n'));
    const child = spawn(this.#program, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line);
      const port = /Listening for client connections on .*:(\d+)/.exec(line)?.[1];
      if (port !== undefined) this.#port = Number(port);
      if (line.includes('Server is ready')) {
        child.stderr.resume();
        return;
      }
    }
    throw new Error(`nats-server did not start: ${said.join('\n')}`);
  }

  /** As `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** As `kill -STOP`: it hangs, its connections stay. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** As a container that was made anew without a volume. Between `kill` and `start`. */
  async emptyStore(): Promise<void> {
    await rm(join(this.#folder, 'store'), { recursive: true, force: true });
  }

  async connect(t: Test, name = 'test', options: { port?: number; pingIntervalMs?: number } = {}) {
    const connection = await connectBroker(
      {
        url: `nats://127.0.0.1:${options.port ?? this.#port}`,
        connectTimeoutMs: 5_000,
        pingIntervalMs: options.pingIntervalMs ?? 10_000,
      },
      name,
      inboxOf(name),
    );
    t.teardown(() => connection.close());
    return connection;
  }

  /** A bus on a connection of its own, with the dead letters that it met. */
  async bus(t: Test, name = 'test'): Promise<{ bus: Bus; connection: NatsConnection; letters: Letter[] }> {
    const connection = await this.connect(t, name);
    const letters: Letter[] = [];
    const bus = new Bus(connection, inboxOf(name), (letter) => letters.push(letter));
    t.teardown(() => bus.close());
    await connection.flush();
    return { bus, connection, letters };
  }
}

export function inboxOf(name: string): string {
  return `_INBOX_${name}`;
}
