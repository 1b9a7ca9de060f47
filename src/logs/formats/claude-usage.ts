import type { Tokens } from '../../messages/agent-event.js';
import { countOf, type JsonObject, objectOf, stringOf } from '../json-value.js';

/** Message id to output tokens already counted, of the last messages, the latest last. */
export type UsageSeen = Map<string, number>;

/** Lines of one message stand close together; parallel sub-agents interleave a few messages at most. */
const REMEMBERED = 64;

/**
 * Tokens of a message that have not been counted yet, and notes in `seen` that they are. Each block of a message is a
 * line of its own and repeats the usage of the message; while it streams, only the output grows. So the first line
 * counts whole, and later ones count what the output has grown by.
 */
export function takeUsage(message: JsonObject, seen: UsageSeen): Tokens | undefined {
  const usage = objectOf(message.usage);
  if (usage === undefined) return undefined;
  const output = countOf(usage.output_tokens);
  const id = stringOf(message.id);
  const known = id === undefined ? undefined : seen.get(id);
  if (known !== undefined && output <= known) return undefined;
  const input = countOf(usage.input_tokens);
  const cacheRead = countOf(usage.cache_read_input_tokens);
  const cacheWrite = countOf(usage.cache_creation_input_tokens);
  // The start of an answer may come before anything is counted.
  if (input + output + cacheRead + cacheWrite === 0) return undefined;
  if (id !== undefined) remember(seen, id, output);
  return known === undefined
    ? { input, output, cacheRead, cacheWrite }
    : { input: 0, output: output - known };
}

function remember(seen: UsageSeen, id: string, output: number): void {
  seen.delete(id);
  seen.set(id, output);
  for (const oldest of seen.keys()) {
    if (seen.size <= REMEMBERED) break;
    seen.delete(oldest);
  }
}
