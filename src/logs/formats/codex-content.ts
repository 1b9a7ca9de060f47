import { parseJson } from '../../messages/json.js';
import type { ResultParts } from '../drafts.js';
import { exitCodeIn } from '../failure-text.js';
import {
  arrayOf,
  canonicalJson,
  integerOf,
  isObject,
  type JsonObject,
  objectOf,
  stringOf,
} from '../json-value.js';

/** What the payloads of Codex records mean. */

/** The editor extensions put the open tabs in front of what the person typed, under this heading. */
const REQUEST_HEADING = '## My request for Codex:';

/** What the person asked. */
export function requestOf(message: string): string {
  const heading = message.indexOf(REQUEST_HEADING);
  return heading === -1 ? message : message.slice(heading + REQUEST_HEADING.length).trim();
}

/** Name and input of a call. Arguments are JSON in a text; a text that is none (redacted) is the input itself. */
export function callOf(payload: JsonObject): { readonly tool: string; readonly input: unknown } {
  const type = stringOf(payload.type);
  if (type === 'web_search_call') return { tool: 'web_search', input: payload.action ?? {} };
  if (type === 'local_shell_call') return { tool: 'shell', input: payload.action ?? {} };
  const tool = stringOf(payload.name) ?? 'unknown';
  const text = stringOf(payload.arguments);
  if (text === undefined) return { tool, input: payload.input };
  return {
    tool,
    input: (text.startsWith('{') ? objectOf(parseJson(text)) : undefined) ?? { arguments: text },
  };
}

const FAILED_STARTS = ['apply_patch verification failed', 'execution error', 'failed '];

/** Output, exit code and failure. `shell` wraps them as JSON in a text; other tools write plain text. */
export function outcomeOf(output: unknown): Pick<ResultParts, 'output' | 'exitCode' | 'isError'> {
  const wrapped = objectOf(typeof output === 'string' && output.startsWith('{') ? parseJson(output) : output);
  const text = textOf(stringOf(wrapped?.output) ?? wrapped?.content ?? output);
  const exitCode = integerOf(objectOf(wrapped?.metadata)?.exit_code) ?? exitCodeIn(text);
  const failed = wrapped?.success === false || FAILED_STARTS.some((start) => text.startsWith(start));
  return { output: text, exitCode, isError: failed || (exitCode !== undefined && exitCode !== 0) };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return value === undefined || value === null ? '' : canonicalJson(value);
  return arrayOf(value)
    .map((block) =>
      isObject(block) ? (stringOf(block.text) ?? `[${stringOf(block.type) ?? 'block'}]`) : String(block),
    )
    .join('\n');
}
