import type { Failure } from '../messages/errors.js';
import type { RefusedResult, ResultOf } from '../messages/results.js';

/** Room left in a payload for the subject and the headers. */
const PAYLOAD_MARGIN = 1_024;

export interface ResultHead {
  readonly requestId: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export type FinalResult =
  | ResultOf<'analyze'>
  | ResultOf<'cycle'>
  | ResultOf<'emergency'>
  | ResultOf<'coherence'>
  | ResultOf<'sync'>
  | RefusedResult;

export function refused(head: ResultHead, failure: Failure): RefusedResult {
  const { code, message } = failure;
  return { ...head, items: [], failures: [failure], error: { code, message } };
}

export function isRefused(result: FinalResult): result is RefusedResult {
  return 'error' in result;
}

/**
 * Makes a result fit the broker's largest message: items are left out from the end and counted. The verdicts
 * themselves stand on the agents' own result subjects in any case.
 */
export function fitted<R extends { items: readonly unknown[]; itemsOmitted?: number | undefined }>(
  result: R,
  maxPayload: number,
): R {
  const room = maxPayload - PAYLOAD_MARGIN;
  const whole = Buffer.byteLength(JSON.stringify(result));
  if (whole <= room) return result;
  const fixed = whole - Buffer.byteLength(JSON.stringify(result.items));
  const items: unknown[] = [];
  let used = fixed + '"itemsOmitted":00000000,'.length;
  for (const item of result.items) {
    used += Buffer.byteLength(JSON.stringify(item)) + 1;
    if (used > room) break;
    items.push(item);
  }
  return { ...result, items, itemsOmitted: result.items.length - items.length };
}
