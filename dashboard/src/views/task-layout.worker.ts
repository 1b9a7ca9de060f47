import { Graph, layout } from '@dagrejs/dagre';
import { type Layout, type LayoutRequest, NODE } from './task-layout';

/** In a thread of its own: five hundred tasks take a moment, in which the page must not stand still. */
addEventListener('message', ({ data }: MessageEvent<LayoutRequest>) => {
  postMessage(place(data));
});

function place({ nodes, edges }: LayoutRequest): Layout {
  const graph = new Graph();
  graph.setGraph({
    rankdir: 'LR',
    nodesep: 10,
    ranksep: 56,
    marginx: 14,
    marginy: 14,
    ranker: 'tight-tree',
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of nodes) graph.setNode(id, { ...NODE });
  for (const [from, to] of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    nodes: graph.nodes().map((id) => {
      const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
      return { id, x, y };
    }),
    edges: graph.edges().map((edge) => ({
      from: edge.v,
      to: edge.w,
      points: (graph.edge(edge) as { points?: { x: number; y: number }[] }).points ?? [],
    })),
  };
}
