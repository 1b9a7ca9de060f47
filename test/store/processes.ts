import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Runs a role of `child.ts` until it has said `lines` lines.
 *
 * @returns it, running, with `kill` that ends it with SIGKILL and returns all lines it has said.
 */
export async function until(
  lines: number,
  role: string,
  dataDir: string,
): Promise<{ child: ChildProcess; kill(): Promise<string[]> }> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('child.js', import.meta.url)), role, dataDir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const said: string[] = [];
  const closed = once(child, 'close');
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line);
      if (said.length === lines) resolve();
    });
    child.once('exit', (code) => reject(new Error(`${role} ended (${code}) after ${said.length} lines`)));
  });
  return {
    child,
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
      return said;
    },
  };
}
