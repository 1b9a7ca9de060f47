import { appendFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { SteerReply } from '../messages/agent-wire.js';
import { VigilError } from '../messages/errors.js';

/** How an agent takes what it is told; `none`: it was not started for that. */
export type SteerMode = 'stdin' | 'file' | 'none';

/** Messages remembered as told, so that one that comes again is not told again. */
const MAX_TOLD = 256;

/** What the agent was told, by the messages' ids, with what was answered. */
export class Told {
  readonly #replies = new Map<string, Promise<SteerReply>>();

  /** Tells it, unless a message of this id was told or is being told: then that one's answer is the answer. */
  once(id: string | undefined, tell: () => Promise<SteerReply>): Promise<SteerReply> {
    if (id === undefined) return tell();
    const known = this.#replies.get(id);
    if (known !== undefined) return known;
    const reply = tell();
    this.#replies.set(id, reply);
    for (const oldest of this.#replies.keys()) {
      if (this.#replies.size <= MAX_TOLD) break;
      this.#replies.delete(oldest);
    }
    // What failed may be tried again.
    reply.catch(() => this.#replies.delete(id));
    return reply;
  }
}

/** Written and not read by the program; more is refused. */
const MAX_UNREAD_BYTES = 65_536;
const WRITE_TIMEOUT_MS = 2_000;

export interface SteeringParts {
  readonly mode: SteerMode;
  readonly file: string;
  /** The program's standard input; undefined while none runs. */
  stdin(): Writable | undefined;
}

/**
 * Hands a message to the agent, as one line.
 *
 * @throws VigilError CONFLICT when it takes none, or none now; BUSY and TIMEOUT when it does not read its input.
 */
export async function steer(parts: SteeringParts, message: string): Promise<SteerReply> {
  const line = `${message.replace(/\s*[\r\n]+\s*/g, ' ').trim()}\n`;
  const at = new Date().toISOString();
  if (parts.mode === 'none')
    throw new VigilError(
      'CONFLICT',
      'the agent takes no steering; start it with --steer stdin or --steer file',
    );
  if (parts.mode === 'file') {
    await appendFile(parts.file, line, { mode: 0o600 });
    return { delivered: 'file', at };
  }
  const stdin = parts.stdin();
  if (stdin === undefined || !stdin.writable)
    throw new VigilError('CONFLICT', 'no process of the agent reads its standard input now; try again later');
  if (stdin.writableLength > MAX_UNREAD_BYTES)
    throw new VigilError('BUSY', 'the agent does not read its standard input; earlier messages wait there');
  await written(stdin, line);
  return { delivered: 'stdin', at };
}

function written(stdin: Writable, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () =>
        reject(
          new VigilError('TIMEOUT', 'the agent does not read its standard input; the message waits there'),
        ),
      WRITE_TIMEOUT_MS,
    );
    stdin.write(line, (error) => {
      clearTimeout(late);
      if (error == null) resolve();
      else
        reject(
          new VigilError('CONFLICT', `the agent has closed its standard input (${error.message})`, {
            cause: error,
          }),
        );
    });
  });
}
