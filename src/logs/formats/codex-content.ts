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

const FAILED_STARTS = [
  'apply_patch verification failed',
  'execution error',
  'failed ',
  'exec_command failed',
  'write_stdin failed',
  'tool call error',
  'unsupported call',
];
const REJECTED = /^(?:exec command|patch) rejected by user/;

/** What Codex writes about a command, ahead of what the command wrote. */
const HEADER_START = /^(?:Chunk ID|Wall time|Exit code): /;
const HEADER_END = '\nOutput:\n';

/** Output, exit code and failure. `shell` wraps them as JSON in a text; other tools write plain text. */
export function outcomeOf(
  output: unknown,
): Pick<ResultParts, 'output' | 'exitCode' | 'isError' | 'rejected'> {
  const wrapped = objectOf(typeof output === 'string' && output.startsWith('{') ? parseJson(output) : output);
  const text = textOf(stringOf(wrapped?.output) ?? wrapped?.content ?? output);
  const exitCode = integerOf(objectOf(wrapped?.metadata)?.exit_code) ?? exitCodeIn(headerOf(text));
  const rejected = REJECTED.test(text);
  const failed =
    wrapped?.success === false ||
    wrapped?.isError === true ||
    FAILED_STARTS.some((start) => text.startsWith(start)) ||
    (exitCode !== undefined && exitCode !== 0);
  return { output: text, exitCode, isError: failed && !rejected, rejected };
}

/** A command may print anything, the exit codes of others too. */
function headerOf(text: string): string {
  const end = HEADER_START.test(text) ? text.indexOf(HEADER_END) : -1;
  return end === -1 ? text : text.slice(0, end);
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
