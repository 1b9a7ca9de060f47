import t from 'tap';
import { z } from 'zod';
import { type AppAccess, GitHubClient } from '../../src/github/client.js';
import { toFailure } from '../../src/messages/errors.js';
import { FakeApp } from './app.js';
import { GitHubServer } from './server.js';

const HOUR_MS = 3_600_000;
const Named = z.object({ full_name: z.string() });

t.test(
  'a GitHub App logs in with its key, uses a token for as long as it lasts, and shows neither',
  async (t) => {
    const app = new FakeApp();
    const server = await GitHubServer.start(t);
    server.add('acme/api');
    server.fault = app.fault;
    const refused: string[] = [];
    const open = (access: AppAccess) => {
      const client = new GitHubClient({
        baseUrl: server.url,
        timeoutMs: 10_000,
        maxBytes: 100_000,
        retries: 0,
        retryMs: 1,
        maxWaitMs: 1_000,
        app: access,
        userAgent: 'vigil-test',
        refused: (message) => refused.push(message),
        accepted: () => {},
      });
      t.teardown(() => client.close());
      return client;
    };
    const client = open(app);
    const get = (from: GitHubClient) =>
      from.get(Named, '/repos/acme/api', null, { requests: 0, notModified: 0 });
    t.match(await Promise.all([get(client), get(client), get(client)]), [{ kind: 'fresh' }, {}, {}]);
    t.equal(app.given, 1, 'one token for all of them');

    const realNow = Date.now;
    t.teardown(() => {
      Date.now = realNow;
    });
    Date.now = () => realNow() + HOUR_MS / 2;
    await get(client);
    t.equal(app.given, 1, 'which lasts');
    Date.now = () => realNow() + HOUR_MS + 1_000;
    t.match(await get(client), { kind: 'fresh' });
    t.equal(app.given, 2, 'it is renewed when its hour is over');
    Date.now = realNow;
    t.same([app.refusals, refused], [[], []]);

    const stranger = open({ ...app, key: new FakeApp().key });
    const failure = await get(stranger).then(
      () => undefined,
      (error: unknown) => toFailure(error),
    );
    t.match(failure, { code: 'FORBIDDEN', message: /could not be decoded: \*\*\*/ });
    t.same(app.refusals, ['not signed by the key']);
    const said = JSON.stringify([failure, refused]);
    t.ok(app.secrets.length > 4);
    for (const secret of app.secrets)
      t.notOk(said.includes(secret), 'what it logged in with is in no message');
  },
);
