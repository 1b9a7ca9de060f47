import { ERROR_CODES, ERRORS } from '../messages/errors.js';
import { code, GENERATED, table } from './markdown.js';

/** `docs/reference/errors.md`. */
export function errorsPage(): string {
  return `${GENERATED}

# Errors

The code is stable: in \`error.code\` of an error reply and of a refused result, and in \`code\` of each of a result's
\`failures\`. The status is what \`Nats-Service-Error-Code\` carries. The message beside it is for people and may change.

${table(
  ['code', 'status', 'meaning'],
  ERROR_CODES.map((name) => [code(name), String(ERRORS[name].status), ERRORS[name].meaning]),
)}
`;
}
