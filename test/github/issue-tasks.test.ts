import fc from 'fast-check';
import t from 'tap';
import { taskIdOf, taskOfIssue } from '../../src/github/issue-tasks.js';
import { RepoName, repoToken } from '../../src/messages/github.js';
import { isId } from '../../src/messages/ids.js';
import { TaskSpec } from '../../src/messages/tasks.js';

const issue = (body: string, fields: object = {}) => ({
  number: 5,
  title: 'Mend it',
  body,
  state: 'open',
  reason: null,
  labels: ['vigil'],
  ...fields,
});
const dependencies = (body: string) =>
  taskOfIssue(issue(body), 'vigil')?.dependsOn.map(({ repo = '', number }) => `${repo}#${number}`);

t.test('an issue with the label becomes a task, with its dependencies', async (t) => {
  t.same(dependencies('Depends on #12'), ['#12']);
  t.same(dependencies('Blocked by: #1, #2 and #3.\ndepends on #4, #1; see #9'), ['#1', '#2', '#3', '#4']);
  t.same(dependencies('Depends on acme/web#7, #1 and Acme/Web#7'), ['Acme/Web#7', '#1']);
  t.same(dependencies('See #12, independs on #3'), []);
  t.same(
    dependencies('`Depends on #1`\n> depends on #2\n```\ndepends on #3\n```\n<!-- depends on #4 -->'),
    [],
  );
  t.equal(taskOfIssue(issue('', { labels: ['bug'] }), 'vigil'), undefined);
  t.ok(taskOfIssue(issue('', { labels: ['VIGIL'] }), 'vigil'));
  const long = taskOfIssue(issue('b'.repeat(60_000), { title: 't'.repeat(1_000) }), 'vigil');
  t.ok(
    TaskSpec.safeParse({ title: long?.title, description: long?.description }).success,
    'cut to fit a task',
  );
});

t.test('closing follows', async (t) => {
  const state = (fields: object) => taskOfIssue(issue('', fields), 'vigil')?.state;
  t.equal(state({}), 'open');
  t.equal(state({ state: 'closed', reason: 'completed' }), 'done');
  t.equal(state({ state: 'closed' }), 'done');
  t.equal(state({ state: 'closed', reason: 'not_planned' }), 'cancelled');
});

t.test('ids are valid and differ; hostile bodies cost little and break nothing', async (t) => {
  const name = fc.stringMatching(/^[A-Za-z0-9]{1,39}\/[A-Za-z0-9._-]{1,100}$/);
  const number = fc.integer({ min: 1, max: 999_999_999 });
  fc.assert(
    fc.property(name, number, (repo, n) => {
      const token = repoToken(repo);
      return isId(taskIdOf(token, n)) && taskIdOf(token, n) !== taskIdOf(token, n + 1);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (body) => {
      const { dependsOn = [] } = taskOfIssue(issue(`depends on ${body}`), 'vigil') ?? {};
      return dependsOn.every(({ repo }) => repo === undefined || RepoName.safeParse(repo).success);
    }),
  );
  const many = Array.from({ length: 60_000 }, (_, i) => `depends on #${i + 10}\n`).join('');
  t.equal(dependencies(many)?.length, 100);
});
