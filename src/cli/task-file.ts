import { readFileSync, statSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { z } from 'zod';
import { describeIssues, messageOf, VigilError } from '../messages/errors.js';
import { TaskSpec } from '../messages/tasks.js';
import { nearest } from '../settings/nearest.js';
import { readYaml } from '../settings/yaml.js';

const MAX_BYTES = 67_108_864;
const MAX_HINTS = 3;
const EXPECTED = 'expected a list of tasks, each with a title';
const Wrapped = z.strictObject(
  { tasks: z.array(z.unknown(), EXPECTED) },
  { error: (issue) => (issue.code === 'invalid_type' ? EXPECTED : undefined) },
);

/**
 * Tasks of a file: a JSON or YAML list (or an object with `tasks`), or JSON lines. `-` is the standard input; there, and where
 * the name does not tell, the content does.
 *
 * @throws VigilError BAD_REQUEST naming the task and the field.
 */
export async function readTaskFile(path: string): Promise<TaskSpec[]> {
  const name = path === '-' ? 'standard input' : path;
  const text = await read(path, name);
  const values = valuesOf(text, name);
  if (values.length === 0) throw noTasks(name);
  return values.map((value, i) => parsed(TaskSpec, value, `${name}: task ${i + 1}`));
}

/** @throws VigilError BAD_REQUEST also with the key that an unknown one was meant to be. */
function parsed<T>(schema: z.ZodType<T> & { readonly shape: object }, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const unknown = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys : [],
  );
  const hints = unknown
    .map((key) => nearest(key, Object.keys(schema.shape)))
    .filter((hint) => hint !== undefined)
    .slice(0, MAX_HINTS)
    .map((hint) => `; did you mean ${hint}?`);
  throw new VigilError('BAD_REQUEST', `${what}: ${describeIssues(result.error)}${hints.join('')}`);
}

function noTasks(name: string): VigilError {
  return new VigilError('BAD_REQUEST', `${name}: no tasks in it; ${EXPECTED}`);
}

async function read(path: string, name: string): Promise<string> {
  try {
    if (path === '-') return await textOf(process.stdin);
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new Error(`${size} bytes, at most ${MAX_BYTES} are read`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new VigilError('BAD_REQUEST', `${name} cannot be read (${messageOf(error)})`);
  }
}

function valuesOf(text: string, name: string): readonly unknown[] {
  if (text.trim() === '') throw noTasks(name);
  const lines = jsonLinesOf(text);
  if (lines !== undefined) return lines;
  if (/\.(jsonl|ndjson)$/.test(name)) throw new VigilError('BAD_REQUEST', `${name}: ${whyNoLines(text)}`);
  const value = documentOf(text, name) ?? [];
  return Array.isArray(value) ? value : parsed(Wrapped, value, name).tasks;
}

/** Undefined when they are none: a list over several lines, YAML. */
function jsonLinesOf(text: string): unknown[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0 || !lines.every((line) => line.trimStart().startsWith('{'))) return undefined;
  try {
    const values = lines.map((line) => JSON.parse(line) as unknown);
    const [only] = values;
    const isWhole = values.length === 1 && typeof only === 'object' && only !== null && 'tasks' in only;
    return isWhole ? undefined : values;
  } catch {
    return undefined;
  }
}

function whyNoLines(text: string): string {
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    try {
      JSON.parse(line);
    } catch (error) {
      return `line ${i + 1}: expected JSON, got ${messageOf(error)}`;
    }
    if (!line.trimStart().startsWith('{')) return `line ${i + 1}: expected a JSON object`;
  }
  return 'there is no task in it';
}

/** JSON is YAML. */
function documentOf(text: string, name: string): unknown {
  try {
    const document = readYaml(text);
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS();
  } catch (cause) {
    const [why] = messageOf(cause).split('\n');
    throw new VigilError('BAD_REQUEST', `${name}: ${why || 'not JSON, JSON lines or YAML'}`, { cause });
  }
}
