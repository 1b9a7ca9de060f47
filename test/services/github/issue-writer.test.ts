import t from 'tap';
import { IssueWriter } from '../../../src/services/github/issue-writer.js';
import { GitHubSettings } from '../../../src/settings/github.js';
import { testFolder } from '../../folder.js';
import { fail } from '../../github/server.js';
import { TestMirror } from './mirror.js';

const DONE = { repo: 'acme/api', issue: 5, task: 'task-5', agent: 'fixer' };

async function writing(t: Parameters<typeof TestMirror.start>[0], settings: object, dataDir = testFolder(t)) {
  const mirror = await TestMirror.start(t, {}, { dataDir });
  const repository = mirror.server.add('acme/api');
  await mirror.watch('acme/api');
  const logged: string[] = [];
  const open = (from = mirror) =>
    new IssueWriter({
      client: from.client,
      store: from.store,
      settings: GitHubSettings.parse(settings),
      warn: (text, facts) => logged.push(text + JSON.stringify(facts)),
    });
  const writer = open();
  t.teardown(() => writer.close());
  const done = async (by = writer, on = mirror) => {
    await on.store.write(() => by.want(DONE, Date.now()));
    by.wake();
    await by.idle();
  };
  return { mirror, repository, writer, open, done, logged, dataDir };
}

t.test('nothing is written unless it is asked for', async (t) => {
  const { mirror, done } = await writing(t, {});
  await done();
  t.same(mirror.server.seen, []);
});

t.test('a comment and a label, once, however often the task is said to be done', async (t) => {
  const { repository, done } = await writing(t, { doneComment: true, doneLabel: 'done' });
  await done();
  await done();
  t.match(repository.comments[5], [
    { body: /^Task task-5 is done \(agent fixer\)\.\n\n<!-- vigil \S+ -->$/ },
  ]);
  t.equal(repository.comments[5]?.length, 1);
  t.same(repository.labels[5], ['done']);
});

t.test(
  'the answer is lost, the process ends: the next one finds the comment and writes no second',
  async (t) => {
    const { mirror, repository, done, open, dataDir, writer, logged } = await writing(t, {
      doneComment: true,
    });
    mirror.server.fault = async (request, response) => {
      if (request.method !== 'POST') return false;
      let text = '';
      for await (const chunk of request) text += chunk;
      repository.comments[5] = [{ id: 1, body: JSON.parse(text).body }];
      response.destroy();
      return true;
    };
    await done();
    t.match(logged, [/UNAVAILABLE/], 'to be tried again');
    t.equal(
      mirror.server.seen.filter(({ method }) => method === 'POST').length,
      1,
      'not at once: it may be there',
    );
    await writer.close();
    mirror.close();
    mirror.server.fault = undefined;
    const next = await TestMirror.start(t, {}, { dataDir, server: mirror.server });
    const again = open(next);
    t.teardown(() => again.close());
    again.wake();
    await again.idle();
    t.equal(repository.comments[5]?.length, 1);
    t.equal(next.store.githubWrites.next(), undefined, 'and it is done');
    t.equal(mirror.server.seen.filter(({ method }) => method === 'POST').length, 1);
  },
);

t.test('what GitHub refuses is given up and said; the others are written', async (t) => {
  const { mirror, repository, done, logged } = await writing(t, { doneComment: true, doneLabel: 'done' });
  mirror.server.fault = (request, response) => {
    if (!request.url?.endsWith('/labels')) return false;
    fail(response, 422, 'Validation Failed');
    return true;
  };
  await done();
  t.equal(repository.comments[5]?.length, 1);
  t.match(logged, [/"kind":"label".*BAD_REQUEST.*"final":true/]);
  t.equal(mirror.store.githubWrites.next(), undefined);
});

t.test('a repository that may not be written on holds no other back', async (t) => {
  const { mirror, repository, writer, open, logged } = await writing(t, { doneComment: true });
  const locked = mirror.server.add('acme/locked');
  await mirror.watch('acme/locked');
  mirror.server.fault = (request, response) => {
    if (request.method !== 'POST' || !request.url?.includes('/locked/')) return false;
    fail(response, 403, 'Resource not accessible by personal access token');
    return true;
  };
  const done = async (repo: string, issue: number, by: IssueWriter) => {
    await mirror.store.write(() => by.want({ ...DONE, repo, issue }, Date.now()));
    by.wake();
    await by.idle();
  };
  const tries = () =>
    mirror.server.seen.filter(({ path, method }) => method === 'POST' && /locked/.test(path));
  await done('acme/locked', 1, writer);
  t.match(logged, [/FORBIDDEN.*"final":false/]);
  await done('acme/api', 5, writer);
  await done('acme/locked', 2, writer);
  t.equal(repository.comments[5]?.length, 1);
  t.equal(tries().length, 1, 'nothing else is tried there meanwhile');
  await writer.close();
  mirror.server.fault = undefined;
  const later = open();
  t.teardown(() => later.close());
  later.wake();
  await later.idle();
  t.same([locked.comments[1]?.length, locked.comments[2]?.length], [1, 1]);
  t.equal(mirror.store.githubWrites.next(), undefined, 'all is written');
});

t.test('what was written is forgotten in time, but not while its issue has a task', async (t) => {
  const { mirror, repository, writer } = await writing(t, { doneComment: true });
  const { store } = mirror;
  const want = async (issue: number, at: number) => {
    await store.write(() => writer.want({ ...DONE, issue }, at));
    writer.wake();
    await writer.idle();
  };
  const now = Date.now();
  await want(5, now);
  await want(6, now);
  const token = store.repositories.find('acme/api')?.token ?? '';
  const task = 'task-6';
  await mirror.queue.add([{ id: task, title: 't', priority: 'low', capabilities: [], dependsOn: [] }]);
  await store.write(() => store.issueTasks.followed({ token, number: 6 }, task, 'open'));
  mirror.server.fault = (_request, response) => {
    fail(response, 404, 'Not Found');
    return true;
  };
  await want(7, now);
  mirror.server.fault = undefined;
  const prune = (before: number) => store.write(() => store.githubWrites.prune(before));
  const isKnown = async (issue: number) => {
    const before = mirror.server.seen.length;
    await want(issue, now);
    return mirror.server.seen.length === before;
  };
  await prune(now);
  t.same([await isKnown(5), await isKnown(6), await isKnown(7)], [true, true, true], 'not before its time');
  await prune(now + 1);
  t.equal(await isKnown(6), true, 'its task may be done once more');
  t.equal(await isKnown(5), false);
  t.equal(repository.comments[5]?.length, 1, 'is looked for, and found');
  await mirror.queue.cancel([task], true, 'over');
  await mirror.queue.prune(Date.now() + 1_000);
  mirror.server.fault = (_request, response) => {
    response.destroy();
    return true;
  };
  await want(8, now);
  await prune(now + 1);
  t.match(store.githubWrites.next(), { issue: 8 }, 'what waits is kept');
  mirror.server.fault = undefined;
  t.equal(await isKnown(6), false);
});
