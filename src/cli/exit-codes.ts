import type { ErrorCode } from '../messages/errors.js';

/** Exit codes of the command line, part of its contract. */
export const EXIT = {
  fine: 0,
  failure: 1,
  usage: 2,
  needsPerson: 3,
  notFound: 4,
  noBroker: 5,
  timeout: 6,
  interrupted: 130,
} as const;

/** What each says, for help and reference. */
export const EXIT_MEANINGS: readonly (readonly [number, string])[] = [
  [EXIT.fine, 'fine'],
  [EXIT.failure, 'failure'],
  [EXIT.usage, 'bad input'],
  [EXIT.needsPerson, 'a person is needed'],
  [EXIT.notFound, 'not found'],
  [EXIT.noBroker, 'no broker or supervisor'],
  [EXIT.timeout, 'not in time'],
  [EXIT.interrupted, 'interrupted by Ctrl-C'],
];

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: EXIT.usage,
  UNREADABLE: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  BROKER: EXIT.noBroker,
  UNAVAILABLE: EXIT.noBroker,
  TIMEOUT: EXIT.timeout,
};

export function exitCodeOf(code: ErrorCode): number {
  return BY_CODE[code] ?? EXIT.failure;
}
