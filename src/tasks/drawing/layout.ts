import { Graph, layout } from '@dagrejs/dagre';
import type { Plan } from './look.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  /** Upper left corner of each task's box. */
  readonly boxes: readonly Point[];
  /** Points of each edge's line. */
  readonly lines: readonly (readonly Point[])[];
  readonly width: number;
  readonly height: number;
}

export const BOX = { width: 220, height: 46 } as const;

/** From here on the best ranks (network simplex) take longer than somebody waits. */
const LARGE = 150;

export function layOut({ tasks, edges }: Plan): Layout {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({
    rankdir: 'LR',
    nodesep: 14,
    ranksep: 48,
    marginx: 16,
    marginy: 16,
    ranker: tasks.length > LARGE ? 'longest-path' : 'network-simplex',
  });
  for (const number of tasks.keys()) graph.setNode(String(number), { ...BOX });
  for (const { from, to } of edges) graph.setEdge(String(from), String(to), {});
  layout(graph, { disableOptimalOrderHeuristic: tasks.length > LARGE });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    boxes: [...tasks.keys()].map((number) => {
      const { x, y } = graph.node(String(number)) as Point;
      return { x: x - BOX.width / 2, y: y - BOX.height / 2 };
    }),
    lines: edges.map(({ from, to }) => {
      const { points } = graph.edge(String(from), String(to)) as { points?: readonly Point[] };
      return points ?? [];
    }),
    // Without a task there is nothing to measure.
    width: Number.isFinite(width) ? width : 0,
    height: Number.isFinite(height) ? height : 0,
  };
}
