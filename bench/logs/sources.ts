import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Real logs, and files of any size made of them. */

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export const CLAUDE = ['agentcmd-nav-user-initials', 'spotter-agent-a2898e3', 'spotter-tool_heavy'].map(
  (name) => file(`fleet/logs/${name}.jsonl`),
);
export const CODEX = [file('test/logs/fixtures/codex-rollout.txt')];

export function bytesOf(paths: readonly string[]): Buffer {
  return Buffer.concat(paths.map((path) => readFileSync(path)));
}

/** Writes a file of at least that size by repeating the logs. @returns its size. */
export function writeLarge(path: string, content: Buffer, bytes: number): number {
  const copies = Math.max(1, Math.floor((8 * 1024 * 1024) / content.length));
  const block = Buffer.concat(Array.from({ length: copies }, () => content));
  const handle = openSync(path, 'w');
  let written = 0;
  try {
    while (written < bytes) written += writeSync(handle, block);
  } finally {
    closeSync(handle);
  }
  return written;
}
