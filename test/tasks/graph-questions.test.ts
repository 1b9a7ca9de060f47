import t, { type Test } from 'tap';
import { poolFigures } from '../../src/pool/open-pools.js';
import { drawnGraph } from '../../src/services/tasks/drawn-graph.js';
import { criticalPath } from '../../src/tasks/analysis.js';
import { INLINE_SIZE } from '../../src/tasks/analysis-pool.js';
import { QueueUnderTest } from './queues.js';

/** Each depends on some earlier ones, the same in each run. */
function tasksOf(count: number, each: number) {
  return Array.from({ length: count }, (_, i) => ({
    id: `t${i}`,
    title: `t${i}`,
    priority: 'low' as const,
    capabilities: [],
    dependsOn: [
      ...new Set(Array.from({ length: i === 0 ? 0 : each }, (_, k) => `t${(i * 31 + k * 104_729 + 7) % i}`)),
    ],
  }));
}

async function filled(t: Test, count: number): Promise<QueueUnderTest> {
  const real = await QueueUnderTest.open();
  t.teardown(() => real.close());
  const tasks = tasksOf(count, 4);
  for (let from = 0; from < count; from += 5_000) await real.queue.add(tasks.slice(from, from + 5_000));
  return real;
}

/** Whatever is reached, by ids and sets. */
function reached(from: string, step: (id: string) => string[]): Set<string> {
  const found = new Set([from]);
  for (const id of found) for (const next of step(id)) found.add(next);
  found.delete(from);
  return found;
}

const usesThreads = () => poolFigures().some(({ name }) => name === 'graph');

for (const [name, count] of [
  ['small', 300],
  ['large', 15_000],
] as const)
  t.test(`questions about a ${name} graph`, async (t) => {
    const real = await filled(t, count);
    const { questions, keeper } = real.queue;
    const { graph } = keeper;
    const snapshot = graph.snapshot();
    const isLarge = snapshot.dependants.nodes + snapshot.dependants.edges.length > INLINE_SIZE;
    t.equal(isLarge, name === 'large');
    const path = criticalPath(snapshot).map((node) => graph.idOf(node));
    t.same(await questions.criticalPath(), path);
    t.equal(usesThreads(), isLarge, 'a thread answers what is about a large one, and no other');
    for (const id of ['t0', 't7', `t${count - 1}`]) {
      const behind = reached(id, (each) => graph.dependantsOf(each));
      const before = reached(id, (each) => graph.dependenciesOf(each));
      t.equal(await questions.unblocks(id), behind.size, `behind ${id}`);
      const { ids, total } = await questions.around(id, 50);
      t.equal(total, 1 + behind.size + before.size, `around ${id}`);
      t.equal(ids.length, Math.min(50, total));
      t.equal(ids[0], id);
      t.ok(ids.slice(1).every((each) => behind.has(each) || before.has(each)));
      t.equal(new Set(ids).size, ids.length);
    }
    t.same(await questions.around('nobody', 5), { ids: ['nobody'], total: 1 });
    t.equal(await questions.unblocks('nobody'), 0);
  });

t.test(
  'what changes while a thread thinks is not in its answer, and its ids are those that were asked about',
  async (t) => {
    const real = await filled(t, 15_000);
    const { questions, keeper } = real.queue;
    const wanted = criticalPath(keeper.graph.snapshot()).map((node) => keeper.graph.idOf(node));
    const asked = questions.criticalPath();
    t.equal(questions.criticalPath(), asked, 'asked twice it is looked for once');
    await real.queue.cancel(['t0'], true, 'away with it');
    await real.queue.prune(Date.now() + 1_000);
    await real.queue.add([
      { id: 'x', title: 'x', priority: 'low', capabilities: [], dependsOn: [] },
      { id: 'y', title: 'y', priority: 'low', capabilities: [], dependsOn: ['x'] },
    ]);
    t.same(await asked, wanted);
    t.same(await questions.criticalPath(), ['x', 'y'], 'now there are two');
    t.match(await drawnGraph(real.queue, { finished: false, limit: 10 }), {
      tasks: [{ id: 'x' }, { id: 'y' }],
      edges: [['x', 'y']],
      criticalPath: ['x', 'y'],
      omitted: 0,
    });
  },
);
