import { setTimeout as wait } from 'node:timers/promises';
import { ErrorCode, NatsError } from 'nats';
import { messageOf, VigilError } from '../messages/errors.js';
import { RESULTS, RefusedResult, type ResultKind, type ResultOf } from '../messages/results.js';
import type { Settings } from '../settings/schema.js';
import { type Client, withMessageId } from './client.js';
import { endOfStream, type Place, readStream, type StreamMessage } from './result-stream.js';

const PUBLISH_MS = 5_000;
const RETRY_MS = 200;

/**
 * Publishes a trigger. When it returns, the broker has it on its disk and it will be run. Sent again under the same id it is
 * the same trigger, so one that nobody acknowledged is sent again.
 *
 * @throws VigilError UNAVAILABLE when the broker has no queue of triggers, BROKER when it does not take it in `timeoutMs`.
 */
export async function publishTrigger(
  { connection, subjects }: Client,
  kind: ResultKind,
  payload: object,
  id: string,
  timeoutMs = PUBLISH_MS,
): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    try {
      await connection.jetstream().publish(subjects.trigger(kind), JSON.stringify(payload), {
        headers: withMessageId(id),
        timeout: PUBLISH_MS,
      });
      return;
    } catch (error) {
      const late = performance.now() + RETRY_MS > endsAt;
      if (error instanceof NatsError && error.code === ErrorCode.NoResponders && late)
        throw new VigilError(
          'UNAVAILABLE',
          'that broker takes no triggers: no supervisor has run there; start one with "vigil start"',
          { cause: error },
        );
      if (!(error instanceof NatsError) || error.api_error !== undefined || late)
        throw new VigilError('BROKER', `the trigger was not taken (${messageOf(error)})`, { cause: error });
      await wait(RETRY_MS);
    }
  }
}

/** @throws VigilError what the request was refused with; CONFLICT when the result is of another kind. */
export function resultOf<K extends ResultKind>(kind: K, value: unknown): ResultOf<K> {
  const refusal = RefusedResult.safeParse(value);
  if (refusal.success) throw new VigilError(refusal.data.error.code, refusal.data.error.message);
  const result = RESULTS[kind].safeParse(value);
  if (result.success) return result.data as ResultOf<K>;
  throw otherKind(kind);
}

function otherKind(kind: ResultKind): VigilError {
  return new VigilError('CONFLICT', `the request of this id was no ${kind}; give another --request-id`);
}

export interface TriggerRun<K extends ResultKind> {
  readonly client: Client;
  readonly settings: Settings;
  readonly kind: K;
  readonly payload: object;
  readonly id: string;
  /** The id was named by the caller: the request may have been run already, and its result be out of the stream. */
  readonly known: boolean;
  readonly timeoutMs: number;
  /** Lets go of it; the request goes on. */
  readonly signal: AbortSignal;
  /** Each result of this request as it comes, the final one last. */
  came(message: StreamMessage): void;
  away(why: string): void;
}

/**
 * Triggers, and waits for the final result. The stream is read from the place that it had before the trigger was published, so
 * nothing can come too early; a broker or supervisor that is started again meanwhile is waited for.
 *
 * @throws VigilError TIMEOUT, and what the request was refused with.
 */
export async function runTrigger<K extends ResultKind>(run: TriggerRun<K>): Promise<ResultOf<K>> {
  const { client, kind, payload, id, known, timeoutMs } = run;
  const behind = await endOfStream(client);
  await publishTrigger(client, kind, payload, id, timeoutMs);
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, run.signal]);
  const late = wait(timeoutMs, undefined, { signal }).then(
    () => {
      throw new VigilError(
        'TIMEOUT',
        `no result within ${Math.round(timeoutMs / 1_000)} s; the request ${id} goes on: ask again with --request-id ${id}`,
      );
    },
    () => never<never>(),
  );
  try {
    const ways: Promise<ResultOf<K>>[] = [
      followed(run, behind, AbortSignal.any([over.signal, run.signal])),
      late,
    ];
    if (known) ways.push(asked(run));
    return await Promise.race(ways);
  } finally {
    over.abort();
  }
}

/** From the stream. */
async function followed<K extends ResultKind>(
  { settings, kind, id, came, away }: TriggerRun<K>,
  behind: Place,
  signal: AbortSignal,
): Promise<ResultOf<K>> {
  const filter = { settings, from: { behind }, follow: true, signal, away };
  for await (const message of readStream({ ...filter, filter: ({ allResults }) => allResults })) {
    const { requestId } = (message.body ?? {}) as { requestId?: unknown };
    if (requestId !== id) continue;
    came(message);
    if (message.subject.endsWith(`.result.${kind}`)) return resultOf(kind, message.body);
  }
  return never();
}

/** From the supervisor, which remembers the results of requests for longer than the stream does. */
async function asked<K extends ResultKind>(run: TriggerRun<K>): Promise<ResultOf<K>> {
  const { client, kind, payload, id, timeoutMs } = run;
  try {
    return (await client.request(kind, payload, timeoutMs, id)) as ResultOf<K>;
  } catch (error) {
    // Away, or too late: the stream has the result when it is there.
    if (error instanceof NatsError) return never();
    if (!(error instanceof VigilError)) throw error;
    if (error.code === 'BAD_REPLY') throw otherKind(kind);
    if (error.code === 'TIMEOUT' || error.code === 'UNAVAILABLE') return never();
    throw error;
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
