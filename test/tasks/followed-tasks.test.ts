import t from 'tap';
import { FollowedTasks } from '../../src/services/tasks/followed-tasks.js';
import type { Standing } from '../../src/store/tasks/task-edits.js';
import { QueueUnderTest } from './queues.js';

const task = (id: string, ...dependsOn: string[]) => ({
  id,
  title: id,
  priority: 'low' as const,
  capabilities: [],
  dependsOn,
});

t.test('what waits for its next try waits for a task that opens again before it', async (t) => {
  const real = await QueueUnderTest.open({ backoffMs: 1_000, sweepMs: 600_000 });
  t.teardown(() => real.close());
  const tasks = new FollowedTasks(real.queue);
  const state = (id: string) => real.store.tasks.queries.get(id)?.state;
  const edit = (id: string, act: 'finish' | 'reopen') =>
    real.queue.change((moment, tell) => {
      const standing = tasks.standing(id) as Standing;
      if (act === 'finish') tasks.finish(id, standing, 'elsewhere', moment, tell);
      else tasks.reopen(id, standing, moment, tell);
    });
  await real.queue.add([task('base'), task('walls', 'base')]);
  await edit('base', 'finish');
  const [walls] = await real.leases.claim({ agent: 'a', capabilities: [], limit: 5 });
  await real.leases.batch({
    complete: [],
    release: [],
    fail: [{ id: 'walls', token: walls?.token ?? 0, reason: 'red', retry: true }],
  });
  t.equal(state('walls'), 'pending');
  await edit('base', 'reopen');
  real.time += 10_000;
  await real.leases.sweep();
  t.equal(state('walls'), 'pending', 'its wait is over, and its dependency is open');
  t.same(
    (await real.leases.claim({ agent: 'a', capabilities: [], limit: 5 })).map(({ id }) => id),
    ['base'],
  );
  await edit('base', 'finish');
  t.equal(state('walls'), 'ready');
});
