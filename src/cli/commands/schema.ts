import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { type Channel, channelsOf } from '../../messages/channels.js';
import { describeIssues, messageOf, VigilError } from '../../messages/errors.js';
import { visible } from '../../messages/visible.js';
import { jsonSchemas, schemaNamed, schemaNames } from '../../reference/schemas.js';
import { EXIT } from '../exit-codes.js';

/** The JSON Schemas of the wire, as they stand in `docs/schemas`. */
export function list({ json = false }: { readonly json?: boolean }): number {
  for (const name of schemaNames()) console.log(json ? JSON.stringify(name) : name);
  return EXIT.fine;
}

export interface WhichOptions {
  readonly reply?: boolean;
}

/** @param what a schema's name, or a subject: then that of what is sent there. */
export function show(what: string, options: WhichOptions): number {
  const schemas = jsonSchemas();
  const found = namesOf(what, options).map((name) => schemas.get(name));
  console.log(JSON.stringify(found.length === 1 ? found[0] : { anyOf: found }, null, 2));
  return EXIT.fine;
}

/**
 * Says whether messages fit: one JSON value, or one a line.
 *
 * @returns usage when one does not.
 */
export async function validate(
  what: string,
  file: string | undefined,
  options: WhichOptions & { readonly json?: boolean },
): Promise<number> {
  const names = namesOf(what, options);
  const values = valuesIn(await textOf(file));
  let bad = 0;
  for (const { line, value, error } of values) {
    const issue = error ?? issueOf(value, names);
    if (issue !== undefined) bad++;
    if (options.json === true) console.log(JSON.stringify({ line, ok: issue === undefined, error: issue }));
    else if (issue !== undefined) console.error(`line ${line}: ${visible(issue)}`);
  }
  if (options.json !== true && bad === 0) console.log(`${values.length} fit ${names.join(' or ')}`);
  return bad > 0 || values.length === 0 ? EXIT.usage : EXIT.fine;
}

function namesOf(what: string, { reply = false }: WhichOptions): string[] {
  if (schemaNamed(what) !== undefined) return [what];
  if (!what.includes('.')) throw notFound(what);
  const [prefix = ''] = what.split('.');
  const messages = channelsOf(what, prefix).flatMap((channel) => sentOn(channel, reply));
  const names = [...new Set(messages.map(({ name }) => name))];
  if (names.length === 0)
    throw new VigilError('NOT_FOUND', `nothing${reply ? ' is replied' : ' travels'} on ${visible(what)}`);
  return names;
}

function sentOn({ messages, replies }: Channel, reply: boolean): Channel['messages'] {
  return reply ? replies : messages;
}

function notFound(what: string): VigilError {
  const near = schemaNames().find((name) => name.toLowerCase() === what.toLowerCase());
  const hint = near === undefined ? 'all of them: vigil schema ls' : `did you mean ${near}?`;
  return new VigilError('NOT_FOUND', `no schema ${visible(what)}; ${hint}`);
}

function issueOf(value: unknown, names: readonly string[]): string | undefined {
  const issues: string[] = [];
  for (const name of names) {
    const parsed = (schemaNamed(name) as z.ZodType).safeParse(value);
    if (parsed.success) return undefined;
    issues.push(
      names.length === 1 ? describeIssues(parsed.error) : `${name}: ${describeIssues(parsed.error)}`,
    );
  }
  return issues.join('; ');
}

interface Found {
  /** From 1. */
  readonly line: number;
  readonly value?: unknown;
  readonly error?: string;
}

function valuesIn(text: string): Found[] {
  const whole = parsed(text, 1);
  if (whole.error === undefined) return [whole];
  const lines = text.split('\n').map((line, i) => ({ line, number: i + 1 }));
  const filled = lines.filter(({ line }) => line.trim() !== '');
  return filled.length < 2 ? [whole] : filled.map(({ line, number }) => parsed(line, number));
}

function parsed(text: string, line: number): Found {
  try {
    return { line, value: JSON.parse(text) };
  } catch (error) {
    return { line, error: `not JSON: ${messageOf(error)}` };
  }
}

async function textOf(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== '-') {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw new VigilError('BAD_REQUEST', `${file} cannot be read: ${messageOf(error)}`);
    }
  }
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
