import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LogCollector } from '../../src/logs/collector.js';
import type { Draft } from '../../src/logs/formats/format.js';
import { type LogLimits, limitsFrom } from '../../src/logs/limits.js';
import { type ParseRequest, type ParseResult, parseChunk } from '../../src/logs/parse-chunk.js';
import type { AgentEvent, LogFormat } from '../../src/messages/agent-event.js';

/** Path of one of the real logs in fleet/logs. The compiled tests lie two folders deeper than their sources' parent. */
export function fleetLog(name: string): string {
  return fileURLToPath(new URL(`../../../fleet/logs/${name}`, import.meta.url));
}

/** Path of one of the excerpts in test/logs/fixtures. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../test/logs/fixtures/${name}`, import.meta.url));
}

/** A temporary folder that the test removes. */
export function temporaryFolder(test: { teardown(clean: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-logs-'));
  test.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const inThread = async (request: ParseRequest): Promise<ParseResult> => parseChunk(request);

export function collect(path: string, limits: Partial<LogLimits> = {}, root?: string): LogCollector {
  return new LogCollector({ path, parse: inThread, limits, ...(root !== undefined && { root }) });
}

export interface Parsed {
  readonly format: LogFormat | undefined;
  readonly unreadable: string | undefined;
  readonly events: readonly AgentEvent[];
  readonly notes: readonly string[];
  readonly unknown: number;
  readonly skipped: number;
}

/** Parses text as a whole log. */
export function parseText(text: string | Uint8Array, options: Partial<ParseRequest> = {}): Parsed {
  const bytes = typeof text === 'string' ? new Uint8Array(Buffer.from(text)) : text;
  const result = parseChunk({
    format: undefined,
    state: undefined,
    bytes,
    atEnd: true,
    final: true,
    flush: true,
    modifiedAt: null,
    limits: limitsFrom(),
    baseIndex: 0,
    ...options,
  });
  return { ...result, notes: result.notes.map((note) => note.text) };
}

/** How often each "role/kind" occurs. */
export function countKinds(events: readonly (AgentEvent | Draft)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of events) {
    const key = `${event.role}/${event.kind}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** JSON lines of the records. */
export function lines(...records: unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
