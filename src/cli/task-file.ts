import { readFileSync, statSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { z } from 'zod';
import { messageOf, parseWith, VigilError } from '../messages/errors.js';
import { TaskSpec } from '../messages/tasks.js';
import { readYaml } from '../settings/yaml.js';

const MAX_BYTES = 67_108_864;
const TaskFile = z.union([z.array(z.unknown()), z.strictObject({ tasks: z.array(z.unknown()) })]);

/**
 * Tasks of a file: a JSON or YAML list (or an object with `tasks`), or JSON lines. `-` is the standard input; there, and where
 * the name does not tell, the content does.
 *
 * @throws VigilError BAD_REQUEST naming the task and the field.
 */
export async function readTaskFile(path: string): Promise<TaskSpec[]> {
  const name = path === '-' ? 'standard input' : path;
  const text = await read(path, name);
  return valuesOf(text, name).map((value, i) => parseWith(TaskSpec, value, `${name}: task ${i + 1}`));
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
  const lines = jsonLinesOf(text);
  if (lines !== undefined) return lines;
  if (/\.(jsonl|ndjson)$/.test(name)) throw new VigilError('BAD_REQUEST', `${name}: ${whyNoLines(text)}`);
  const parsed = parseWith(TaskFile, documentOf(text, name), name);
  return Array.isArray(parsed) ? parsed : parsed.tasks;
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
