import { type ErrorCode, messageOf, VigilError } from '../messages/errors.js';

/**
 * What a worker sends back. Structured clone strips an error of its class and code, so failures travel as values, and
 * whatever else comes out of a worker thread means that the thread itself went wrong.
 */
export type TaskReply<Out> =
  | { readonly ok: true; readonly value: Out }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** Makes a function the default export of a worker file that `createPool` can run. */
export function task<In, Out>(
  handler: (input: In) => Out | Promise<Out>,
): (input: In) => Promise<TaskReply<Out>> {
  return async (input) => {
    try {
      return { ok: true, value: await handler(input) };
    } catch (error) {
      const code = error instanceof VigilError ? error.code : 'CRASHED';
      return { ok: false, code, message: messageOf(error) };
    }
  };
}

export function isTaskReply(value: unknown): value is TaskReply<unknown> {
  return typeof value === 'object' && value !== null && 'ok' in value && typeof value.ok === 'boolean';
}
