import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.js';

export interface ProbeParts {
  readonly metrics: Metrics;
  /** What is not there that is needed; empty when all is. */
  missing(): readonly string[];
}

/** For those who watch the watcher. */
export function addProbes(app: FastifyInstance, { metrics, missing }: ProbeParts): void {
  app.get('/livez', () => ({ ok: true }));
  app.get('/readyz', (_request, reply) => {
    const lacks = missing();
    return reply.code(lacks.length === 0 ? 200 : 503).send({ ok: lacks.length === 0, missing: lacks });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );
}
