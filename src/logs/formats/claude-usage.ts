import type { Tokens } from '../../messages/agent-event.js';
import { countOf, type JsonObject, objectOf, stringOf } from '../json-value.js';

/** [message id, output tokens already counted] of the last messages. */
export type UsageSeen = readonly (readonly [string, number])[];

/** Lines of one message stand close together; parallel sub-agents interleave a few messages at most. */
const REMEMBERED = 64;

/**
 * Tokens of a message that have not been counted yet. Each block of a message is a line of its own and repeats the
 * usage of the message; while it streams, only the output grows. So the first line counts whole, and later ones count
 * what the output has grown by.
 */
export function takeUsage(
  message: JsonObject,
  seen: UsageSeen,
): { readonly tokens: Tokens | undefined; readonly seen: UsageSeen } {
  const usage = objectOf(message.usage);
  if (usage === undefined) return { tokens: undefined, seen };
  const output = countOf(usage.output_tokens);
  const id = stringOf(message.id);
  const known = seen.find(([seenId]) => seenId === id);
  if (id !== undefined && known !== undefined) {
    const grown = output - known[1];
    if (grown <= 0) return { tokens: undefined, seen };
    return { tokens: { input: 0, output: grown }, seen: remember(seen, id, output) };
  }
  const tokens: Tokens = {
    input: countOf(usage.input_tokens),
    output,
    cacheRead: countOf(usage.cache_read_input_tokens),
    cacheWrite: countOf(usage.cache_creation_input_tokens),
  };
  const nothing = tokens.input + tokens.output + (tokens.cacheRead ?? 0) + (tokens.cacheWrite ?? 0) === 0;
  return {
    tokens: nothing ? undefined : tokens,
    seen: id === undefined ? seen : remember(seen, id, output),
  };
}

function remember(seen: UsageSeen, id: string, output: number): UsageSeen {
  return [...seen.filter(([seenId]) => seenId !== id), [id, output] as const].slice(-REMEMBERED);
}
