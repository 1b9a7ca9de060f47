import { z } from 'zod';

/**
 * The registry of error codes: the one place that says which failures a caller can tell apart, what each means, and
 * the status that the NATS micro protocol carries for it in `Nats-Service-Error-Code`.
 */
export const ERRORS = {
  BAD_REQUEST: {
    status: 400,
    meaning:
      'The message, setting or argument does not fit its schema; `message` names the field and the mend.',
  },
  FORBIDDEN: { status: 403, meaning: 'The sender may not do this.' },
  NOT_FOUND: { status: 404, meaning: 'No agent, task or request with that id.' },
  TIMEOUT: { status: 408, meaning: 'The deadline passed before an answer came.' },
  CONFLICT: {
    status: 409,
    meaning: 'The state does not allow it: exists already, is finished, lease lost.',
  },
  FENCED: {
    status: 409,
    meaning: 'The lease of the task has ended, or somebody else has it; nothing was changed.',
  },
  TOO_LARGE: { status: 413, meaning: 'The message is larger than the broker takes.' },
  BUSY: {
    status: 429,
    meaning: 'A mailbox or a limit is full; nothing was done, try again later.',
  },
  CANCELLED: { status: 499, meaning: 'The caller took the request back.' },
  CRASHED: { status: 500, meaning: 'A handler threw; the message is answered, the actor restarts.' },
  UNREADABLE: { status: 500, meaning: "An agent's log could not be read at all." },
  BAD_REPLY: { status: 500, meaning: 'A reply or a row does not fit its schema.' },
  UNAVAILABLE: {
    status: 503,
    meaning: 'Nobody serves that subject now: host lost, broker away, agent unplaced.',
  },
  BROKER: { status: 503, meaning: 'No broker could be found, started or reached.' },
  STORE: {
    status: 503,
    meaning: 'The data directory cannot be used: locked, read-only, corrupt, from a newer version.',
  },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** Status of each code. */
export const ERROR_STATUS = Object.fromEntries(
  ERROR_CODES.map((code) => [code, ERRORS[code].status]),
) as Record<ErrorCode, number>;

/** One item that did not succeed. */
export const Failure = z.object({
  agent: z
    .string()
    .optional()
    .describe("The agent's (or repository's) id; absent when it concerns the whole request."),
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
