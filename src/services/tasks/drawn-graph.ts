import type { ReplyOf, RequestOf } from '../../messages/requests.js';
import type { DrawnTask } from '../../store/tasks/task-edges.js';
import type { TaskQueue } from './task-queue.js';

/** The graph as it can be drawn: so many tasks, the edges among them, the longest chain. */
export async function drawnGraph(
  { store, questions }: TaskQueue,
  { phase, around, finished, limit }: RequestOf<'tasks.graph'>,
): Promise<ReplyOf<'tasks.graph'>> {
  const { edges } = store.tasks;
  let tasks: DrawnTask[];
  let total: number;
  if (around === undefined) [tasks, total] = edges.drawn({ phase, finished, limit });
  else {
    const near = await questions.around(around, limit);
    tasks = edges.drawnByIds(near.ids);
    total = near.total;
  }
  const ids = new Map(tasks.map(({ seq, id }) => [seq, id]));
  const shown = new Set(ids.values());
  const path = await questions.criticalPath();
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
