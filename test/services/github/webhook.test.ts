import { sign } from '@octokit/webhooks-methods';
import t, { type Test } from 'tap';
import { githubWebhook } from '../../../src/services/github/webhook.js';
import { GitHubSettings } from '../../../src/settings/github.js';
import { TestMirror } from './mirror.js';

const SECRET = 'canary-secret';

async function hooked(t: Test, secret: string | undefined = SECRET) {
  const mirror = await TestMirror.start(t);
  mirror.server.add('acme/api');
  await mirror.watch('acme/api');
  const accepted: unknown[] = [];
  const failures: unknown[] = [];
  let port = 0;
  const child = githubWebhook({
    settings: GitHubSettings.parse({ webhook: { port: 0, maxBytes: 4_096 } }).webhook,
    secret,
    store: mirror.store,
    runner: () => ({
      accept: async (id, source, trigger) => void accepted.push([id, source, trigger]),
      run: async () => ({
        requestId: '',
        startedAt: '',
        finishedAt: '',
        items: [],
        failures: [],
        requested: 0,
      }),
    }),
    failed: (error) => failures.push(error),
    listening: (at) => {
      port = at;
    },
  });
  const start = () => child.start(() => {});
  t.teardown(() => child.stop());
  const post = async (body: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}/github`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, text: await response.text() };
  };
  return { start, post, accepted, failures };
}

const body = (name: string) => JSON.stringify({ action: 'opened', repository: { full_name: name } });

t.test(
  'a delivery with a good signature makes its repository be synced; the same delivery is the same request',
  async (t) => {
    const { start, post, accepted } = await hooked(t);
    await start();
    const text = body('acme/api');
    const headers = { 'x-hub-signature-256': await sign(SECRET, text), 'x-github-delivery': 'd-1' };
    t.same(await post(text, headers), { status: 202, text: '{"syncs":true}' });
    t.equal((await post(text, headers)).status, 202);
    t.equal(accepted.length, 2);
    t.same(accepted[0], accepted[1]);
    t.match(accepted[0], [/^[\w-]+$/, 'schedule', { kind: 'sync', payload: { repos: ['acme/api'] } }]);
  },
);

t.test('anything else syncs nothing', async (t) => {
  const { start, post, accepted, failures } = await hooked(t);
  await start();
  const text = body('acme/api');
  t.equal((await post(text)).status, 401, 'no signature');
  t.equal((await post(text, { 'x-hub-signature-256': await sign('other', text) })).status, 401);
  t.equal(
    (await post(`${text} `, { 'x-hub-signature-256': await sign(SECRET, text) })).status,
    401,
    'other bytes',
  );
  t.equal((await post(text, { 'x-hub-signature-256': 'sha256=' })).status, 401);
  for (const other of [body('acme/never'), body('../x'), 'payload=form', '[]', '{"repository":null}'])
    t.same(
      await post(other, { 'x-hub-signature-256': await sign(SECRET, other) }),
      { status: 202, text: '{"syncs":false}' },
      other,
    );
  const large = body('a'.repeat(5_000));
  t.equal((await post(large, { 'x-hub-signature-256': await sign(SECRET, large) })).status, 413);
  t.same(accepted, []);
  t.same(failures, []);
});

t.test('without a secret it does not start, and says what is missing', async (t) => {
  const { start } = await hooked(t, '');
  await t.rejects(start(), { code: 'BAD_REQUEST', message: /VIGIL_GITHUB_WEBHOOK_SECRET/ });
});
