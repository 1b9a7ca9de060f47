import { setTimeout as sleep } from 'node:timers/promises';
import { type GraphTask, TaskGraph } from '../../src/tasks/graph.js';

const TASKS = 10_000;
const CHECKS = 100;
const ROUNDS = 50;

/**
 * Which of 100 tasks have open dependencies: a look-up of so many milliseconds for each, one after another, and as Vigil
 * does it, from the graph that it keeps. The look-up is the seed's I/O; ours has none.
 *
 * @returns milliseconds; ours is the median, so that one pause of the collector is not the figure.
 */
export async function measureChecks(
  ms: number,
): Promise<{ readonly tasks: number; readonly sequential: number; readonly vigil: number }> {
  const graph = new TaskGraph();
  graph.add(
    Array.from(
      { length: TASKS },
      (_, i): GraphTask => ({
        id: `task-${i}`,
        dependsOn: i === 0 ? [] : Array.from({ length: 5 }, (_, k) => `task-${Math.floor(i / (k + 2))}`),
      }),
    ),
  );
  graph.complete(graph.ready());
  const asked = Array.from({ length: CHECKS }, (_, i) => `task-${i * (TASKS / CHECKS)}`);
  const open = asked.filter((id) => graph.blockedBy(id).length > 0).length;

  const start = performance.now();
  let blocked = 0;
  for (const id of asked) {
    await sleep(ms);
    if (graph.blockedBy(id).length > 0) blocked++;
  }
  const sequential = performance.now() - start;

  const times = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    const found = graph.check(asked).filter((waitsFor) => waitsFor > 0).length;
    const took = performance.now() - began;
    if (found !== open || blocked !== open) throw new Error(`${found} and ${blocked} of ${open} are blocked`);
    return took;
  }).sort((one, other) => one - other);
  return { tasks: TASKS, sequential, vigil: times[ROUNDS >> 1] as number };
}
