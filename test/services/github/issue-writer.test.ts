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
