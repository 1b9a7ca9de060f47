import fc from 'fast-check';
import t from 'tap';
import { taskIdOf, taskOfIssue } from '../../src/github/issue-tasks.js';
import { isId } from '../../src/messages/ids.js';

const issue = (body: string, fields: object = {}) => ({
  number: 5,
  title: 'Mend it',
  body,
  state: 'open',
  reason: null,
  labels: ['vigil'],
  ...fields,
});
const dependencies = (body: string) => taskOfIssue('acme/api', issue(body), 'vigil')?.dependsOn;
const ids = (...numbers: number[]) => numbers.map((number) => taskIdOf('acme/api', number));

t.test('an issue with the label becomes a task, with its dependencies', async (t) => {
  t.same(dependencies('Depends on #12'), ids(12));
  t.same(dependencies('Blocked by: #1, #2 and #3.\ndepends on #4; see #9'), ids(1, 2, 3, 4));
  t.same(dependencies('Depends on acme/web#7, #1'), [taskIdOf('acme/web', 7), ...ids(1)]);
  t.same(dependencies('See #12, independs on #3'), []);
  t.same(dependencies('Depends on #5'), [], 'not on itself');
  t.same(
    dependencies('`Depends on #1`\n> depends on #2\n```\ndepends on #3\n```\n<!-- depends on #4 -->'),
    [],
  );
  t.equal(taskOfIssue('acme/api', issue('', { labels: ['bug'] }), 'vigil'), undefined);
  t.ok(taskOfIssue('acme/api', issue('', { labels: ['VIGIL'] }), 'vigil'));
});

t.test('closing follows', async (t) => {
  const state = (fields: object) => taskOfIssue('acme/api', issue('', fields), 'vigil')?.state;
  t.equal(state({}), 'open');
  t.equal(state({ state: 'closed', reason: 'completed' }), 'done');
  t.equal(state({ state: 'closed' }), 'done');
  t.equal(state({ state: 'closed', reason: 'not_planned' }), 'cancelled');
});

t.test('ids are valid and differ; hostile bodies cost little and break nothing', async (t) => {
  const name = fc.stringMatching(/^[A-Za-z0-9]{1,39}\/[A-Za-z0-9._-]{1,100}$/);
  const number = fc.integer({ min: 1, max: 999_999_999 });
  fc.assert(
    fc.property(
      name,
      number,
      (repo, n) => isId(taskIdOf(repo, n)) && taskIdOf(repo, n) !== taskIdOf(repo, n + 1),
    ),
  );
  fc.assert(fc.property(fc.string(), (body) => (dependencies(`depends on ${body}`) ?? []).every(isId)));
  const many = Array.from({ length: 60_000 }, (_, i) => `depends on #${i + 10}\n`).join('');
  t.equal(dependencies(many)?.length, 100);
});
