import { verify } from '@octokit/webhooks-methods';
import fastify from 'fastify';
import { z } from 'zod';
import type { ChildSpec } from '../../actors/runtime/supervision.js';
import { messageOf, VigilError } from '../../messages/errors.js';
import { RepoName } from '../../messages/github.js';
import { idFrom, newId } from '../../messages/ids.js';
import type { GitHubSettings } from '../../settings/github.js';
import type { Store } from '../../store/store.js';
import type { RequestRunner } from '../request-runner.js';
import { service } from '../service.js';

export interface WebhookParts {
  readonly settings: GitHubSettings['webhook'];
  readonly secret: string | undefined;
  readonly store: Store;
  runner(): Pick<RequestRunner, 'accept' | 'run'>;
  failed(error: unknown): void;
  listening(port: number): void;
}

const SHUTDOWN_MS = 5_000;
const REQUEST_MS = 10_000;
const Delivery = z.object({ repository: z.object({ full_name: RepoName }) });

/**
 * Takes GitHub's webhooks: a delivery with a good signature makes its repository be synced now. Nothing else of it is
 * believed, so that a delivery that is lost, late or twice does no harm.
 */
export function githubWebhook(parts: WebhookParts): ChildSpec {
  const { settings, secret, store } = parts;
  return service('webhook', SHUTDOWN_MS, async () => {
    if (secret === undefined || secret === '')
      throw new VigilError(
        'BAD_REQUEST',
        'settings: github.webhook.port needs VIGIL_GITHUB_WEBHOOK_SECRET in the environment',
      );
    const app = fastify({
      bodyLimit: settings.maxBytes,
      requestTimeout: REQUEST_MS,
      forceCloseConnections: true,
    });
    // The signature is of the bytes.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    /** Repositories whose sync has been asked for and has not begun: one more changes nothing. */
    const waiting = new Set<string>();
    const sync = async (token: string, repo: string, delivery: string) => {
      const id = idFrom(`webhook ${delivery}`);
      waiting.add(token);
      try {
        await parts.runner().accept(id, 'schedule', { kind: 'sync', payload: { repos: [repo] } });
      } finally {
        waiting.delete(token);
      }
      await parts.runner().run(id);
    };
    app.post('/github', async (request, reply) => {
      const signature = request.headers['x-hub-signature-256'];
      const body = typeof request.body === 'string' ? request.body : '';
      if (typeof signature !== 'string' || body === '' || !(await verify(secret, body, signature)))
        return reply.code(401).send({ error: 'the signature is missing or wrong' });
      const found = repositoryIn(body, store);
      if (found === undefined || found.state !== 'active' || waiting.has(found.token))
        return reply.code(202).send({ syncs: false });
      const delivery = request.headers['x-github-delivery'];
      sync(found.token, found.repo, typeof delivery === 'string' ? delivery : newId()).catch(parts.failed);
      return reply.code(202).send({ syncs: true });
    });
    try {
      await app.listen({ host: settings.host, port: settings.port ?? 0 });
    } catch (error) {
      throw new VigilError('UNAVAILABLE', `github.webhook cannot listen: ${messageOf(error)}`, {
        cause: error,
      });
    }
    const [address] = app.addresses();
    parts.listening(typeof address === 'object' ? address.port : 0);
    return () => app.close();
  });
}

function repositoryIn(body: string, store: Store) {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Signed, and no JSON (a form, as an old hook may send): there is nothing to sync.
    return undefined;
  }
  const parsed = Delivery.safeParse(value);
  return parsed.success ? store.repositories.find(parsed.data.repository.full_name) : undefined;
}
