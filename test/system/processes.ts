import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type NatsConnection, nkeyAuthenticator } from 'nats';

/** The built project, as a user has it after `npm ci`. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const CLI = join(ROOT, 'dist/src/cli/main.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of the machine that the tests run on, and of their runner. */
const OTHERS = /^(?:VIGIL_|_?TAP|NODE_OPTIONS$)/;

/** The environment without settings that a user does not have. */
export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => !OTHERS.test(name));
  return { ...Object.fromEntries(inherited), NO_COLOR: '1', ...extra } as Record<string, string>;
}

/**
 * Starts a program as a user would. The runner of the tests loads itself into every Node process below it, by NODE_OPTIONS,
 * and listens to its signals there: `env` takes it off again, and is the program from then on.
 */
export function spawnAsUser(
  program: string,
  args: readonly string[],
  options: SpawnOptions & { readonly env: Record<string, string> },
): ChildProcess {
  const { NODE_OPTIONS: own, ...env } = options.env;
  const without = ['-u', 'NODE_OPTIONS', ...(own === undefined ? [] : [`NODE_OPTIONS=${own}`])];
  return spawn('env', [...without, program, ...args], { ...options, env });
}

/** A process that runs, with what it said. Killed at the end of the test if it still runs. */
export class Running {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #exit: Promise<number | null>;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#exit = once(child, 'close').then(([code]) => code as number | null);
  }

  async finished(): Promise<Finished> {
    return { code: await this.#exit, stdout: this.stdout, stderr: this.stderr };
  }

  /** Resolves when a line of standard output matches; rejects when the process ends before, or after a minute. */
  async says(pattern: RegExp): Promise<string> {
    const tooLate = AbortSignal.timeout(60_000);
    const failed = (what: string) => new Error(`${what} ${pattern}: ${this.stdout}${this.stderr}`);
    for (;;) {
      const line = this.stdout.split('\n').find((text) => pattern.test(text));
      if (line !== undefined) return line;
      const ended = await Promise.race([
        this.#exit.then(() => true),
        once(this.child.stdout as NodeJS.ReadableStream, 'data', { signal: tooLate }).then(
          () => false,
          () => {
            throw failed('waited a minute for');
          },
        ),
      ]);
      if (ended) throw failed('ended without saying');
    }
  }
}

interface Test {
  teardown(action: () => void | Promise<void>): void;
}

export function vigil(
  t: Test,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string>; input?: string },
): Running {
  return run(t, CLI, args, options);
}

export function run(
  t: Test,
  script: string,
  args: readonly string[],
  { cwd, env = {}, input }: { cwd: string; env?: Record<string, string>; input?: string },
): Running {
  const child = spawnAsUser(process.execPath, [script, ...args], {
    cwd,
    env: cleanEnvironment({ VIGIL_NATS_PORT: '0', ...env }),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  return new Running(child);
}

/** A plain client with the rights of everybody, as any user of the broker has it. @param key another role's. */
export async function connectClient(t: Test, cwd: string, key?: 'supervisor'): Promise<NatsConnection> {
  const running = JSON.parse(readFileSync(join(cwd, '.vigil/supervisor.json'), 'utf8'));
  const { url } = running;
  const nkeyFile = key === undefined ? running.nkeyFile : join(cwd, `.vigil/keys/${key}.nk`);
  const seed = new TextEncoder().encode(readFileSync(nkeyFile, 'utf8').trim());
  const connection = await connect({
    servers: url,
    authenticator: nkeyAuthenticator(seed),
    reconnectTimeWait: 50,
    ...(key === undefined ? {} : { inboxPrefix: `_INBOX_${key}.test` }),
  });
  t.teardown(() => connection.close());
  return connection;
}

export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** The nats-server that a supervisor has started. */
export function brokerOf(supervisor: number): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const [, program, parent] =
          /^\d+ \((.*)\) [^Z] (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return program === 'nats-server' && Number(parent) === supervisor;
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
}

/** Of the hosts that the fleet has now. */
export async function hostPids(nc: NatsConnection): Promise<number[]> {
  const reply = await nc.request('vigil.rpc.status', '{}', { timeout: 10_000 });
  return reply.json<{ hosts: { pid: number }[] }>().hosts.map(({ pid }) => pid);
}

/** Polls a condition that nothing announces. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | Promise<T | undefined>,
  ms = 20_000,
): Promise<T> {
  const endsAt = performance.now() + ms;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > endsAt) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
