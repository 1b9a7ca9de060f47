import { ErrorCode, type NatsConnection, NatsError } from 'nats';
import { readJson } from '../../actors/runtime/wire.js';
import { type Control, ControlReply } from '../../messages/agent-wire.js';
import { type ErrorCode as Code, ERROR_CODES, parseWith, VigilError } from '../../messages/errors.js';
import { ErrorReply } from '../../messages/requests.js';
import type { Subjects } from '../../messages/subjects.js';

/**
 * Tells an agent's runner to do something, and waits for its word.
 *
 * @throws VigilError the runner's own error; UNAVAILABLE when nobody listens for the agent; TIMEOUT; BROKER; BAD_REQUEST
 *   when the answer is none.
 */
export async function controlAgent(
  connection: NatsConnection,
  subjects: Subjects,
  agent: string,
  control: Control,
  timeoutMs: number,
): Promise<ControlReply> {
  try {
    const message = await connection.request(subjects.control(agent), JSON.stringify(control), {
      timeout: timeoutMs,
    });
    const value = readJson(message.data);
    if (message.headers?.has('Nats-Service-Error-Code') === true) {
      const { error } = parseWith(ErrorReply, value, 'error reply');
      const code = (ERROR_CODES as readonly string[]).includes(error.code) ? (error.code as Code) : 'CRASHED';
      throw new VigilError(code, error.message);
    }
    return parseWith(ControlReply, value, `answer of agent ${agent} to control`);
  } catch (error) {
    if (error instanceof NatsError && error.code === ErrorCode.NoResponders)
      throw new VigilError('UNAVAILABLE', 'nobody answers for the agent: its runner is gone', {
        cause: error,
      });
    if (error instanceof NatsError && error.code === ErrorCode.Timeout)
      throw new VigilError('TIMEOUT', `its runner did not answer within ${timeoutMs} ms`, { cause: error });
    if (error instanceof NatsError)
      throw new VigilError('BROKER', `the broker is away (${error.message})`, { cause: error });
    throw error;
  }
}
