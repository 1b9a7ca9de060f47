import { NatsError } from 'nats';
import { VigilError } from '../messages/errors.js';
import { isLeaderless, STREAM_NOT_FOUND } from './readiness.js';

/**
 * Does something that the broker may refuse for what is set.
 *
 * @param what is made or changed.
 * @param mend what a person can do about a refusal.
 * @throws VigilError BROKER with both; as it is what will pass by itself.
 */
export async function orRefused<T>(what: string, mend: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof NatsError) || error.api_error === undefined) throw error;
    if (isLeaderless(error) || error.api_error.err_code === STREAM_NOT_FOUND) throw error;
    throw new VigilError('BROKER', `${what}: the broker says "${error.api_error.description}"; ${mend}`, {
      cause: error,
    });
  }
}
