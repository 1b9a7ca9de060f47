import type { Tokens } from '../../messages/agent-event.js';
import { countOf, type JsonObject, objectOf } from '../json-value.js';

/** Running total of the session so far; null before the first. */
export type RunningTotal = {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
} | null;

/**
 * Tokens used since the last count. Codex writes the running total and repeats it, so the difference counts; when the
 * total falls (a resumed session starts its own), or what was before is not known, what the record says of the last call
 * does. Codex counts cached input as input, an event does not.
 */
export function takeTotal(
  info: JsonObject | undefined,
  before: RunningTotal,
): { readonly tokens: Tokens | undefined; readonly total: RunningTotal } {
  const total = countsOf(objectOf(info?.total_token_usage));
  if (total === null) return { tokens: undefined, total: before };
  const last = countsOf(objectOf(info?.last_token_usage)) ?? total;
  const delta =
    before === null || total.input < before.input || total.output < before.output
      ? last
      : {
          input: total.input - before.input,
          cached: Math.max(0, total.cached - before.cached),
          output: total.output - before.output,
        };
  if (delta.input + delta.output === 0) return { tokens: undefined, total };
  const input = Math.max(0, delta.input - delta.cached);
  return { tokens: { input, output: delta.output, cacheRead: delta.cached }, total };
}

function countsOf(usage: JsonObject | undefined): RunningTotal {
  if (usage === undefined) return null;
  return {
    input: countOf(usage.input_tokens),
    cached: countOf(usage.cached_input_tokens),
    output: countOf(usage.output_tokens),
  };
}
