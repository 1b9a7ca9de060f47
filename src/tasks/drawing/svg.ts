import type { Drawing } from './drawing.js';
import { BOX, layOut, type Point } from './layout.js';
import { LOOKS, moreLine, oneLine, type PlannedTask, planOf, STATES } from './look.js';
import { SVG_STYLE } from './svg-style.js';

const TITLE = 30;
const ID = 24;
const TOOLTIP = 200;
const LEGEND_STEP = 104;
const LEGEND_HEIGHT = 44;

/**
 * The graph as one SVG that stands alone: no script, no font and no image from elsewhere. Colours follow the reader's
 * light or dark setting; a state has a mark and its word besides its colour, the critical path has broad lines. The layout takes about a second for 500 tasks, so not on
 * an event loop that others wait for.
 */
export function svg(graph: Drawing, most?: number): string {
  const plan = planOf(graph, most);
  const { boxes, lines, width, height } = layOut(plan);
  const used = new Set(plan.tasks.map(({ state }) => state));
  const legend = STATES.filter((state) => used.has(state));
  const wide = Math.ceil(Math.max(width, legend.length * LEGEND_STEP + 16, 320));
  const high = Math.ceil(height + LEGEND_HEIGHT + (plan.omitted > 0 ? 24 : 0));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="vigil-tasks" role="img" aria-label="Tasks and what they wait for" viewBox="0 0 ${wide} ${high}" width="${wide}" height="${high}">`,
    `<style>${SVG_STYLE}</style>`,
    '<defs><marker id="vigil-tasks-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
    `<rect class="ground" width="${wide}" height="${high}"/>`,
    ...legend.map(
      (state, i) =>
        `<g class="task ${state}" transform="translate(${16 + i * LEGEND_STEP} 12)"><rect width="96" height="22" rx="4"/><text x="8" y="15">${LOOKS[state].mark} ${state}</text></g>`,
    ),
    `<g transform="translate(0 ${LEGEND_HEIGHT})">`,
    ...plan.edges.map(
      ({ critical }, i) =>
        `<path class="edge${critical ? ' critical' : ''}" d="${curve(lines[i] ?? [])}" marker-end="url(#vigil-tasks-end)"/>`,
    ),
    ...plan.tasks.map((task, number) => box(task, boxes[number] as Point, plan.critical.has(number))),
    '</g>',
    ...(plan.omitted > 0
      ? [`<text class="more" x="16" y="${high - 10}">${moreLine(plan.omitted)}</text>`]
      : []),
    '</svg>',
  ].join('\n');
}

function box({ id, title, state, score }: PlannedTask, { x, y }: Point, critical: boolean): string {
  const about = [
    `${oneLine(id, TOOLTIP)}: ${oneLine(title, TOOLTIP)}`,
    critical ? `${state}, on the critical path` : state,
    ...(score === undefined ? [] : [`score ${score.toFixed(2)}`]),
  ].join('; ');
  return `<g class="task ${state}${critical ? ' critical' : ''}" transform="translate(${round(x)} ${round(y)})"><title>${escapeXml(about)}</title><rect width="${BOX.width}" height="${BOX.height}" rx="6"/><text x="10" y="18">${LOOKS[state].mark} ${state} · ${escapeXml(oneLine(id, ID))}</text><text class="title" x="10" y="35">${escapeXml(oneLine(title, TITLE))}</text></g>`;
}

/** Through the middle of each two points, so that a line has no corners. */
function curve(points: readonly Point[]): string {
  const at = ({ x, y }: Point): string => `${round(x)} ${round(y)}`;
  const [first, ...others] = points;
  const last = others.pop();
  if (first === undefined || last === undefined) return '';
  const parts = others.map((point, i) => {
    const next = others[i + 1] ?? last;
    const end = others[i + 1] === undefined ? last : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${at(point)} ${at(end)}`;
  });
  return `M${at(first)}${parts.length > 0 ? parts.join('') : `L${at(last)}`}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
