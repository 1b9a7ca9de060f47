import { criticalPath, levels, topologicalOrder, unblocksUpTo } from '../src/tasks/analysis.js';
import { createGraphAnalysis } from '../src/tasks/analysis-pool.js';
import { Edges } from '../src/tasks/edges.js';
import { type GraphTask, TaskGraph } from '../src/tasks/graph.js';
import { peer } from './peers.js';
import { print, row } from './report.js';

/**
 * The dependency graph of tasks: resolution against a bare pass over typed arrays and against graph libraries, one
 * completion, and what grows with the graph.
 *
 *   npm run bench:graph -- [--json]
 */
const TASKS = 100_000;
const EDGES = 500_000;
const ROUNDS = 7;
const DEEP = 100_000;

/** Numbers in a fixed order, so that each run has the same graph (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Each task depends on earlier ones, near and far. */
function graphOf(tasks: number, edges: number): { tasks: GraphTask[]; froms: Int32Array; tos: Int32Array } {
  const random = numbers(7);
  const each = edges / tasks;
  const froms: number[] = [];
  const tos: number[] = [];
  const all = Array.from({ length: tasks }, (_, to): GraphTask => {
    const chosen = new Set<number>();
    for (let k = 0; k < each && to > 0; k++) chosen.add(Math.floor(random() * to));
    for (const from of chosen) {
      froms.push(from);
      tos.push(to);
    }
    return { id: `task-${to}`, dependsOn: [...chosen].map((from) => `task-${from}`) };
  });
  return { tasks: all, froms: Int32Array.from(froms), tos: Int32Array.from(tos) };
}

function best(rounds: number, action: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    action();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function addTo(array: Int32Array, at: number, value: number): number {
  const sum = (array[at] as number) + value;
  array[at] = sum;
  return sum;
}

/** The least that a resolution can be: sort the edges by their start, then Kahn. */
function barePass(nodes: number, froms: Int32Array, tos: Int32Array): number {
  const starts = new Int32Array(nodes + 1);
  for (let i = 0; i < froms.length; i++) addTo(starts, (froms[i] as number) + 1, 1);
  for (let v = 0; v < nodes; v++) addTo(starts, v + 1, starts[v] as number);
  const next = starts.slice(0, nodes);
  const edges = new Int32Array(froms.length);
  const waits = new Int32Array(nodes);
  for (let i = 0; i < froms.length; i++) {
    edges[addTo(next, froms[i] as number, 1) - 1] = tos[i] as number;
    addTo(waits, tos[i] as number, 1);
  }
  const queue = new Int32Array(nodes);
  let size = 0;
  for (let v = 0; v < nodes; v++) if (waits[v] === 0) queue[size++] = v;
  for (let head = 0; head < size; head++) {
    const v = queue[head] as number;
    for (let at = starts[v] as number; at < (starts[v + 1] as number); at++) {
      const to = edges[at] as number;
      if (addTo(waits, to, -1) === 0) queue[size++] = to;
    }
  }
  return size;
}

const { tasks, froms, tos } = graphOf(TASKS, EDGES);
const what = `${TASKS.toLocaleString('en')} tasks, ${froms.length.toLocaleString('en')} edges`;
const ms = (value: number): string => `${value.toFixed(value < 1 ? 4 : 1)} ms`;

const store = new Edges();
store.growNodes(TASKS);
for (let i = 0; i < froms.length; i++) store.add(froms[i] as number, tos[i] as number);
const states = new Uint8Array(TASKS).fill(2);
let [ours, bare] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
for (let round = 0; round < ROUNDS * 3; round++) {
  ours = Math.min(
    ours,
    best(1, () => {
      store.build(TASKS, undefined);
      if (topologicalOrder({ dependants: store.rows(TASKS), states }).length !== TASKS)
        throw new Error('order');
    }),
  );
  bare = Math.min(
    bare,
    best(1, () => {
      if (barePass(TASKS, froms, tos) !== TASKS) throw new Error('bare');
    }),
  );
}
print(
  row(
    'graph: full resolution over the bare pass',
    ours / bare,
    1.5,
    'below',
    `${what}; ${ms(ours)}, ${ms(bare)}; ids interned before`,
  ),
);

interface Graphology {
  addNode(id: string): void;
  addDirectedEdge(from: string, to: string): void;
  dropNode(id: string): void;
  outNeighbors(id: string): string[];
  inDegree(id: string): number;
}
const { DirectedGraph } = peer<{ DirectedGraph: new () => Graphology }>('graphology');
const { topologicalSort } = peer<{ topologicalSort(graph: Graphology): string[] }>('graphology-dag');
const toposort = peer<{ array(nodes: string[], edges: [string, string][]): string[] }>('toposort');

let graph = new TaskGraph();
const fromIds = (): void => {
  graph = new TaskGraph();
  graph.add(tasks);
  graph.ready();
};
const bareFromIds = (): void => {
  const numbers = new Map(tasks.map(({ id }, number) => [id, number]));
  const [starts, ends]: [number[], number[]] = [[], []];
  for (const [to, { dependsOn }] of tasks.entries())
    for (const other of dependsOn) {
      starts.push(numbers.get(other) as number);
      ends.push(to);
    }
  if (barePass(TASKS, Int32Array.from(starts), Int32Array.from(ends)) !== TASKS) throw new Error('bare');
};
let [whole, bareWhole] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
for (let round = 0; round < ROUNDS; round++) {
  whole = Math.min(whole, best(1, fromIds));
  bareWhole = Math.min(bareWhole, best(1, bareFromIds));
}
print(
  row(
    'graph: from ids to order over the bare pass',
    whole / bareWhole,
    1.5,
    'below',
    `${what}; ${ms(whole)}, ${ms(bareWhole)}; both intern the ids, ours checks for cycles and keeps the order as well`,
  ),
);
const ids = tasks.map(({ id }) => id);
const pairs = tasks.flatMap(({ id, dependsOn }) => dependsOn.map((other): [string, string] => [other, id]));
const sorted = best(2, () => toposort.array(ids, pairs));
let other = new DirectedGraph();
const graphology = best(2, () => {
  other = new DirectedGraph();
  for (const id of ids) other.addNode(id);
  for (const [from, to] of pairs) other.addDirectedEdge(from, to);
  topologicalSort(other);
});
const fastest = Math.min(sorted, graphology);
print(
  row(
    'graph: from ids to order, fastest peer over ours',
    fastest / whole,
    1,
    'above',
    `${what}; ${ms(whole)}, toposort ${ms(sorted)}, graphology ${ms(graphology)}`,
  ),
);

// One completion: what became ready. The libraries sort once more; graphology's own graph can also drop the task and look
// at who waited for it, which nobody offers but a user could write. The same tasks in the same order for both.
const again = Math.min(
  best(2, () => topologicalSort(other)),
  best(1, () => toposort.array(ids, pairs)),
);
const COMPLETED = 10_000;
const first = ids.slice(0, COMPLETED);
const completeAll = (on: TaskGraph): number => first.reduce((sum, id) => sum + on.complete([id]).length, 0);
const dropAll = (those: readonly string[]): number => {
  let ready = 0;
  for (const id of those) {
    const after = other.outNeighbors(id);
    other.dropNode(id);
    for (const each of after) if (other.inDegree(each) === 0) ready++;
  }
  return ready;
};
// A supervisor has run for days: both are compiled by the time that counts. The last tasks have few that wait for them.
dropAll(ids.slice(-COMPLETED));
let readyHere = 0;
const ones = Array.from({ length: 9 }, () => {
  const each = new TaskGraph();
  each.add(tasks);
  return best(1, () => {
    readyHere = completeAll(each);
  });
});
// The median: one of these takes 6 ms, which a pause of the collector doubles.
const one = (ones.sort((a, b) => a - b)[ones.length >> 1] as number) / COMPLETED;
let readyThere = 0;
const drop =
  best(1, () => {
    readyThere = dropAll(first);
  }) / COMPLETED;
if (readyHere < readyThere || readyThere === 0)
  throw new Error(`${readyHere} ready here, ${readyThere} there`);
const completion = `mean of ${COMPLETED.toLocaleString('en')}: ${ms(one)}`;
print(
  row(
    'graph: one completion, fastest peer sorting over ours',
    again / one,
    50,
    'above',
    `${completion}, sorted anew ${ms(again)}`,
  ),
);
print(
  row(
    'graph: one completion, dropped from graphology over ours',
    drop / one,
    50,
    'above',
    `${completion}, graphology without its DAG package ${ms(drop)}`,
  ),
);

const chain = Array.from(
  { length: DEEP },
  (_, i): GraphTask => ({ id: `t${i}`, dependsOn: i === 0 ? [] : [`t${i - 1}`] }),
).reverse();
let deep = new TaskGraph();
const deepMs = best(2, () => {
  deep = new TaskGraph();
  deep.add(chain);
  if (Math.max(...[levels(deep.snapshot())[0] ?? 0]) < 0) throw new Error('levels');
});
print(
  row(
    `graph: a chain ${DEEP.toLocaleString('en')} deep, of 1 s`,
    deepMs / 1_000,
    1,
    'below',
    `${ms(deepMs)}, given last task first`,
  ),
);

const large = graphOf(TASKS, 1_000_000);
const million = best(2, () => {
  const big = new TaskGraph();
  big.add(large.tasks);
});
print(row('graph: a million edges, of 3 s', million / 3_000, 1, 'below', ms(million)));

const snapshot = graph.snapshot();
const counts = best(3, () => unblocksUpTo(snapshot, 10));
print(
  row(
    'graph: how much each task unblocks (up to 10), of 0.2 s',
    counts / 200,
    1,
    'below',
    `${what}; ${ms(counts)}`,
  ),
);

const fresh = new TaskGraph();
fresh.add(tasks);
const analysis = createGraphAnalysis();
await analysis.unblocksUpTo(fresh.snapshot(), 1);
const began = performance.now();
const exact = await analysis.unblocksExactly(fresh.snapshot());
const exactMs = performance.now() - began;
await analysis.close();
const sample = ids.filter((_, i) => i % 10_000 === 0);
const walked = best(1, () => {
  for (const id of sample)
    if (exact[Number(id.slice('task-'.length))] !== fresh.unblocks(id)) throw new Error(`count of ${id}`);
});
print(
  row(
    'graph: exact counts for all tasks, of a walk for each',
    exactMs / ((walked / sample.length) * TASKS),
    0.1,
    'below',
    `${what}; ${ms(exactMs)} in the pool, a walk ${ms(walked / sample.length)}`,
  ),
);

/** The longest time that the event loop stood still while `work` went on. */
async function pauseOf(work: () => unknown): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const turn = (): void => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (!isOver) setImmediate(turn);
  };
  await new Promise(setImmediate);
  last = performance.now();
  setImmediate(turn);
  await work();
  await new Promise(setImmediate);
  isOver = true;
  return longest;
}
const threads = createGraphAnalysis({ threads: 1 });
const served = new TaskGraph({ rebuild: threads.rows });
served.add(tasks);
await served.settled();
const inThread = async () => threads.criticalPath((await served.frozen()).snapshot);
const here = () => criticalPath(served.snapshot());
await inThread();
let [paused, standing] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
for (let round = 0; round < ROUNDS; round++) {
  paused = Math.min(paused, await pauseOf(inThread));
  standing = Math.min(standing, await pauseOf(here));
}
await threads.close();
print(
  row(
    "graph: the loop's longest pause, a thread over here",
    paused / standing,
    0.25,
    'below',
    `the critical path of ${what}; ${ms(paused)} while a thread looks for it, ${ms(standing)} without`,
  ),
);

const hundred = ids.slice(-100);
const check = best(ROUNDS, () => graph.check(hundred));
print(
  row(
    "graph: 100 dependency checks, of the seed's parallel 500 ms",
    check / 500,
    0.03,
    'below',
    `${ms(check)}, one pass; one after another 5,000 ms`,
  ),
);
