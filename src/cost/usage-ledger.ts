import type { AgentEvent } from '../messages/agent-event.js';
import type { UsageRow } from '../messages/cost.js';

/** What an agent has used, by day and model, over all its sessions. Structured-cloneable. */
export type UsageLedger = Map<string, UsageRow>;

/** Days times models; the oldest days go first, and are on record by then. */
const MAX_ROWS = 400;
const MAX_MODELS = 24;
/** Stands for the models beyond that. */
const OTHER = 'other';

/** Adds what an event says was used. The same events in the same order make the same ledger. */
export function addUsage(ledger: UsageLedger, { at, tokens, model = '' }: AgentEvent): void {
  if (tokens === undefined) return;
  const { input, output, cacheRead = 0, cacheWrite = 0, cost } = tokens;
  const row = rowFor(ledger, dayOf(at), model, cost !== undefined);
  // What a message has grown by since its first line is no call of its own.
  if (input + cacheRead + cacheWrite > 0 || cost !== undefined) row.calls++;
  row.input += input;
  row.output += output;
  row.cacheRead += cacheRead;
  row.cacheWrite += cacheWrite;
  row.usd += cost ?? 0;
}

function rowFor(ledger: UsageLedger, day: string, named: string, stated: boolean): UsageRow {
  const known = ledger.get(keyOf(day, named, stated));
  if (known !== undefined) return known;
  const models = new Set([...ledger.values()].map(({ model }) => model));
  const model = models.has(named) || models.size < MAX_MODELS ? named : OTHER;
  const row = ledger.get(keyOf(day, model, stated)) ?? {
    ...{ day, model, stated, calls: 0 },
    ...{ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, usd: 0 },
  };
  ledger.set(keyOf(day, model, stated), row);
  if (ledger.size > MAX_ROWS) dropOldest(ledger);
  return row;
}

function dropOldest(ledger: UsageLedger): void {
  let oldest: readonly [string, UsageRow] | undefined;
  for (const entry of ledger)
    if (entry[1].day !== '' && (oldest === undefined || entry[1].day < oldest[1].day)) oldest = entry;
  if (oldest !== undefined) ledger.delete(oldest[0]);
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
