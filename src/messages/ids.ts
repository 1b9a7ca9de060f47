import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

const TOKEN_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * An id that becomes one token of a NATS subject. Everything else (`a.*.>`, spaces, CR/LF, 10 kB) is refused
 * here, before it reaches a subject, a path or a statement: the NATS client sends subjects unchecked, so a CR/LF
 * in an id would inject protocol.
 */
export const Id = z
  .string()
  .regex(TOKEN_PATTERN, 'expected 1 to 64 of A-Z a-z 0-9 _ -, for example "agent-7"');

export function isId(text: string): boolean {
  return TOKEN_PATTERN.test(text);
}

/** A sortable, unguessable id: milliseconds in base 36, then 64 random bits. 9 + 16 characters. */
export function newId(now: number = Date.now()): string {
  return now.toString(36).padStart(9, '0') + randomBytes(8).toString('hex');
}

/** A valid id from any text, the same for the same text: the text itself where it is one. */
export function idFrom(text: string): string {
  return isId(text) ? text : `m-${createHash('sha256').update(text).digest('base64url').slice(0, 32)}`;
}
