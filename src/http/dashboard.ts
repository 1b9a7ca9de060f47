import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Files whose name holds a hash of what is in them. */
const HASHED = '/assets/';

/** Serves the built dashboard; in a working copy that was not built, says how to. */
export async function addDashboard(app: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/', (_request, reply) =>
      reply.type('text/plain').send('The dashboard is not built here: npm run build\n'),
    );
    return;
  }
  await app.register(fastifyStatic, {
    root: folder,
    cacheControl: false,
    index: 'index.html',
    setHeaders: (reply, path) => {
      const forGood = path.includes(HASHED);
      reply.header('cache-control', forGood ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
