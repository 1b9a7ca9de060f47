import t from 'tap';
import { QueueUnderTest } from './queues.js';

const task = (id: string, ...dependsOn: string[]) => ({
  id,
  title: id,
  priority: 'low' as const,
  capabilities: [],
  dependsOn,
});

t.test('what was given up and is forgotten is waited for no longer by what is opened again', async (t) => {
  const real = await QueueUnderTest.open();
  t.teardown(() => real.close());
  const { queue } = real;
  await queue.add([task('base'), task('walls', 'base'), task('roof', 'walls')]);
  await queue.cancel(['base', 'walls'], false, 'no');
  await queue.prune(Date.now() + 60_000);
  const states = () =>
    real.store.tasks.queries
      .list({ after: 0, limit: 10 })
      .tasks.map(({ id, state, openDependencies }) => [id, state, openDependencies]);
  t.same(
    states(),
    [
      ['walls', 'cancelled', 0],
      ['roof', 'pending', 1],
    ],
    'the roof waits for the walls, nothing that is open for the base',
  );
  await queue.retry(['walls']);
  t.equal(queue.keeper.graph.isReady('walls'), true);
  t.same(states(), [
    ['walls', 'ready', 0],
    ['roof', 'pending', 1],
  ]);
  await queue.add([task('base')]);
  t.same(queue.keeper.graph.dependantsOf('base'), [], 'its id is free');
});
