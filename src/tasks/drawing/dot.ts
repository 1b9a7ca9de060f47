import type { Drawing } from './drawing.js';
import { CRITICAL, type DrawnState, LOOKS, moreLine, oneLine, planOf } from './look.js';

const SHAPES: Readonly<Record<DrawnState, string>> = {
  pending: 'box',
  ready: 'diamond',
  claimed: 'parallelogram',
  running: 'component',
  done: 'ellipse',
  failed: 'octagon',
  cancelled: 'note',
  unknown: 'box3d',
};

const LABEL = 60;

/** The graph for Graphviz: `vigil tasks graph --format dot | dot -Tpdf`. */
export function dot(graph: Drawing, most?: number): string {
  const plan = planOf(graph, most);
  return [
    'digraph tasks {',
    '  rankdir=LR',
    '  node [style=filled, fontname="Helvetica", fontsize=10]',
    ...plan.tasks.map(({ id, title, state }, number) => {
      const { mark, light, stroke } = LOOKS[state];
      const label = `${mark} ${state} · ${escapeDot(oneLine(id, LABEL))}\\n${escapeDot(oneLine(title, LABEL))}`;
      const width = plan.critical.has(number) ? 4 : 1;
      return `  n${number} [label="${label}", shape=${SHAPES[state]}, fillcolor="${light}", color="${stroke}", penwidth=${width}]`;
    }),
    ...plan.edges.map(
      ({ from, to, critical }) =>
        `  n${from} -> n${to}${critical ? ` [penwidth=3, color="${CRITICAL}"]` : ''}`,
    ),
    ...(plan.omitted > 0 ? [`  more [label="${moreLine(plan.omitted)}", shape=plaintext, style=""]`] : []),
    '}',
  ].join('\n');
}

/** Graphviz reads escapes (`\N`) and entities (`&lt;`) in quoted text. */
function escapeDot(text: string): string {
  return text.replace(/["\\]/g, '\\$&').replace(/&/g, '&amp;');
}
