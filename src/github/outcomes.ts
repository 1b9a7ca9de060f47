import type { ErrorCode } from '../messages/errors.js';

/** Octokit's error: an answer of GitHub that is no success; a lost connection is a 500 without a response. */
export interface Answered extends Error {
  readonly status: number;
  readonly response?: { readonly headers: Readonly<Record<string, string | number | undefined>> } | undefined;
}

export function isAnswered(error: unknown): error is Answered {
  return error instanceof Error && 'status' in error && typeof error.status === 'number';
}

/** Each outcome by its status; `docs/guides/github.md` has the same table. */
const BY_STATUS: Readonly<Record<number, { code: ErrorCode; meaning: string }>> = {
  400: { code: 'BAD_REQUEST', meaning: 'GitHub does not understand the request' },
  401: { code: 'FORBIDDEN', meaning: 'GitHub refuses the token' },
  403: { code: 'FORBIDDEN', meaning: 'the token may not read this; give it the right, then sync it by name' },
  404: { code: 'NOT_FOUND', meaning: 'deleted, or hidden from the token' },
  422: { code: 'BAD_REQUEST', meaning: 'GitHub refuses the request as invalid' },
  429: { code: 'BUSY', meaning: 'GitHub wants fewer requests' },
  451: { code: 'NOT_FOUND', meaning: 'blocked for legal reasons' },
};

export function failureOf(error: unknown): { code: ErrorCode; message: string } {
  if (!isAnswered(error))
    return {
      code: 'CRASHED',
      message: `unexpected: ${error instanceof Error ? error.message : String(error)}`,
    };
  if (error.response === undefined)
    return { code: 'UNAVAILABLE', message: `no whole answer came: ${error.message}` };
  const known = BY_STATUS[error.status];
  if (known !== undefined)
    return { code: known.code, message: `${known.meaning} (${error.status}: ${error.message})` };
  const code = error.status >= 500 ? 'UNAVAILABLE' : 'BAD_REPLY';
  return { code, message: `GitHub answers ${error.status}: ${error.message}` };
}
