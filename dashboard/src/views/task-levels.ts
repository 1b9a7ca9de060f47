import { type Layout, type LayoutRequest, NODE } from './task-layout';

const GAP = { x: 90, y: 10 } as const;
const MARGIN = 14;

/**
 * Each task in the column behind all that it waits for, edges straight: at once, whatever the graph. For graphs that the better
 * layout does not get done with.
 */
export function placeByLevels({ nodes, edges }: LayoutRequest): Layout {
  const level = new Map(nodes.map((id) => [id, 0]));
  const waitsFor = new Map(nodes.map((id) => [id, 0]));
  const after = new Map<string, string[]>();
  for (const [from, to] of edges) {
    waitsFor.set(to, (waitsFor.get(to) ?? 0) + 1);
    after.set(from, [...(after.get(from) ?? []), to]);
  }
  const queue = nodes.filter((id) => waitsFor.get(id) === 0);
  for (const id of queue) {
    for (const to of after.get(id) ?? []) {
      level.set(to, Math.max(level.get(to) ?? 0, (level.get(id) ?? 0) + 1));
      const left = (waitsFor.get(to) ?? 0) - 1;
      waitsFor.set(to, left);
      if (left === 0) queue.push(to);
    }
  }
  const filled = new Map<number, number>();
  const placed = nodes.map((id) => {
    const column = level.get(id) ?? 0;
    const row = filled.get(column) ?? 0;
    filled.set(column, row + 1);
    return {
      id,
      x: MARGIN + NODE.width / 2 + column * (NODE.width + GAP.x),
      y: MARGIN + NODE.height / 2 + row * (NODE.height + GAP.y),
    };
  });
  const at = new Map(placed.map((node) => [node.id, node]));
  return {
    width: Math.max(0, ...placed.map(({ x }) => x)) + NODE.width / 2 + MARGIN,
    height: Math.max(0, ...placed.map(({ y }) => y)) + NODE.height / 2 + MARGIN,
    nodes: placed,
    edges: edges.flatMap(([from, to]) => {
      const [a, b] = [at.get(from), at.get(to)];
      if (a === undefined || b === undefined) return [];
      return [
        {
          from,
          to,
          points: [
            { x: a.x + NODE.width / 2, y: a.y },
            { x: b.x - NODE.width / 2, y: b.y },
          ],
        },
      ];
    }),
  };
}
