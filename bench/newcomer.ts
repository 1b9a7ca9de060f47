import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { print, row } from './report.js';

/**
 * The way of a newcomer, in seconds: `vigil watch --once` on sessions of Claude Code under a home of their own, with nothing
 * configured, up to its first verdict; with `--clone` also what is before it, `git clone` and `npm ci`.
 *
 *     node dist/bench/newcomer.js [--logs FOLDER] [--clone]
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** People are promised five minutes. */
const PROMISED_SECONDS = 300;
/** What a command may take that is called at a whim. */
const PATIENCE_SECONDS = 10;

const { values } = parseArgs({
  options: {
    logs: { type: 'string', default: join(ROOT, 'fleet/logs') },
    clone: { type: 'boolean', default: false },
    json: { type: 'boolean' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'vigil-newcomer-'));
const { logs } = values;
try {
  const home = join(folder, 'home');
  const sessions = copySessions(home);
  const beganAt = performance.now();
  const root = values.clone ? await clone() : ROOT;
  const preparedAt = performance.now();
  const first = await firstVerdict(root, home);
  const seconds = (performance.now() - beganAt) / 1_000;
  print(
    row(
      'vigil watch --once to the first verdict',
      first / PATIENCE_SECONDS,
      1,
      'below',
      `${first.toFixed(1)} s, ${sessions} sessions`,
    ),
  );
  if (values.clone)
    print(
      row(
        'git clone to the table of all sessions',
        seconds / PROMISED_SECONDS,
        1,
        'below',
        `${seconds.toFixed(0)} s, of which clone and npm ci ${((preparedAt - beganAt) / 1_000).toFixed(0)} s`,
      ),
    );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Each log a session of a project of its own, written just now. @returns how many. */
function copySessions(home: string): number {
  const names = readdirSync(logs).filter((name) => name.endsWith('.jsonl'));
  for (const name of names) {
    const project = join(home, '.claude/projects', `-work-${basename(name, '.jsonl')}`);
    mkdirSync(project, { recursive: true });
    const session = join(project, name);
    cpSync(join(logs, name), session);
    utimesSync(session, new Date(), new Date());
  }
  return names.length;
}

async function clone(): Promise<string> {
  const root = join(folder, 'vigil');
  await run('git', ['clone', '--quiet', ROOT, root], folder);
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], root);
  return root;
}

async function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}`);
}

/** @returns seconds to the first verdict; resolves when the command has ended. */
async function firstVerdict(root: string, home: string): Promise<number> {
  const cwd = join(folder, 'work');
  mkdirSync(cwd);
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(root, 'dist/src/cli/main.js'), 'watch', '--once', '--json'], {
    cwd,
    env: { ...process.env, HOME: home, VIGIL_NATS_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let first: number | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('alignmentScore')) first ??= (performance.now() - startedAt) / 1_000;
  }
  if (first === undefined) throw new Error('vigil watch --once gave no verdict');
  return first;
}
