import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { headBranch } from '../../src/github/head-branch.js';
import { limitMs, quotaOf } from '../../src/github/limits.js';
import { linksOf, namesIn } from '../../src/github/links.js';
import { GitHubQuota } from '../../src/messages/figures.js';
import { RepoName, repoToken } from '../../src/messages/github.js';
import { isId } from '../../src/messages/ids.js';
import { testFolder } from '../folder.js';

const pull = (branch: string, title = '', body = '') => ({ number: 1, branch, title, body });
const agents = (...ids: string[]) => ids.map((id) => ({ id, branch: undefined as string | undefined }));

t.test('an agent is told by its workspace, or by its id in the branch', async (t) => {
  const of = (branch: string, known = agents('fixer', 'fixer-2', 'a1')) =>
    linksOf({ agents: known, tasks: [], pulls: [pull(branch)], issues: new Map() }).map(({ agent, by }) => [
      agent,
      by,
    ]);
  t.same(of('fixer/tests'), [['fixer', 'branch']]);
  t.same(of('wip/FIXER-2-tests'), [['fixer-2', 'branch']], 'the longest, whatever its case');
  t.same(of('prefixer/tests'), [], 'not a part of a word');
  t.same(of('a1/tests'), [], 'too short to mean anything');
  t.same(of('one-two', agents('one', 'two')), [], 'two of a length: nobody knows');
  const placed = [
    { id: 'fixer', branch: 'feature' },
    { id: 'other', branch: 'main' },
  ];
  t.same(of('feature', placed), [['fixer', 'workspace']]);
  t.same(of('main', placed), [], 'a shared branch tells nothing');
  t.same(of('feature', [...placed, { id: 'second', branch: 'feature' }]), [], 'nor does one that two have');
});

t.test('a task is told by the branch before the title before the body', async (t) => {
  const of = (...texts: [string, string?, string?]) =>
    linksOf({
      agents: [],
      tasks: ['task-12', 'task-120', 'build'],
      pulls: [pull(...texts)],
      issues: new Map([[7, 'issue-7']]),
    }).map(({ task, by }) => [task, by]);
  t.same(of('task-120', 'task-12'), [['task-120', 'branch']]);
  t.same(of('x', 'Do task-12.'), [['task-12', 'title']]);
  t.same(of('x', '', 'Closes task-12'), [['task-12', 'body']]);
  t.same(of('x', 'task-121'), []);
  t.same(of('x', 'Mend the build'), [], 'a word is no name');
  t.same(of('build', 'x'), [['build', 'branch']]);
  t.same(of('x', 'x', 'Fixes #8, closes: #7'), [['issue-7', 'closes']], 'or by the issue that it closes');
  t.same(of('x', 'see #7, prefixes #7'), []);
});

t.test(
  'the texts of a pull request name each id that could stand in them, and no more than so many',
  async (t) => {
    const id = fc.stringMatching(/^[A-Za-z0-9_]([A-Za-z0-9_-]{1,62}[A-Za-z0-9_])$/);
    fc.assert(
      fc.property(
        id,
        fc.constantFrom('', 'a/', 'x ', 'do-'),
        fc.constantFrom('', '/b', '.', '-it'),
        (each, before, behind) => namesIn(pull(before + each + behind)).includes(each),
      ),
    );
    t.ok(namesIn(pull('x', '', 'a-'.repeat(30_000))).length <= 1_001);
  },
);

t.test('any repository name becomes one valid id, different names different ones', async (t) => {
  const name = fc
    .stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/)
    .filter((each) => RepoName.safeParse(each).success);
  fc.assert(
    fc.property(name, (each) => isId(repoToken(each)) && repoToken(each) === repoToken(each.toUpperCase())),
  );
  t.not(repoToken('a/b.c'), repoToken('a/b-c'));
  for (const bad of [
    'a',
    'a/b/c',
    '../x',
    'a/..',
    'a/.',
    'a b/c',
    'a/b\r\nPUB x',
    'a/*',
    `a/${'b'.repeat(101)}`,
  ])
    t.notOk(RepoName.safeParse(bad).success, bad);
});

t.test('the branch of a workspace', async (t) => {
  const folder = testFolder(t, {
    '.git': { HEAD: 'ref: refs/heads/feature/x\n', worktrees: { w: { HEAD: 'ref: refs/heads/linked\n' } } },
    detached: { '.git': { HEAD: 'a'.repeat(40) } },
  });
  t.equal(await headBranch(folder), 'feature/x');
  t.equal(await headBranch(join(folder, 'detached')), undefined);
  mkdirSync(join(folder, 'tree'));
  writeFileSync(join(folder, 'tree/.git'), `gitdir: ${join(folder, '.git/worktrees/w')}\n`);
  t.equal(await headBranch(join(folder, 'tree')), 'linked');
  mkdirSync(join(folder, 'bad/.git'), { recursive: true });
  symlinkSync('/etc/passwd', join(folder, 'bad/.git/HEAD'));
  t.equal(await headBranch(join(folder, 'bad')), undefined);
  t.equal(await headBranch(join(folder, 'nothing')), undefined);
});

t.test('what GitHub says of its limit', async (t) => {
  const headers = {
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': '4321',
    'x-ratelimit-reset': '1000000000',
  };
  const told = { limit: 5_000, remaining: 4_321, resetAt: '2001-09-09T01:46:40.000Z' };
  t.match(quotaOf(headers, 0), { ...told, at: '1970-01-01T00:00:00.000Z' });
  t.match(quotaOf({ ...headers, 'x-ratelimit-resource': 'core' }, 0), told);
  t.equal(quotaOf({ ...headers, 'x-ratelimit-resource': 'search' }, 0), undefined, 'another limit');
  t.equal(quotaOf({}, 0), undefined);
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (limit, remaining, reset) => {
      const odd = {
        'x-ratelimit-limit': limit,
        'x-ratelimit-remaining': remaining,
        'x-ratelimit-reset': reset,
      };
      const quota = quotaOf(odd, 0);
      return quota === undefined || GitHubQuota.safeParse(quota).success;
    }),
  );
});

t.test('how long GitHub wants no request', async (t) => {
  const date = new Date(1_000_000_000_000).toUTCString();
  t.equal(limitMs(200, {}, '', 0), undefined);
  t.equal(limitMs(403, { date }, 'Resource not accessible', 0), undefined, 'a missing right is no limit');
  t.equal(limitMs(429, { 'retry-after': '7' }, '', 0), 7_000);
  t.equal(limitMs(403, { date, 'retry-after': new Date(1_000_000_009_000).toUTCString() }, '', 0), 9_000);
  t.equal(
    limitMs(403, { date, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000000010' }, '', 0),
    11_000,
    "by GitHub's clock",
  );
  t.equal(limitMs(403, {}, 'You have exceeded a secondary rate limit', 0), 60_000);
  t.equal(limitMs(429, { 'retry-after': 'nonsense' }, '', 0), 60_000);
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (after, reset, text) => {
      const ms = limitMs(403, { 'retry-after': after, 'x-ratelimit-reset': reset }, text, Date.now());
      return ms === undefined || (ms >= 0 && ms <= 3_600_000);
    }),
  );
});
