import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, cleanEnvironment, isAlive, jsonLines, Running, spawnAsUser } from '../system/processes.js';

interface Test {
  teardown(action: () => void | Promise<void>): void;
}

/** Fast enough for tests; each can be set anew. */
const SETTINGS = {
  VIGIL_MANAGED_GRACE_MS: '1000',
  VIGIL_MANAGED_HEARTBEAT_MS: '100',
  VIGIL_MANAGED_BATCH_MS: '50',
  VIGIL_MANAGED_RECONNECT_MS: '500',
  VIGIL_MANAGED_RESTART_BACKOFF_MS: '20',
  VIGIL_MANAGED_RESTART_JITTER: '0',
};

export interface ManagedOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  /** Flags of `vigil run`, beside `--id a1`. */
  readonly flags?: readonly string[];
  readonly input?: 'ignore' | 'pipe';
}

/** `vigil run --id a1 … -- command`. What is left of it at the end of the test is ended by force. */
export class Managed extends Running {
  readonly #cwd: string;

  private constructor(child: ChildProcess, cwd: string) {
    super(child);
    this.#cwd = cwd;
  }

  static start(
    t: Test,
    command: readonly string[],
    { cwd, env = {}, flags = [], input = 'ignore' }: ManagedOptions,
  ): Managed {
    const args = [CLI, 'run', '--id', 'a1', ...flags, '--', ...command];
    const child = spawnAsUser(process.execPath, args, {
      cwd,
      env: cleanEnvironment({ ...SETTINGS, ...env }),
      stdio: [input, 'pipe', 'pipe'],
    });
    const managed = new Managed(child, cwd);
    t.teardown(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      // The first ends the agent in order, the second by force.
      child.kill('SIGTERM');
      child.kill('SIGINT');
      await ended;
    });
    return managed;
  }

  get folder(): string {
    return join(this.#cwd, '.vigil/agents/a1');
  }

  /** Records of one stream, rotated files included, the oldest first. */
  records(stream: 'stdout' | 'stderr' | 'session'): Record<string, unknown>[] {
    const names = readdirSync(this.folder).filter((name) => name.startsWith(`${stream}.jsonl`));
    const age = (name: string) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);
    return names
      .sort((a, b) => age(b) - age(a))
      .flatMap((name) => jsonLines(readFileSync(join(this.folder, name), 'utf8')));
  }

  texts(stream: 'stdout' | 'stderr' | 'session'): string[] {
    return this.records(stream).map(({ text }) => String(text));
  }
}

/** A script that runs in the agent's place. */
export function node(script: string): string[] {
  return [process.execPath, '-e', script];
}

/** Processes whose environment says that they belong to an agent of this folder. */
export function processesOf(cwd: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isAlive(pid) && environmentOf(pid).includes(`TEST_CWD=${cwd}`));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
