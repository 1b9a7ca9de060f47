import fc from 'fast-check';
import t from 'tap';
import { criticalPath, levels, unblocksUpTo } from '../../src/tasks/analysis.js';
import { createGraphAnalysis, INLINE_SIZE } from '../../src/tasks/analysis-pool.js';
import { buildCsr, type Csr } from '../../src/tasks/csr.js';
import { type GraphTask, TaskGraph } from '../../src/tasks/graph.js';
import { unblocksExactly } from '../../src/tasks/reach.js';

/** Each depends on some earlier ones, the same in each run. */
function tasksOf(count: number, each: number): GraphTask[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `t${i}`,
    dependsOn: Array.from(
      { length: i === 0 ? 0 : each },
      (_, k) => `t${(i * 31 + k * 104_729 + 7) % (i - (k % 2) * (i >> 1))}`,
    ),
  }));
}

const LARGE = tasksOf(30_000, 4);

t.test('threads answer as the event loop does, and leave the graph to it', async (t) => {
  const graph = new TaskGraph();
  graph.add(LARGE);
  graph.complete(['t0', 't1', 't2']);
  const snapshot = graph.snapshot();
  t.ok(
    snapshot.dependants.nodes + snapshot.dependants.edges.length > INLINE_SIZE,
    'large enough for threads',
  );
  const analysis = createGraphAnalysis({ threads: 2 });
  t.teardown(() => analysis.close());
  t.same(await analysis.levels(snapshot), levels(snapshot));
  t.same([...(await analysis.criticalPath(snapshot))], criticalPath(snapshot));
  t.same(await analysis.unblocksUpTo(snapshot, 10), unblocksUpTo(snapshot, 10));
  const exact = await analysis.unblocksExactly(snapshot);
  for (let node = 3; node < LARGE.length; node += 997)
    t.equal(exact[node], graph.unblocks(graph.idOf(node)), `behind ${graph.idOf(node)}`);
  graph.end(['t3'], false);
  t.same(await analysis.levels(snapshot), levels(snapshot), 'a snapshot stays what it was');
});

t.test('exact counts are those of a walk from each task, in any number of shares', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(1_199), { maxLength: 3 }), { minLength: 1, maxLength: 1_200 }),
      fc.array(fc.nat(1_199), { maxLength: 20 }),
      fc.integer({ min: 1, max: 4 }),
      (rows, done, parts) => {
        const graph = new TaskGraph();
        graph.add(
          rows.map((others, i) => ({
            id: `t${i}`,
            dependsOn: i === 0 ? [] : others.map((other) => `t${other % i}`),
          })),
        );
        graph.complete(done.filter((node) => node < rows.length).map((node) => `t${node}`));
        const snapshot = graph.snapshot();
        const shares = Array.from({ length: parts }, (_, part) => unblocksExactly(snapshot, { part, parts }));
        for (let node = 0; node < rows.length; node++) {
          if (graph.isDone(`t${node}`)) continue;
          const sum = shares.reduce((total, counts) => total + (counts[node] as number), 0);
          if (sum !== graph.unblocks(`t${node}`)) throw new Error(`t${node}: ${sum}`);
        }
      },
    ),
    { numRuns: 40 },
  );
});

/** Everything becomes ready and is done once, dependencies first. */
function resolves(graph: TaskGraph, tasks: number): boolean {
  let done = 0;
  for (let ready = graph.ready(); ready.length > 0; ready = graph.complete(ready)) done += ready.length;
  return done === tasks;
}

t.test('rows that threads build are taken while tasks come and go', async (t) => {
  const analysis = createGraphAnalysis({ threads: 1 });
  t.teardown(() => analysis.close());
  let built = 0;
  const graph = new TaskGraph({
    rebuild: (list) => {
      built++;
      return analysis.rows(list);
    },
    onFailure: (error) => t.fail(String(error)),
  });
  const plain = new TaskGraph();
  for (let at = 0; at < LARGE.length; at += 1_000) {
    const batch = LARGE.slice(at, at + 1_000);
    graph.add(batch);
    plain.add(batch);
    if (at % 3_000 === 0) await graph.settled();
  }
  await graph.settled();
  t.ok(built > 0, `${built} times`);
  for (const id of ['t0', 't17', 't9999', 't19000']) {
    t.equal(graph.unblocks(id), plain.unblocks(id), id);
    t.same(graph.dependantsOf(id).sort(), plain.dependantsOf(id).sort());
  }
  t.ok(resolves(graph, LARGE.length));
});

t.test('rows of a graph that has dropped edges meanwhile are not taken', async (t) => {
  let hand: (() => void) | undefined;
  const graph = new TaskGraph({
    rebuild: (list) =>
      new Promise<Csr>((resolve) => {
        hand = () => resolve(buildCsr(list));
      }),
  });
  graph.add(LARGE);
  t.ok(hand, 'rows are being built elsewhere');
  const first = LARGE.slice(0, 15_000).map(({ id }) => id);
  graph.complete(first);
  t.same(graph.remove(first), first);
  t.equal(graph.size, LARGE.length - first.length);
  const rest = LARGE.slice(15_000).map(({ id }) => id);
  const needed = rest.find((id) => graph.dependantsOf(id).length > 0) ?? '';
  t.same(graph.remove([needed]), [], 'what something unfinished needs stays');
  graph.complete(rest);
  t.same(graph.remove(rest), rest);
  graph.add([
    { id: 'a', dependsOn: [] },
    { id: 'b', dependsOn: ['a'] },
  ]);
  hand?.();
  await graph.settled();
  t.same(graph.dependantsOf('a'), ['b'], 'nothing of the tasks whose places they have');
  t.same(graph.complete(['a']), ['b']);
});

t.test('a build that fails is told of, and done here', async (t) => {
  const failures: unknown[] = [];
  const graph = new TaskGraph({
    rebuild: () => Promise.reject(new Error('no thread')),
    onFailure: (error) => failures.push(error),
  });
  graph.add(LARGE);
  await graph.settled();
  t.match(failures, [{ message: 'no thread' }]);
  t.ok(resolves(graph, LARGE.length));
});

t.test(
  'a question whose rows no thread builds is answered all the same, as of when it was asked',
  async (t) => {
    const failures: unknown[] = [];
    let reject: ((error: Error) => void) | undefined;
    const graph = new TaskGraph({
      rebuild: () =>
        new Promise<Csr>((_resolve, no) => {
          reject = no;
        }),
      onFailure: (error) => failures.push(error),
    });
    const plain = new TaskGraph();
    for (const each of [graph, plain]) {
      each.add(LARGE.slice(0, 9_900));
      each.add(LARGE.slice(9_900, 10_000));
    }
    const asked = graph.frozen();
    graph.add(LARGE.slice(10_000, 10_100));
    graph.complete(['t0']);
    reject?.(new Error('its thread died twice'));
    const { snapshot, names } = await asked;
    t.match(failures, [{ message: 'its thread died twice' }]);
    t.equal(names.length, 10_000);
    t.same(levels(snapshot), levels(plain.snapshot()));
    t.same(criticalPath(snapshot), criticalPath(plain.snapshot()));
  },
);

t.test('F38: a batch that turns the order round costs one sort of the graph', async (t) => {
  const count = 30_000;
  const graph = new TaskGraph({ missing: 'await' });
  graph.add(
    Array.from({ length: count }, (_, i) => ({
      id: `t${i}`,
      dependsOn: i === 0 ? ['x0'] : [`x${i}`, `t${i - 1}`],
    })),
  );
  // Edge by edge, each of these would push the rest of the chain back: 450 million looks.
  graph.add(Array.from({ length: count }, (_, i) => ({ id: `x${i}`, dependsOn: [`y${i}`] })));
  const last = Array.from({ length: count }, (_, i) => ({ id: `y${i}`, dependsOn: [] as string[] }));
  t.throws(
    () => graph.add(last.map((task, i) => (i === 0 ? { ...task, dependsOn: [`t${count - 1}`] } : task))),
    {
      code: 'CONFLICT',
      message: /each needs the next: .*y0/,
    },
  );
  t.equal(graph.size, 3 * count, 'what is awaited is still');
  graph.add(last);
  t.ok(resolves(graph, 3 * count));
});
