import fc from 'fast-check';
import t from 'tap';
import { VigilError } from '../../src/messages/errors.js';
import { criticalPath, levels, NODE, unblocksUpTo } from '../../src/tasks/analysis.js';
import { type GraphTask, TaskGraph } from '../../src/tasks/graph.js';
import { NaiveGraph } from './model.js';

const RUNS = Number(process.env['GRAPH_FUZZ'] ?? 2_000);
const CAP = 3;

const id = fc.constantFrom(...'abcdefghijkl');
const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 3 });
const task = fc.record({ id, dependsOn: fc.array(id, { maxLength: 3 }) });

/** Most batches shall be taken, or the graphs stay empty. */
const mostly = fc.nat(9).map((n) => n < 7);

/**
 * A batch with new ids that depend on what is there or in the batch, in the order of the alphabet: it has nothing to do with
 * the order in which tasks come, so that this has to be mended all the same.
 */
function tame(batch: readonly GraphTask[], model: NaiveGraph): GraphTask[] {
  const fresh = new Map(batch.filter(({ id }) => !model.tasks.has(id)).map((each) => [each.id, each]));
  return [...fresh.values()].map(({ id, dependsOn }) => ({
    id,
    dependsOn: dependsOn.filter((other) => other < id && (model.tasks.has(other) || fresh.has(other))),
  }));
}

interface Real {
  readonly graph: TaskGraph;
}
type Command = fc.Command<NaiveGraph, Real>;

/** What the graph refuses is refused by the model for the same reason, and leaves everything as it was. */
function outcomeOf(action: () => void): 'conflict' | 'missing' | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    return error.code === 'NOT_FOUND' ? 'missing' : 'conflict';
  }
}

function equal<T>(found: T, wanted: T, what: string): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

function sorted(values: Iterable<string>): string[] {
  return [...values].sort();
}

function compare(model: NaiveGraph, { graph }: Real): void {
  equal(sorted(graph.ready()), sorted(model.ready()), 'ready');
  for (const name of model.tasks.keys()) {
    equal(sorted(graph.blockedBy(name)), sorted(model.waitsFor(name)), `blocked by, ${name}`);
    equal(graph.check([name])[0], model.waitsFor(name).length, `check ${name}`);
    equal(graph.unblocks(name), model.behind(name).size, `unblocks, ${name}`);
  }
}

/** A command of its own: a snapshot builds the rows anew, and without it edges hang on their chains. */
function compareSnapshots(model: NaiveGraph, { graph }: Real): void {
  const snapshot = graph.snapshot();
  const nodes = new Map<string, number>();
  for (const [node, state] of snapshot.states.entries())
    if (state !== NODE.none) nodes.set(graph.idOf(node), node);
  const level = levels(snapshot);
  const counts = unblocksUpTo(snapshot, CAP);
  const unfinished = [...model.tasks.keys()].filter((name) => model.tasks.get(name)?.state !== 'done');
  for (const name of unfinished) {
    const node = nodes.get(name) ?? -1;
    equal(counts[node], Math.min(CAP, model.behind(name).size), `unblocks up to, ${name}`);
    equal(level[node], model.level(name), `level of ${name}`);
  }
  const longest = Math.max(0, ...unfinished.map((name) => model.level(name) + 1));
  const path = criticalPath(snapshot).map((node) => graph.idOf(node));
  const awaits = path.some((name) => !graph.has(name));
  equal(awaits || path.length === longest, true, `critical path ${path} of ${longest}`);
}

const there = (model: NaiveGraph, names: readonly string[]) => names.filter((name) => model.tasks.has(name));

const add: fc.Arbitrary<Command> = fc
  .tuple(fc.array(task, { minLength: 1, maxLength: 5 }), mostly)
  .map(([given, isTame]) => ({
    check: () => true,
    run: (model, real) => {
      const batch = isTame ? tame(given, model) : given;
      equal(
        outcomeOf(() => real.graph.add(batch)),
        model.add(batch),
        'add',
      );
      compare(model, real);
    },
    toString: () => `add ${JSON.stringify(given)} ${isTame}`,
  }));

const commands: fc.Arbitrary<Command>[] = [
  // Thrice as often as the others, or there is little to look at.
  add,
  add,
  add,
  fc.constant({
    check: () => true,
    run: compareSnapshots,
    toString: () => 'snapshot',
  }),
  fc.tuple(id, ids).map(([name, dependsOn]) => ({
    check: (model) => model.tasks.has(name),
    run: (model, real) => {
      equal(
        outcomeOf(() => real.graph.link(name, dependsOn)),
        model.link(name, dependsOn),
        'link',
      );
      compare(model, real);
    },
    toString: () => `link ${name} to ${dependsOn}`,
  })),
  fc.tuple(id, fc.uniqueArray(id, { maxLength: 3 })).map(([name, dependsOn]) => ({
    check: (model) => model.tasks.has(name),
    run: (model, real) => {
      equal(
        outcomeOf(() => real.graph.relink(name, dependsOn)),
        model.relink(name, dependsOn),
        'relink',
      );
      compare(model, real);
    },
    toString: () => `relink ${name} to ${dependsOn}`,
  })),
  ids.map((names) => ({
    check: () => true,
    run: (model, real) => {
      const before = new Set(model.ready());
      const some = there(model, names);
      const ready = real.graph.complete(some);
      model.complete(some);
      equal(
        sorted(ready),
        model
          .ready()
          .filter((name) => !before.has(name))
          .sort(),
        'newly ready',
      );
      compare(model, real);
    },
    toString: () => `complete ${names}`,
  })),
  fc.tuple(ids, fc.boolean()).map(([names, withDependants]) => ({
    check: () => true,
    run: (model, real) => {
      const some = there(model, names);
      equal(sorted(real.graph.end(some, withDependants)), sorted(model.end(some, withDependants)), 'ended');
      compare(model, real);
    },
    toString: () => `end ${names} ${withDependants}`,
  })),
  ids.map((names) => ({
    check: () => true,
    run: (model, real) => {
      const some = there(model, names);
      real.graph.reopen(some);
      model.reopen(some);
      compare(model, real);
    },
    toString: () => `reopen ${names}`,
  })),
  ids.map((names) => ({
    check: () => true,
    run: (model, real) => {
      equal(real.graph.remove(names), model.remove(names), 'removed');
      compare(model, real);
    },
    toString: () => `remove ${names}`,
  })),
];

for (const missing of ['refuse', 'await'] as const) {
  t.test(`the graph does what a naive one does (${missing}, ${RUNS} sequences)`, async () => {
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 30, size: 'max' }), (sequence) => {
        fc.modelRun(
          () => ({ model: new NaiveGraph(missing), real: { graph: new TaskGraph({ missing }) } }),
          sequence,
        );
      }),
      { numRuns: RUNS },
    );
  });
}

t.test('F38: a cycle is refused with its members, each needs the next', async (t) => {
  const graph = new TaskGraph();
  graph.add([{ id: 'base', dependsOn: [] }]);
  t.throws(
    () =>
      graph.add([
        { id: 'a', dependsOn: ['base', 'b'] },
        { id: 'b', dependsOn: ['c'] },
        { id: 'c', dependsOn: ['a'] },
      ]),
    { code: 'CONFLICT', message: /each needs the next: a -> b -> c -> a$/ },
  );
  t.throws(() => graph.add([{ id: 'self', dependsOn: ['self'] }]), {
    code: 'CONFLICT',
    message: /self -> self$/,
  });
  t.same(graph.ready(), ['base'], 'nothing of them was added');
  t.equal(graph.edges, 0);
  graph.add([
    { id: 'x', dependsOn: [] },
    { id: 'y', dependsOn: ['x'] },
    { id: 'z', dependsOn: ['y'] },
  ]);
  t.throws(() => graph.link('x', ['z']), { code: 'CONFLICT', message: /: x -> z -> y -> x$/ });
  t.same(graph.dependenciesOf('x'), []);
});

t.test('F38: a dependency that is not there is refused, or awaited', async (t) => {
  t.throws(() => new TaskGraph().add([{ id: 'a', dependsOn: ['b'] }]), {
    code: 'NOT_FOUND',
    message: 'task a depends on b, which is not there',
  });
  const graph = new TaskGraph({ missing: 'await' });
  graph.add([{ id: 'a', dependsOn: ['b'] }]);
  t.same(graph.ready(), []);
  t.notOk(graph.has('b'));
  t.throws(() => graph.complete(['b']), { code: 'NOT_FOUND' });
  t.throws(() => graph.add([{ id: 'b', dependsOn: ['a'] }]), { code: 'CONFLICT', message: /: b -> a -> b$/ });
  graph.add([{ id: 'b', dependsOn: [] }]);
  t.same(graph.complete(['b']), ['a']);
});

const DEEP = 100_000;

t.test(`F38: a chain ${DEEP} deep, given in either order`, async (t) => {
  const chain = Array.from({ length: DEEP }, (_, i) => ({
    id: `t${i}`,
    dependsOn: i === 0 ? [] : [`t${i - 1}`],
  }));
  for (const tasks of [chain, [...chain].reverse()]) {
    const graph = new TaskGraph();
    graph.add(tasks);
    t.same(graph.ready(), ['t0']);
    t.equal(graph.unblocks('t0'), DEEP - 1);
    t.equal(graph.blockedBy(`t${DEEP - 1}`, true).length, DEEP - 1);
    const snapshot = graph.snapshot();
    t.equal(criticalPath(snapshot).length, DEEP);
    t.equal(Math.max(...levels(snapshot).slice(0, 10)) >= 0, true);
    t.throws(() => graph.link('t0', [`t${DEEP - 1}`]), {
      message: /each needs the next: .* … 99980 more … -> /,
    });
    t.equal(graph.end(['t0'], true).length, DEEP);
  }
});

t.test('F38: a million edges', async (t) => {
  const nodes = 100_000;
  const graph = new TaskGraph();
  const tasks = Array.from({ length: nodes }, (_, i) => ({
    id: `t${i}`,
    dependsOn:
      i === 0
        ? []
        : Array.from({ length: 10 }, (_, k) => `t${Math.floor(i / (k + 2))}`).filter(
            (other) => other !== `t${i}`,
          ),
  }));
  graph.add(tasks);
  t.ok(graph.edges > 990_000 - nodes, `${graph.edges} edges`);
  let done = 0;
  for (let ready = graph.ready(); ready.length > 0; ) {
    done += ready.length;
    ready = graph.complete(ready);
  }
  t.equal(done, nodes, 'each becomes ready once');
});
