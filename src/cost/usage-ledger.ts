import type { AgentEvent } from '../messages/agent-event.js';
import type { UsageRow } from '../messages/cost.js';

/** What an agent has used, by day and model, over all its sessions. Structured-cloneable. */
export interface UsageLedger {
  readonly rows: Map<string, LedgerRow>;
  /** Changes so far. */
  changes: number;
}

interface LedgerRow extends UsageRow {
  /** The ledger's change that changed it last. */
  changed: number;
}

/** Days times models; the oldest days go first, and are on record by then. */
const MAX_ROWS = 400;
const MAX_MODELS = 24;
/** Stands for the models beyond that. */
const OTHER = 'other';

export function createLedger(): UsageLedger {
  return { rows: new Map(), changes: 0 };
}

/** The rows that have changed since the ledger had come to `after` changes, each whole. */
export function changedSince({ rows }: UsageLedger, after: number): UsageRow[] {
  return [...rows.values()].filter(({ changed }) => changed > after).map(({ changed: _, ...row }) => row);
}

/** Adds what an event says was used. The same events in the same order make the same ledger. */
export function addUsage(ledger: UsageLedger, { at, tokens, model = '' }: AgentEvent): void {
  if (tokens === undefined) return;
  const { input, output, cacheRead = 0, cacheWrite = 0, cost } = tokens;
  const row = rowFor(ledger, dayOf(at), model, cost !== undefined);
  row.changed = ++ledger.changes;
  // What a message has grown by since its first line is no call of its own.
  if (input + cacheRead + cacheWrite > 0 || cost !== undefined) row.calls++;
  row.input += input;
  row.output += output;
  row.cacheRead += cacheRead;
  row.cacheWrite += cacheWrite;
  row.usd += cost ?? 0;
}

function rowFor({ rows }: UsageLedger, day: string, named: string, stated: boolean): LedgerRow {
  const known = rows.get(keyOf(day, named, stated));
  if (known !== undefined) return known;
  const models = new Set([...rows.values()].map(({ model }) => model));
  const model = models.has(named) || models.size < MAX_MODELS ? named : OTHER;
  const row = rows.get(keyOf(day, model, stated)) ?? {
    ...{ day, model, stated, calls: 0, changed: 0 },
    ...{ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, usd: 0 },
  };
  rows.set(keyOf(day, model, stated), row);
  if (rows.size > MAX_ROWS) dropOldest(rows);
  return row;
}

function dropOldest(rows: Map<string, LedgerRow>): void {
  let oldest: readonly [string, LedgerRow] | undefined;
  for (const entry of rows)
    if (entry[1].day !== '' && (oldest === undefined || entry[1].day < oldest[1].day)) oldest = entry;
  if (oldest !== undefined) rows.delete(oldest[0]);
}

function keyOf(day: string, model: string, stated: boolean): string {
  return `${day} ${stated ? 1 : 0} ${model}`;
}

/** A log may state a time that is none. */
function dayOf(at: number | null): string {
  const date = new Date(at ?? Number.NaN);
  const year = date.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? date.toISOString().slice(0, 10) : '';
}
