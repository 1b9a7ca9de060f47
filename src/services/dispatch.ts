import { parseWith } from '../messages/errors.js';
import { type Endpoint, REQUESTS } from '../messages/requests.js';
import type { Handlers } from './rpc-service.js';

/**
 * Does what an endpoint is for, with a request from outside: over NATS and over HTTP it is the same.
 *
 * @param id the caller's own id of the request, which makes it idempotent.
 * @throws VigilError BAD_REQUEST when the request does not fit its schema, and whatever the handler throws.
 */
export function dispatch(handlers: Handlers, endpoint: Endpoint, value: unknown, id?: string): unknown {
  const request = parseWith<unknown>(REQUESTS[endpoint].request, value, endpoint);
  // Each handler takes exactly what its endpoint's schema yields; the pairing is lost in the lookup by name.
  const handler = handlers[endpoint] as (request: unknown, id: string | undefined) => unknown;
  return handler(request, id);
}
