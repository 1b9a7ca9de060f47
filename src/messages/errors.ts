import { z } from 'zod';

/**
 * The registry of error codes: the one place that says which failures a caller can tell apart, and the status that
 * the NATS micro protocol carries for each in `Nats-Service-Error-Code`.
 */
export const ERROR_STATUS = {
  /** The message, setting or argument does not fit its schema; `message` names the field and the mend. */
  BAD_REQUEST: 400,
  /** The sender may not do this. */
  FORBIDDEN: 403,
  /** No agent, task or request with that id. */
  NOT_FOUND: 404,
  /** The deadline passed before an answer came. */
  TIMEOUT: 408,
  /** The state does not allow it: exists already, is finished, lease lost. */
  CONFLICT: 409,
  /** The message is larger than the broker takes. */
  TOO_LARGE: 413,
  /** A mailbox or a limit is full; nothing was done, try again later. */
  BUSY: 429,
  /** The caller took the request back. */
  CANCELLED: 499,
  /** A handler threw; the message is answered, the actor restarts. */
  CRASHED: 500,
  /** An agent's log could not be read at all. */
  UNREADABLE: 500,
  /** A reply or a row does not fit its schema. */
  BAD_REPLY: 500,
  /** Nobody serves that subject now: host lost, broker away, agent unplaced. */
  UNAVAILABLE: 503,
  /** No broker could be found, started or reached. */
  BROKER: 503,
  /** The data directory cannot be used: locked, read-only, corrupt, from a newer version. */
  STORE: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

export const ERROR_CODES = Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]];

/** One item that did not succeed. `agent` is the agent's (or repository's) id, absent when it concerns the request. */
export const Failure = z.object({
  agent: z.string().optional(),
  code: z.enum(ERROR_CODES),
  message: z.string(),
});
export type Failure = z.infer<typeof Failure>;

/** An error with a stable code, meant for a caller. `message` says what happened and how to mend it. */
export class VigilError extends Error {
  override readonly name = 'VigilError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** Text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Turns whatever was thrown into a `Failure`; what carries no code of ours is a `CRASHED`. */
export function toFailure(error: unknown, agent?: string): Failure {
  const code = error instanceof VigilError ? error.code : 'CRASHED';
  const failure: Failure = { code, message: messageOf(error) };
  if (agent !== undefined) failure.agent = agent;
  return failure;
}

/**
 * Parses a value from outside.
 *
 * @param what names the value in the error ("trigger", "setting", ...).
 * @throws VigilError BAD_REQUEST naming each wrong field, what was expected and what it got.
 */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new VigilError('BAD_REQUEST', `${what}: ${describeIssues(result.error)}`);
}

/** "field: message" for each issue, at most five, so that a hostile payload cannot make a long error. */
export function describeIssues(error: z.ZodError): string {
  const shown = error.issues.slice(0, 5).map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  const more = error.issues.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
