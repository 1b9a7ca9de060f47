import type { Drawing } from './drawing.js';
import { planOf } from './look.js';

/** The whole graph as data: tasks with their level (what stands before them, among those shown), edges, the critical path. */
export function json(graph: Drawing): string {
  const { tasks, edges, critical, omitted } = planOf(graph, graph.tasks.length);
  const levels = levelsOf(tasks.length, edges);
  return JSON.stringify(
    {
      tasks: tasks.map((_, number) => ({
        ...graph.tasks[number],
        level: levels[number],
        critical: critical.has(number),
      })),
      edges: edges.map(({ from, to }) => [tasks[from]?.id, tasks[to]?.id]),
      criticalPath: graph.criticalPath,
      omitted,
    },
    undefined,
    2,
  );
}

function levelsOf(nodes: number, edges: readonly { from: number; to: number }[]): number[] {
  const after = Array.from({ length: nodes }, (): number[] => []);
  const waits = new Array<number>(nodes).fill(0);
  const levels = new Array<number>(nodes).fill(0);
  for (const { from, to } of edges) {
    after[from]?.push(to);
    waits[to] = (waits[to] ?? 0) + 1;
  }
  const order = [...waits.keys()].filter((node) => waits[node] === 0);
  for (let head = 0; head < order.length; head++) {
    const node = order[head] as number;
    for (const to of after[node] as number[]) {
      levels[to] = Math.max(levels[to] as number, (levels[node] as number) + 1);
      const left = (waits[to] as number) - 1;
      waits[to] = left;
      if (left === 0) order.push(to);
    }
  }
  return levels;
}
