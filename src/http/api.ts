import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parseWith, VigilError } from '../messages/errors.js';
import { Id } from '../messages/ids.js';
import { type Endpoint, TailRequest } from '../messages/requests.js';
import { dispatch, type Handlers } from '../services/rpc-service.js';
import type { Reads } from './reads.js';

export interface ApiParts {
  readonly reads: Reads;
  readonly version: string;
  handlers(): Handlers;
}

/** Requests that a page may make; each is that of `vigil.rpc` by the same name, with the same handler. */
export const WRITES: readonly Endpoint[] = [
  'analyze',
  'cycle',
  'coherence',
  'emergency',
  'agents.steer',
  'agents.restart',
  'agents.pause',
  'agents.resume',
  'agents.ack',
  'interventions.decide',
];

/** No page of another origin can send it without being asked first, and we never allow it. */
const HEADER = 'x-vigil';

const Params = z.object({ id: Id });
const number = z.coerce.number();
const TailQuery = z.strictObject({
  last: number.pipe(TailRequest.shape.last.unwrap()).optional(),
  after: number.pipe(TailRequest.shape.after.unwrap()).optional(),
  before: number.pipe(TailRequest.shape.before.unwrap()).optional(),
});

export function addApi(app: FastifyInstance, { reads, version, handlers }: ApiParts): void {
  app.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.url?.startsWith('/api/') === true) reply.header('cache-control', 'no-store');
  });
  app.get('/api/about', () => ({ version, at: new Date().toISOString() }));
  app.get('/api/fleet', () => reads.fleet());
  app.get('/api/agents/:id', ({ params }) => reads.agent(parseWith(Params, params, 'agent').id));
  app.get('/api/agents/:id/events', ({ params, query }) =>
    reads.events(parseWith(Params, params, 'agent').id, parseWith(TailQuery, query, 'query')),
  );
  app.get('/api/coherence', () => reads.coherence());
  app.get('/api/tasks', () => reads.tasks());
  app.get('/api/system', () => reads.system());
  for (const endpoint of WRITES) {
    app.post(`/api/rpc/${endpoint}`, async ({ headers, body }) => {
      if (headers[HEADER] === undefined)
        throw new VigilError('FORBIDDEN', `header ${HEADER} is missing; send it with any value`);
      return dispatch(handlers(), endpoint, body ?? {});
    });
  }
}
