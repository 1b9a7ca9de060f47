import { Graph, layout } from '@dagrejs/dagre';
import type { Drawing } from './drawing.js';
import { CRITICAL, lookOf, numbered, STATES } from './look.js';

const CHAR = 6.6;
const HEIGHT = 40;
const PADDING = 12;
const MIN_WIDTH = 90;
const MARGIN = 16;
const FEW = 100;
/** For the line of what was left out. */
const FOOTER = 28;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A picture that stands by itself: no script, nothing fetched, dark where the reader's screen is. */
export function svg(drawing: Drawing): string {
  const { nodes, edges } = numbered(drawing);
  const graph = new Graph({ multigraph: false });
  // The default ranker draws a little tighter, and takes three times as long.
  const ranker = nodes.length > FEW ? 'tight-tree' : 'network-simplex';
  graph.setGraph({ rankdir: 'LR', ranker, nodesep: 14, ranksep: 46, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { number, label, id } of nodes) {
    const width = Math.max(MIN_WIDTH, Math.max(label.length + 2, id.length) * CHAR + 2 * PADDING);
    graph.setNode(String(number), { width, height: HEIGHT });
  }
  for (const { from, to } of edges) graph.setEdge(String(from), String(to));
  if (nodes.length > 0) layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  const width = Math.ceil(finite(size.width) + 2 * MARGIN);
  const height = Math.ceil(finite(size.height) + 2 * MARGIN) + (drawing.omitted === 0 ? 0 : FOOTER);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${nodes.length} tasks and what they wait for">`,
    `<style>${style()}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    `<rect class="ground" width="${width}" height="${height}"/>`,
    ...edges.map(({ from, to, critical }) => {
      const { points } = graph.edge(String(from), String(to)) as { points: Point[] };
      return `<path class="edge${critical ? ' critical' : ''}" marker-end="url(#arrow)" d="${pathOf(points)}"/>`;
    }),
    ...nodes.map(({ number, id, label, state, critical }) => {
      const { x, y, width: w } = graph.node(String(number)) as unknown as Point & { width: number };
      const left = finite(x) - w / 2;
      const top = finite(y) - HEIGHT / 2;
      return [
        `<g class="task ${STATES.includes(state) ? state : 'pending'}${critical ? ' critical' : ''}" transform="translate(${round(left)} ${round(top)})">`,
        `<title>${entities(`${id}: ${state}${critical ? ', on the critical path' : ''}`)}</title>`,
        `<rect width="${round(w)}" height="${HEIGHT}" rx="6"/>`,
        `<text x="${PADDING}" y="17">${lookOf(state).mark} ${entities(label)}</text>`,
        `<text class="id" x="${PADDING}" y="32">${entities(id)}</text>`,
        '</g>',
      ].join('');
    }),
    ...(drawing.omitted === 0
      ? []
      : [`<text class="more" x="${MARGIN}" y="${height - 10}">… ${drawing.omitted} more tasks</text>`]),
    '</svg>',
  ].join('\n');
}

function style(): string {
  const states = STATES.map((state) => {
    const { fill, line } = lookOf(state);
    return `.${state} rect{fill:${fill};stroke:${line}}`;
  });
  return [
    'text{font:11px system-ui,sans-serif;fill:#111}.id{font-size:9px;fill:#555}.more{fill:#555}',
    '.ground{fill:#fff}.edge{fill:none;stroke:#9a9a9a;stroke-width:1.2}marker path{fill:#9a9a9a}',
    ...states,
    `.edge.critical{stroke:${CRITICAL};stroke-width:2.6}.task.critical rect{stroke:${CRITICAL};stroke-width:2.6}`,
    '@media(prefers-color-scheme:dark){.ground{fill:#111}.edge{stroke:#666}.more{fill:#aaa}.task rect{filter:brightness(.9)}}',
  ].join('');
}

function pathOf(points: readonly Point[]): string {
  return points
    .map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${round(finite(x))} ${round(finite(y))}`)
    .join('');
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function entities(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
