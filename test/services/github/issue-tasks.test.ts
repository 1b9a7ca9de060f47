import t, { type Test } from 'tap';
import { taskIdOf } from '../../../src/github/issue-tasks.js';
import { repoToken } from '../../../src/messages/github.js';
import { testFolder } from '../../folder.js';
import { type FakeRepository, issueOf, pullOf } from '../../github/server.js';
import { TestMirror } from './mirror.js';

const idOf = (number: number, repo = 'acme/api') => taskIdOf(repoToken(repo), number);
const LABEL = [{ name: 'vigil' }];

/** A repository whose issues a test writes and edits, each edit later than the one before. */
class Issues {
  #clock = 1;

  constructor(
    readonly repository: FakeRepository,
    readonly mirror: TestMirror,
  ) {}

  open(number: number, body = '', fields: object = {}): void {
    this.repository.issues.push(issueOf(number, this.#clock++, { body, labels: LABEL, ...fields }));
  }

  edit(number: number, fields: object): void {
    const issue = this.repository.issues.find((each) => each['number'] === number);
    Object.assign(issue as object, { updated_at: issueOf(number, this.#clock++)['updated_at'], ...fields });
  }

  close(number: number, reason: string): void {
    this.edit(number, { state: 'closed', state_reason: reason });
  }

  reopen(number: number): void {
    this.edit(number, { state: 'open', state_reason: 'reopened' });
  }

  state(number: number): string | undefined {
    return this.mirror.store.tasks.queries.get(idOf(number))?.state;
  }

  states(...numbers: number[]): (string | undefined)[] {
    return numbers.map((number) => this.state(number));
  }

  /** The graph in memory is what the record says. */
  check(t: Test, ...numbers: number[]): void {
    const { queue, store } = this.mirror;
    for (const number of numbers) {
      const task = store.tasks.queries.get(idOf(number));
      if (task === undefined || task.state === 'done') continue;
      const open = queue.keeper.graph.blockedBy(task.id).length;
      t.equal(open, task.openDependencies, `what #${number} waits for, in the graph and on record`);
    }
  }

  async claim(agent = 'a1') {
    return this.mirror.leases.claim({ agent, capabilities: [], limit: 10 });
  }
}

async function issues(t: Test, tasks: object = {}, more: object = {}, from: object = {}): Promise<Issues> {
  const mirror = await TestMirror.start(t, { tasks: { label: 'Vigil', ...tasks }, ...more }, from);
  const repository = mirror.server.repositories.get('acme/api') ?? mirror.server.add('acme/api');
  await mirror.watch('acme/api');
  return new Issues(repository, mirror);
}

t.test('without a label in the settings no issue becomes a task', async (t) => {
  const mirror = await TestMirror.start(t);
  mirror.server.add('acme/api', { issues: [issueOf(1, 1, { labels: LABEL })] });
  await mirror.watch('acme/api');
  await mirror.run();
  t.same(mirror.store.tasks.queries.list({ after: 0, limit: 10 }).tasks, []);
});

t.test('issues with the label become tasks, once; each waits for what its text names', async (t) => {
  const work = await issues(t);
  const { mirror } = work;
  work.open(1, 'The base.', { title: 'Base' });
  work.open(2, 'Depends on #1', { title: 'Walls' });
  work.open(3, 'Blocked by: #2, #4, #9 and #999.');
  work.open(4, '', { labels: [] });
  work.open(5, '', { state: 'closed', state_reason: 'completed' });
  work.open(6, 'Depends on #5');
  t.match((await mirror.run()).failures, []);
  t.same(work.states(1, 2, 3, 4, 5, 6), ['ready', 'pending', 'pending', undefined, undefined, 'ready']);
  t.match(mirror.store.tasks.queries.get(idOf(1)), {
    title: 'Base',
    description: 'The base.',
    source: 'acme/api#1',
  });
  t.same(
    mirror.store.tasks.edges.waitsFor(idOf(3)).map(({ id }) => id),
    [idOf(2)],
    'not for what has no label, nor for what is not there',
  );
  const before = mirror.store.tasks.queries.list({ after: 0, limit: 100 });
  await mirror.run();
  await mirror.issueTasks?.begin();
  t.same(mirror.store.tasks.queries.list({ after: 0, limit: 100 }), before);
  const [base] = await work.claim();
  await mirror.leases.batch({ complete: [{ id: idOf(1), token: base?.token ?? 0 }], fail: [], release: [] });
  t.equal(work.state(2), 'ready');
  work.check(t, 1, 2, 3, 6);
});

t.test('a dependency that has no label or is not there: dropped until it has one, or awaited', async (t) => {
  for (const missing of ['drop', 'await']) {
    const work = await issues(t, { missing });
    work.open(1, 'Depends on #2, #3 and #7');
    work.open(2, '', { labels: [] });
    work.repository.pulls.push(pullOf(3, 1));
    await work.mirror.run();
    t.equal(work.state(1), missing === 'drop' ? 'ready' : 'pending', missing);
    work.edit(2, { labels: LABEL });
    await work.mirror.run();
    t.same(work.states(1, 2), ['pending', 'ready'], 'it has one now');
    const waits = work.mirror.store.tasks.edges.waitsFor(idOf(1)).map(({ id }) => id);
    t.same(
      waits,
      missing === 'drop' ? [idOf(2)] : [idOf(2), idOf(7)],
      'a pull request is nothing to wait for',
    );
    work.edit(2, { labels: [] });
    await work.mirror.run();
    t.same(work.states(1, 2), [missing === 'drop' ? 'ready' : 'pending', 'cancelled']);
    work.check(t, 1, 2);
    work.close(2, 'completed');
    work.open(7);
    await work.mirror.run();
    t.same(work.states(1, 7), ['pending', 'ready'], 'a closed one without the label is waited for by nobody');
    for (const { id, token } of await work.claim())
      await work.mirror.leases.batch({ complete: [{ id, token }], fail: [], release: [] });
    t.equal(work.state(1), 'ready');
    work.check(t, 1);
    work.mirror.close();
  }
});

t.test('while a repository is not read to its end, what it may still have is waited for', async (t) => {
  const work = await issues(t, {}, { pageSize: 1, maxPages: 1 });
  work.open(1, '');
  work.open(2, 'Depends on #1 and #77');
  t.match((await work.mirror.run()).items, [{ more: true }]);
  t.same(work.states(1, 2), [undefined, 'pending'], 'the newest is read first');
  await work.mirror.run();
  await work.mirror.run();
  t.same(work.states(1, 2), ['ready', 'pending']);
  t.same(
    work.mirror.store.tasks.edges.waitsFor(idOf(2)).map(({ id }) => id),
    [idOf(1)],
    '#77 is in none of it',
  );
});

t.test('issues of another repository, whatever that is called by now', async (t) => {
  const work = await issues(t);
  const other = work.mirror.server.add('acme/web', { issues: [issueOf(4, 1, { labels: LABEL })] });
  await work.mirror.watch('acme/web');
  work.open(1, 'Depends on acme/web#4');
  await work.mirror.run();
  t.equal(work.state(1), 'pending');
  work.mirror.server.rename('acme/web', 'acme/site');
  work.open(2, 'Depends on acme/site#4');
  await work.mirror.run();
  t.equal(work.state(2), 'pending');
  Object.assign(other.issues[0] as object, {
    state: 'closed',
    state_reason: 'completed',
    updated_at: issueOf(4, 9)['updated_at'],
  });
  await work.mirror.run();
  t.same(work.states(1, 2), ['ready', 'ready']);
  t.match(work.mirror.store.tasks.queries.get(idOf(4, 'acme/web')), { state: 'done', source: 'acme/web#4' });
});

t.test(
  'closing, losing the label and opening again are followed; whoever holds the task is fenced',
  async (t) => {
    const work = await issues(t);
    const { mirror } = work;
    work.open(1);
    work.open(2, 'Depends on #1');
    work.open(3);
    work.open(4, 'depends on #3');
    await mirror.run();
    const [one, three] = await work.claim();
    t.same([one?.id, three?.id].sort(), [idOf(1), idOf(3)].sort());
    work.close(1, 'completed');
    work.close(3, 'not_planned');
    await mirror.run();
    t.same(work.states(1, 2, 3, 4), ['done', 'ready', 'cancelled', 'pending']);
    const { refused } = await mirror.leases.batch({
      complete: [one, three].map((each) => ({ id: each?.id ?? '', token: each?.token ?? 0 })),
      fail: [],
      release: [],
    });
    t.same(
      refused.map(({ error }) => error.code),
      ['FENCED', 'FENCED'],
      'their workers are late',
    );
    t.match(
      mirror.events(/task\./).map(({ subject, body }) => [subject, body['reason']]),
      [
        [`vigil.event.task.${idOf(1)}.done`, /closed as completed/],
        [`vigil.event.task.${idOf(3)}.cancelled`, /not planned/],
      ],
    );
    work.reopen(1);
    work.reopen(3);
    await mirror.run();
    t.same(
      work.states(1, 2, 3, 4),
      ['ready', 'pending', 'ready', 'pending'],
      'and what had been freed waits again',
    );
    work.check(t, 1, 2, 3, 4);
    work.edit(3, { labels: [] });
    await mirror.run();
    t.equal(work.state(3), 'cancelled');
    work.edit(3, { labels: LABEL });
    await mirror.run();
    t.equal(work.state(3), 'ready');
    for (const task of await work.claim())
      await mirror.leases.batch({ complete: [{ id: task.id, token: task.token }], fail: [], release: [] });
    t.same(work.states(1, 2, 3, 4), ['done', 'ready', 'done', 'ready']);
    work.check(t, 1, 2, 3, 4);
    work.edit(1, { title: 'Another title' });
    await mirror.run();
    t.match(
      mirror.store.tasks.queries.get(idOf(1)),
      { state: 'done', title: 'Another title' },
      'what a worker has done stays done while its issue stays open',
    );
  },
);

t.test('what has begun because an issue was closed is let end before that is open again', async (t) => {
  const work = await issues(t);
  work.open(1);
  work.open(2, 'Depends on #1');
  await work.mirror.run();
  work.close(1, 'completed');
  await work.mirror.run();
  const [two] = await work.claim();
  t.equal(two?.id, idOf(2));
  work.reopen(1);
  work.edit(2, { body: '' });
  await work.mirror.run();
  t.same(work.states(1, 2), ['done', 'claimed']);
  await work.mirror.leases.batch({
    complete: [],
    fail: [],
    release: [{ id: idOf(2), token: two?.token ?? 0 }],
  });
  await work.mirror.run();
  t.same(work.states(1, 2), ['ready', 'ready'], 'nothing had changed on GitHub since');
  work.check(t, 1, 2);
});

t.test('edits of title, text and dependencies reach the task', async (t) => {
  const work = await issues(t);
  work.open(1);
  work.open(2);
  work.open(3, 'Depends on #1');
  await work.mirror.run();
  work.edit(3, { title: 'New', body: 'Depends on #2' });
  await work.mirror.run();
  t.match(work.mirror.store.tasks.queries.get(idOf(3)), { title: 'New', description: 'Depends on #2' });
  t.same(
    work.mirror.store.tasks.edges.waitsFor(idOf(3)).map(({ id }) => id),
    [idOf(2)],
  );
  work.check(t, 1, 2, 3);
  work.edit(3, { body: 'On nothing.' });
  await work.mirror.run();
  t.equal(work.state(3), 'ready');
  work.edit(1, { body: 'Depends on #3' });
  await work.mirror.run();
  t.equal(work.state(1), 'pending');
  work.check(t, 1, 2, 3);
});

t.test(
  'a circle that people wrote is refused for that issue, named and told once; the others go on',
  async (t) => {
    const work = await issues(t);
    work.open(1, 'Depends on #2');
    work.open(2, 'Depends on #1');
    work.open(3);
    const first = await work.mirror.run();
    t.match(first.failures, [
      { agent: 'acme/api', code: 'CONFLICT', message: /^issue \d: the dependencies go in a circle.*->/ },
    ]);
    t.equal(first.failures.length, 1);
    t.equal(work.state(3), 'ready');
    t.same(work.states(1, 2).sort(), ['pending', undefined], 'one of both is there, and waits');
    t.equal((await work.mirror.run()).failures.length, 1, 'named for as long as it lasts');
    t.equal(work.mirror.events(/task-refused$/).length, 1, 'told once');
    work.edit(2, { body: '' });
    t.same((await work.mirror.run()).failures, []);
    t.same(work.states(1, 2), ['pending', 'ready']);
    work.edit(2, { title: 'Title', body: 'Depends on #1' });
    t.match((await work.mirror.run()).failures, [{ code: 'CONFLICT', message: /issue 2/ }]);
    t.match(
      work.mirror.store.tasks.queries.get(idOf(2)),
      { title: 'Title', state: 'ready', openDependencies: 0 },
      'the rest of the edit is followed',
    );
    work.close(2, 'completed');
    t.same((await work.mirror.run()).failures, []);
    t.same(work.states(1, 2), ['ready', 'done']);
    work.check(t, 1, 2, 3);
    // Both are edited at once: the one that comes first is in a circle until the other one is followed.
    work.open(4, 'Depends on #5');
    work.open(5);
    await work.mirror.run();
    work.edit(4, { body: '' });
    work.edit(5, { body: 'Depends on #4' });
    t.same((await work.mirror.run()).failures, []);
    t.same(work.states(4, 5), ['ready', 'pending']);
  },
);

t.test("a task that somebody added under an issue's id is not taken over", async (t) => {
  const work = await issues(t);
  await work.mirror.queue.add([
    { id: idOf(1), title: 'Mine', priority: 'low', capabilities: [], dependsOn: [] },
  ]);
  work.open(1);
  t.match((await work.mirror.run()).failures, [{ code: 'CONFLICT', message: /not of this issue/ }]);
  await work.mirror.run();
  t.match(work.mirror.store.tasks.queries.get(idOf(1)), { title: 'Mine' });
  work.edit(1, { labels: [] });
  t.same((await work.mirror.run()).failures, []);
});

t.test(
  'a task that was done and forgotten is not made again, unless its issue is opened again',
  async (t) => {
    const work = await issues(t);
    work.open(1);
    work.open(2, 'Depends on #1');
    await work.mirror.run();
    const [one] = await work.claim();
    await work.mirror.leases.batch({
      complete: [{ id: idOf(1), token: one?.token ?? 0 }],
      fail: [],
      release: [],
    });
    await work.mirror.queue.prune(Date.now() + 1_000);
    t.equal(work.state(1), undefined);
    work.edit(1, { title: 'A comment came' });
    work.edit(2, { title: 'Here too' });
    await work.mirror.run();
    t.same(work.states(1, 2), [undefined, 'ready']);
    work.close(1, 'completed');
    await work.mirror.run();
    work.reopen(1);
    await work.mirror.run();
    t.same(work.states(1, 2), ['ready', 'pending']);
  },
);

t.test('another label in the settings, and a repository that was removed and added again', async (t) => {
  const dataDir = testFolder(t);
  const work = await issues(t, {}, {}, { dataDir });
  work.open(1, '', { labels: [...LABEL, { name: 'other' }] });
  work.open(2, '', { labels: [{ name: 'other' }] });
  work.open(3);
  await work.mirror.run();
  t.same(work.states(1, 2, 3), ['ready', undefined, 'ready']);
  work.mirror.close();
  const next = await issues(t, { label: 'other' }, {}, { dataDir, server: work.mirror.server });
  t.same(next.states(1, 2, 3), ['ready', 'ready', 'cancelled'], 'followed from the record');
  await next.mirror.store.write(() => next.mirror.store.repositories.remove('acme/api'));
  next.edit(2, { labels: [] });
  await next.mirror.watch('acme/api');
  t.same((await next.mirror.run()).failures, []);
  t.same(next.states(1, 2, 3), ['ready', 'cancelled', 'cancelled']);
});

t.test('what waits is looked at once a sync, after all repositories are read', async (t) => {
  const work = await issues(t, { missing: 'await' });
  const { mirror } = work;
  const others = ['acme/b', 'acme/c', 'acme/d'];
  for (const name of others) mirror.server.add(name, { issues: [issueOf(1, 1, { labels: LABEL })] });
  await mirror.watch(...others);
  work.open(1, 'Depends on #2');
  work.open(2, 'Depends on #1');
  const follow = mirror.issueTasks && t.capture(mirror.issueTasks, 'follow', mirror.issueTasks.follow);
  const { failures, items } = await mirror.run();
  t.equal(items.length, 4);
  t.match(failures, [{ agent: 'acme/api', code: 'CONFLICT', message: /^issue \d: / }]);
  t.match(
    mirror.store.repositories.list('', 10).find(({ repo }) => repo === 'acme/api'),
    {
      lastError: /^CONFLICT: issue/,
    },
  );
  t.equal(follow?.().filter(({ args }) => args[0]).length, 1);
  const again = await mirror.run();
  t.match(again.failures, [{ agent: 'acme/api', code: 'CONFLICT' }], 'still so');
  t.equal(follow?.().filter(({ args }) => args[0]).length, 1);
  work.edit(2, { body: '' });
  t.same((await mirror.run()).failures, []);
  t.match(
    mirror.store.repositories.list('', 10).find(({ repo }) => repo === 'acme/api'),
    { lastError: null },
  );
});
