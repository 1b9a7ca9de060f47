import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { RestartCommand } from '../messages/agents.js';
import { VigilError } from '../messages/errors.js';

/** How long it is watched: what fails, mostly does so at once. */
const SETTLE_MS = 1_000;
const LAST_CHARS = 500;

export interface CommandStart {
  readonly pid: number;
  /** Null while it runs. 128 + n when signal n ended it. */
  readonly exitCode: number | null;
  /** The end of what it said, when it has ended. */
  readonly output: string;
}

/**
 * Starts an agent's restart command, apart from this process: it goes on when this one ends. No shell.
 *
 * @param logFile takes its output; written anew.
 * @throws VigilError NOT_FOUND or FORBIDDEN when there is no such program or folder.
 */
export async function startCommand(
  { command, cwd }: RestartCommand,
  logFile: string | undefined,
): Promise<CommandStart> {
  const [file = '', ...args] = command;
  const log = logFile === undefined ? undefined : openSync(logFile, 'w', 0o600);
  const out = log ?? 'ignore';
  try {
    const child = spawn(file, args, { cwd, detached: true, stdio: ['ignore', out, out] });
    const pid = await spawned(child, file);
    child.unref();
    const exitCode = await settled(child);
    const output = exitCode === null || logFile === undefined ? '' : readFileSync(logFile, 'utf8');
    return { pid, exitCode, output: output.trim().slice(-LAST_CHARS) };
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

function spawned(child: ChildProcess, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'ENOENT' ? 'NOT_FOUND' : 'FORBIDDEN';
      const text = `restart command ${JSON.stringify(file)} cannot be run (${error.code}); check it and its cwd`;
      reject(new VigilError(code, text, { cause: error }));
    });
  });
}

function settled(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(null), SETTLE_MS);
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
