import type { ReplyOf, RequestOf } from '../../messages/requests.js';
import type { DrawnTask } from '../../store/tasks/task-edges.js';
import { criticalPath } from '../../tasks/analysis.js';
import type { TaskGraph } from '../../tasks/graph.js';
import type { TaskQueue } from './task-queue.js';

/** The graph as it can be drawn: so many tasks, the edges among them, the longest chain. */
export function drawnGraph(
  { store, keeper }: TaskQueue,
  { phase, around, finished, limit }: RequestOf<'tasks.graph'>,
): ReplyOf<'tasks.graph'> {
  const { edges } = store.tasks;
  const { graph } = keeper;
  let tasks: DrawnTask[];
  let total: number;
  if (around === undefined) [tasks, total] = edges.drawn({ phase, finished, limit });
  else {
    const ids = neighbourhood(graph, around);
    tasks = edges.drawnByIds(ids.slice(0, limit));
    total = ids.length;
  }
  const ids = new Map(tasks.map(({ seq, id }) => [seq, id]));
  const shown = new Set(ids.values());
  const path = criticalPath(graph.snapshot()).map((node) => graph.idOf(node));
  return {
    tasks: tasks.map(({ id, title, state, priority }) => ({ id, title, state, priority })),
    edges: edges
      .edgesAmong([...ids.keys()])
      .map(({ from, to }) => [ids.get(from) as string, ids.get(to) as string] as [string, string]),
    // A chain of one is none.
    criticalPath: path.length > 1 ? path.filter((id) => shown.has(id)) : [],
    omitted: Math.max(0, total - tasks.length),
  };
}

/** A task, then what it waits for and what waits for it, the near ones first. */
function neighbourhood(graph: TaskGraph, id: string): string[] {
  if (!graph.has(id)) return [id];
  const found = new Set([id]);
  for (const step of [(of: string) => graph.dependenciesOf(of), (of: string) => graph.dependantsOf(of)]) {
    const queue = [id];
    const seen = new Set(queue);
    for (let at = 0; at < queue.length; at++)
      for (const next of step(queue[at] as string))
        if (!seen.has(next)) {
          seen.add(next);
          found.add(next);
          queue.push(next);
        }
  }
  return [...found];
}
