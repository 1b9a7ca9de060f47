import t from 'tap';
import { repoToken } from '../../../src/messages/github.js';
import { testFolder } from '../../folder.js';
import { commitOf, fail, type GitHubServer, issueOf, pullOf } from '../../github/server.js';
import { TestMirror, TOKEN } from './mirror.js';

function filled(server: GitHubServer, name = 'acme/api.v2') {
  return server.add(name, {
    issues: [issueOf(1, 10), issueOf(2, 20)],
    pulls: [pullOf(3, 30)],
    reviews: {
      3: [{ id: 7, user: { login: 'rev' }, state: 'APPROVED', submitted_at: '2026-01-01T00:00:30Z' }],
    },
    checks: {
      ['3'.padStart(40, 'a')]: [
        {
          id: 9,
          name: 'test',
          status: 'completed',
          conclusion: 'success',
          completed_at: '2026-01-01T00:00:31Z',
        },
      ],
    },
    commits: [commitOf(2), commitOf(1)],
  });
}

t.test(
  'everything is read once; the second sync makes conditional requests only, and changes nothing',
  async (t) => {
    const mirror = await TestMirror.start(t);
    filled(mirror.server);
    await mirror.watch('acme/api.v2');
    const first = await mirror.run();
    t.match(first, {
      requested: 1,
      failures: [],
      items: [{ repo: 'acme/api.v2', issues: 2, pulls: 1, reviews: 1, checks: 1, commits: 2, more: false }],
    });
    t.same(mirror.events(/./), [], 'what was there at the first sync is no news');
    t.match(mirror.store.mirror.openPulls(repoToken('acme/api.v2'), 5), [
      { approvals: 1, passed: 1, failed: 0, running: 0 },
    ]);
    const before = mirror.server.seen.length;
    const second = await mirror.run();
    const requests = mirror.server.seen.slice(before);
    t.equal(requests.length, 6);
    t.ok(
      requests.every(({ conditional, status }) => conditional && status === 304),
      JSON.stringify(requests),
    );
    t.match(second.items, [
      { issues: 0, pulls: 0, reviews: 0, checks: 0, commits: 0, requests: 6, notModified: 6 },
    ]);
  },
);

t.test('what changes is read, told once, and only that', async (t) => {
  const mirror = await TestMirror.start(t);
  const repository = filled(mirror.server);
  await mirror.watch('acme/api.v2');
  await mirror.run();
  repository.issues.push(issueOf(4, 40));
  repository.pulls[0] = pullOf(3, 50, { state: 'closed', merged_at: '2026-01-01T00:00:50Z' });
  repository.commits.unshift(commitOf(3));
  repository.reviews[3]?.push({
    id: 8,
    user: { login: 'rev' },
    state: 'CHANGES_REQUESTED',
    submitted_at: '2026-01-01T00:00:49Z',
  });
  const { items } = await mirror.run();
  t.match(items, [{ issues: 1, pulls: 1, reviews: 1, checks: 0, commits: 1 }]);
  const token = repoToken('acme/api.v2');
  t.match(token, /^acme-api-v2-[0-9a-f]{12}$/);
  t.same(
    mirror
      .events(/./)
      .map(({ subject, body }) => [subject, body['key'], body['state']])
      .sort(),
    [
      [`vigil.event.repo.${token}.issue`, '4', 'open'],
      [`vigil.event.repo.${token}.pull`, '3', 'merged'],
      [`vigil.event.repo.${token}.commit`, '3'.padStart(40, 'c'), 'committed'],
      [`vigil.event.repo.${token}.review`, '8', 'CHANGES_REQUESTED'],
    ].sort(),
  );
  await mirror.run();
  t.equal(mirror.events(/./).length, 4);
});

t.test(
  'fifty pages are read within bounds, the rest by the next sync; a crash between pages loses and repeats nothing',
  async (t) => {
    const dataDir = testFolder(t);
    const settings = { pageSize: 2, maxPages: 20 };
    const mirror = await TestMirror.start(t, settings, { dataDir });
    mirror.server.add('acme/big', { issues: Array.from({ length: 100 }, (_, i) => issueOf(i + 1, i)) });
    await mirror.watch('acme/big');
    t.match((await mirror.run()).items, [{ issues: 40, more: true }]);
    let answered = 0;
    mirror.server.fault = (request, response) => {
      if (!request.url?.includes('/issues') || ++answered <= 5) return false;
      response.destroy();
      return true;
    };
    t.match((await mirror.run()).failures, [{ agent: 'acme/big', code: 'UNAVAILABLE' }]);
    mirror.close();
    mirror.server.fault = undefined;
    const next = await TestMirror.start(
      t,
      { ...settings, maxPages: 100 },
      { dataDir, server: mirror.server },
    );
    const from = mirror.server.seen.length;
    t.match(
      (await next.run()).items,
      [{ issues: 50, more: false }],
      'five pages had been kept before the connection broke',
    );
    const pages = mirror.server.seen
      .slice(from)
      .map(({ path }) => new URL(path, 'http://x').searchParams.get('page'));
    t.equal(pages.includes('2'), false, 'nothing is read twice');
    t.match(next.store.repositories.list('', 10), [{ openIssues: 100 }]);
  },
);

t.test('pages that lead in a circle, or to another server, end with that', async (t) => {
  const mirror = await TestMirror.start(t, { pageSize: 1, maxPages: 1_000 });
  mirror.server.add('acme/circle', { issues: [issueOf(1, 1), issueOf(2, 2)] });
  await mirror.watch('acme/circle');
  let target = '/repos/acme/circle/issues?page=2';
  mirror.server.fault = (request, response) => {
    if (!request.url?.includes('/issues')) return false;
    response.setHeader('link', `<${new URL(target, mirror.server.url)}>; rel="next"`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify([issueOf(1, 1)]));
    return true;
  };
  t.match((await mirror.run()).failures, [{ code: 'BAD_REPLY', message: /circle/ }]);
  t.ok(mirror.server.seen.length < 10);
  await mirror.store.write(() => mirror.store.repositories.remove('acme/circle'));
  await mirror.watch('acme/circle');
  target = 'http://localhost:1/steal';
  t.match((await mirror.run()).failures, [{ code: 'BAD_REPLY', message: /another server/ }]);
});

t.test(
  'limits: short ones are waited for, by everybody; long ones end the sync and nothing is asked before',
  async (t) => {
    for (const [status, headers, message] of [
      [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' }, 'API rate limit exceeded'],
      [429, { 'retry-after': '1' }, 'Too Many Requests'],
      [403, { 'retry-after': '1' }, 'You have exceeded a secondary rate limit'],
    ] as const) {
      const mirror = await TestMirror.start(t);
      filled(mirror.server);
      await mirror.watch('acme/api.v2');
      let refusedAt: number | undefined;
      let waited = 0;
      mirror.server.fault = (_request, response) => {
        if (refusedAt !== undefined) {
          if (waited === 0) waited = performance.now() - refusedAt;
          return false;
        }
        refusedAt = performance.now();
        const reset = { 'x-ratelimit-reset': String(Math.floor(Date.now() / 1_000)) };
        fail(response, status, message, { ...headers, ...('x-ratelimit-reset' in headers ? reset : {}) });
        return true;
      };
      const { failures, items } = await mirror.run();
      t.same(failures, [], message);
      t.equal(items.length, 1);
      if ('retry-after' in headers) t.ok(waited >= 990, `Retry-After is kept: ${waited} ms`);
      mirror.close();
    }
    const mirror = await TestMirror.start(t);
    for (const name of ['acme/a', 'acme/b', 'acme/c', 'acme/d', 'acme/e']) filled(mirror.server, name);
    await mirror.watch('acme/a', 'acme/b', 'acme/c', 'acme/d', 'acme/e');
    mirror.server.fault = (_request, response) => {
      fail(response, 403, 'API rate limit exceeded', {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.floor(Date.now() / 1_000) + 1_800),
      });
      return true;
    };
    const { failures } = await mirror.run();
    t.equal(failures.length, 5);
    t.ok(
      failures.every(({ code, message }) => code === 'BUSY' && /until/.test(message)),
      JSON.stringify(failures),
    );
    t.ok(mirror.server.seen.length <= 3, 'only those that were under way');
    await mirror.run();
    t.ok(mirror.server.seen.length <= 3, 'and none while the limit holds');
  },
);

t.test(
  "server errors and cut answers are tried again, a bounded number of times, and are one repository's failure",
  async (t) => {
    const mirror = await TestMirror.start(t, { timeoutMs: 1_000 });
    for (const name of ['acme/good', 'acme/broken', 'acme/cut', 'acme/odd', 'acme/invalid'])
      filled(mirror.server, name);
    await mirror.watch('acme/good', 'acme/broken', 'acme/cut', 'acme/odd', 'acme/invalid');
    mirror.server.fault = (request, response) => {
      if (request.url === '/repos/acme/broken') fail(response, 502, 'Bad Gateway');
      else if (request.url === '/repos/acme/odd') {
        response.setHeader('content-type', 'application/json');
        response.end('{"id":1}');
      } else if (request.url === '/repos/acme/invalid') fail(response, 422, 'Validation Failed');
      else if (request.url === '/repos/acme/cut') {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"id":1,');
        response.destroy();
      } else return false;
      return true;
    };
    const { items, failures } = await mirror.run();
    t.match(items, [{ repo: 'acme/good' }]);
    const codes = Object.fromEntries(failures.map(({ agent, code }) => [agent, code]));
    t.same(codes, {
      'acme/broken': 'UNAVAILABLE',
      'acme/cut': 'UNAVAILABLE',
      'acme/odd': 'BAD_REPLY',
      'acme/invalid': 'BAD_REQUEST',
    });
    const tries = (name: string) =>
      mirror.server.seen.filter(({ path }) => path === `/repos/acme/${name}`).length;
    t.same([tries('broken'), tries('cut'), tries('odd'), tries('invalid')], [3, 3, 1, 1]);
    mirror.server.fault = undefined;
    t.equal((await mirror.run()).items.length, 5, 'the next sync goes on');
  },
);

t.test(
  'a renamed repository is followed, a deleted one is told once and left out until it is named',
  async (t) => {
    const mirror = await TestMirror.start(t);
    filled(mirror.server, 'acme/old');
    filled(mirror.server, 'acme/short-lived');
    await mirror.watch('acme/old', 'acme/short-lived');
    await mirror.run();
    mirror.server.rename('acme/old', 'acme/new');
    mirror.server.repositories.delete('acme/short-lived');
    const { items, failures } = await mirror.run();
    t.match(items, [{ repo: 'acme/new', token: repoToken('acme/old'), issues: 0 }]);
    t.match(failures, [{ agent: 'acme/short-lived', code: 'NOT_FOUND' }]);
    t.match(
      mirror
        .events(/state$/)
        .map(({ body }) => body)
        .sort((a, b) => (String(a['repo']) < String(b['repo']) ? -1 : 1)),
      [
        { repo: 'acme/new', renamedFrom: 'acme/old', state: 'active' },
        { repo: 'acme/short-lived', state: 'gone' },
      ],
    );
    t.match(mirror.store.repositories.find('ACME/old'), { repo: 'acme/new' }, 'the old name finds it');
    const before = mirror.server.seen.length;
    t.match(await mirror.run(), { requested: 1, failures: [] });
    t.notOk(mirror.server.seen.slice(before).some(({ path }) => /short-lived|\/old/.test(path)));
    t.equal(mirror.events(/state$/).length, 2);
    filled(mirror.server, 'acme/short-lived');
    t.match(await mirror.run(['acme/short-lived', 'acme/old', 'acme/never']), {
      items: { length: 2 },
      failures: [{ agent: 'acme/never', code: 'NOT_FOUND' }],
    });
  },
);

t.test(
  'a token that is refused: told once, no storm, tried again when somebody asks; it shows nowhere',
  async (t) => {
    const mirror = await TestMirror.start(t);
    const names = Array.from({ length: 10 }, (_, i) => `acme/r${i}`);
    for (const name of names) filled(mirror.server, name);
    await mirror.watch(...names);
    mirror.server.fault = (request, response) => {
      // As a careless proxy would: the answer says what it got.
      fail(response, 401, `Bad credentials: ${request.headers.authorization}`);
      return true;
    };
    const { failures } = await mirror.run();
    t.equal(failures.length, 10);
    t.ok(failures.every(({ code }) => code === 'FORBIDDEN'));
    t.ok(mirror.server.seen.length <= 3);
    const asked = mirror.server.seen.length;
    await mirror.run(undefined, { asked: false });
    t.equal(mirror.server.seen.length, asked, 'the schedule asks no more');
    t.equal(mirror.refusals.length, 1);
    t.notOk(mirror.everything().includes(TOKEN), 'the token is in no event, row, message or log line');
    t.notOk(JSON.stringify(failures).includes(TOKEN));
    t.ok(
      mirror.server.seen.every(({ authorization }) => authorization === `token ${TOKEN}`),
      'though it was sent',
    );
    mirror.server.fault = undefined;
    t.equal((await mirror.run(undefined, { asked: true })).items.length, 10);
    t.match(
      mirror.store.repositories.all(),
      names.map(() => ({ state: 'active' })),
    );
  },
);

t.test(
  'a right that is missing for one list costs that list; for the repository, the repository',
  async (t) => {
    const mirror = await TestMirror.start(t);
    filled(mirror.server, 'acme/partly');
    filled(mirror.server, 'acme/closed');
    await mirror.watch('acme/partly', 'acme/closed');
    mirror.server.fault = (request, response) => {
      if (!/check-runs|^\/repos\/acme\/closed$/.test(request.url ?? '')) return false;
      fail(response, 403, 'Resource not accessible by personal access token');
      return true;
    };
    const { items, failures } = await mirror.run();
    t.match(items, [{ repo: 'acme/partly', issues: 2, reviews: 1, checks: 0 }]);
    t.match(failures.map(({ agent, code }) => [agent, code]).sort(), [
      ['acme/closed', 'FORBIDDEN'],
      ['acme/partly', 'FORBIDDEN'],
    ]);
    t.match(mirror.store.repositories.find('acme/closed'), { state: 'forbidden' });
    t.match(mirror.events(/state$/), [{ body: { repo: 'acme/closed', state: 'forbidden' } }]);
  },
);

t.test('at most so many repositories at once; a request that goes on begins none anew', async (t) => {
  const mirror = await TestMirror.start(t);
  const names = Array.from({ length: 10 }, (_, i) => `acme/r${i}`);
  for (const name of names) filled(mirror.server, name).latencyMs = 20;
  await mirror.watch(...names);
  await mirror.run(undefined, { id: 'same' });
  t.equal(mirror.server.peak, 3, 'measured at the server');
  const before = mirror.server.seen.length;
  t.match(await mirror.run(undefined, { id: 'same' }), { requested: 10, items: { length: 10 } });
  t.equal(mirror.server.seen.length, before);
});
