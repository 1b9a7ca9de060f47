import { isUtf8 } from 'node:buffer';
import { ActorError, type ActorRequest } from '../../messages/envelope.js';
import { VigilError } from '../../messages/errors.js';
import { parseJson } from '../../messages/json.js';

/** What travels between actors, as bytes and back. No connection in here. */

/** @throws VigilError TOO_LARGE: over the broker's limit the connection would drop, so nothing is sent. */
export function encode(text: string, maxPayload: number): Uint8Array {
  // Three times as fast as a TextEncoder on messages of this size.
  const bytes = Buffer.from(text);
  if (bytes.length > maxPayload) {
    throw new VigilError(
      'TOO_LARGE',
      `message of ${bytes.length} bytes; the broker takes ${maxPayload} (max_payload)`,
    );
  }
  return bytes;
}

/**
 * Undefined for what is no request: not UTF-8, not JSON, not of its form.
 *
 * The forms of `messages/envelope.ts`, checked by hand: a quarter of what a message costs was its schema. A test holds
 * the two to each other.
 */
export function readRequest(data: Uint8Array): ActorRequest | undefined {
  const value = readJson(data);
  if (!isRecord(value)) return undefined;
  const { type, ttl, epoch, many } = value;
  const fits =
    typeof type === 'string' &&
    type.length >= 1 &&
    type.length <= 64 &&
    (ttl === undefined || (typeof ttl === 'number' && ttl > 0)) &&
    isEpoch(epoch) &&
    (many === undefined || typeof many === 'boolean');
  return fits ? (value as ActorRequest) : undefined;
}

/** The body and epoch of an answer, or the error it carries; BAD_REPLY for what is neither. */
export function readReply(value: unknown): { body: unknown; epoch: number | undefined } | VigilError {
  if (isRecord(value)) {
    if ('ok' in value && isEpoch(value['epoch'])) return { body: value['ok'], epoch: value['epoch'] };
    const refusal = ActorError.safeParse(value).data;
    if (refusal !== undefined) return new VigilError(refusal.error.code, refusal.error.message);
  }
  return new VigilError('BAD_REPLY', 'the answer is something else than a reply');
}

/** Several answers in one message: correlation and reply of each. Undefined for what is no such message. */
export function readBatch(data: Uint8Array): readonly (readonly [string, unknown])[] | undefined {
  const value = readJson(data);
  if (!Array.isArray(value)) return undefined;
  const fits = value.every((each) => Array.isArray(each) && each.length === 2 && typeof each[0] === 'string');
  return fits ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEpoch(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) > 0);
}

/** Undefined for what is not UTF-8 or not JSON. */
export function readJson(data: Uint8Array): unknown {
  if (!isUtf8(data)) return undefined;
  return parseJson(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString());
}
