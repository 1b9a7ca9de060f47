import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { testFolder } from '../folder.js';
import { connectClient, ROOT } from '../system/processes.js';

export const CHECKOUT = '.claude/projects/-home-me-work-checkout';
export const LONG = '.claude/projects/-Users-me-Dev-src-agent-workflows-monorepo-v2';

/** Real sessions of Claude Code, by where they lie. The last is a sub-agent's. */
const CLAUDE: Readonly<Record<string, string>> = {
  [`${CHECKOUT}/2d984148-cddb-4605-aac1-13e720fe613c.jsonl`]: 'agentcmd-nav-user-initials.jsonl',
  [`${LONG}/d6e0bada-1959-4eec-a9d2-0bfade768d8f.jsonl`]: 'spotter-tool_heavy.jsonl',
  [`${CHECKOUT}/agent-a2898e3.jsonl`]: 'spotter-agent-a2898e3.jsonl',
};

export const CODEX =
  '.codex/sessions/2026/01/02/rollout-2026-01-02T10-00-00-0199a213-81a2-7abc-9def-0123456789ab.jsonl';

/** Fills a folder with a home as Claude Code and Codex leave it. */
export function fillHome(home: string): void {
  for (const [path, log] of Object.entries(CLAUDE)) addLog(home, path, log);
  addText(home, CODEX, codexSession('/srv/shop api', 'Speed up the search'));
  // What else lies there, and is no session.
  addText(home, `${CHECKOUT}/notes.jsonl`, '{"shopping": ["milk"]}\n');
  addText(home, `${CHECKOUT}/memory/MEMORY.md`, '# Notes\n');
  addText(home, '.codex/history.jsonl', '{"session_id":"x","text":"hi"}\n');
}

export function addLog(home: string, path: string, log: string): string {
  const target = join(home, path);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(ROOT, 'fleet/logs', log), target);
  return target;
}

export function addText(home: string, path: string, text: string): string {
  const target = join(home, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  return target;
}

/** Last changed so long ago. */
export function age(path: string, hours: number): void {
  const at = Date.now() / 1_000 - hours * 3_600;
  utimesSync(path, at, at);
}

export function codexSession(cwd: string, request: string): string {
  const record = (type: string, payload: object) =>
    `${JSON.stringify({ timestamp: '2026-01-02T10:00:00.000Z', type, payload })}\n`;
  return (
    record('session_meta', { id: '0199a213-81a2-7abc-9def-0123456789ab', cwd, originator: 'codex_cli_rs' }) +
    record('event_msg', { type: 'user_message', message: request }) +
    record('response_item', {
      type: 'function_call',
      name: 'shell',
      arguments: '{"command":["ls"]}',
      call_id: 'c1',
    }) +
    record('response_item', { type: 'function_call_output', call_id: 'c1', output: 'README.md' })
  );
}

/** Of every file below: its name, content and times. */
export function treeHash(folder: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).sort(byPath)) {
    const path = join(entry.parentPath, entry.name);
    const { mtimeMs, ctimeMs, size, mode } = statSync(path);
    hash.update(JSON.stringify([path, mtimeMs, ctimeMs, size, mode]));
    if (entry.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

function byPath(a: { parentPath: string; name: string }, b: { parentPath: string; name: string }): number {
  return join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1;
}

export interface Place {
  readonly cwd: string;
  readonly home: string;
  readonly env: Record<string, string>;
}

/** A home with sessions, and a folder to start from that has nothing in it. */
export function place(t: Test): Place {
  const folder = testFolder(t, { home: {}, cwd: {} });
  const home = join(folder, 'home');
  fillHome(home);
  const env: Record<string, string> = { HOME: home, CODEX_HOME: '', VIGIL_WATCH_POLL_MS: '200' };
  return { cwd: join(folder, 'cwd'), home, env };
}

export async function agentsOf(t: Test, cwd: string): Promise<{ id: string; host: string | null }[]> {
  const nc = await connectClient(t, cwd);
  const reply = await nc.request('vigil.rpc.agents.list', '{}', { timeout: 5_000 });
  return reply.json<{ agents: { id: string; host: string | null }[] }>().agents;
}
