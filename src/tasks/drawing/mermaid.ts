import type { Drawing } from './drawing.js';
import { CRITICAL, type DrawnState, LOOKS, moreLine, oneLine, type Plan, planOf, STATES } from './look.js';

/** Brackets of each state's box. */
const SHAPES: Readonly<Record<DrawnState, readonly [string, string]>> = {
  pending: ['(', ')'],
  ready: ['([', '])'],
  claimed: ['[/', '/]'],
  running: ['[[', ']]'],
  done: ['[', ']'],
  failed: ['{{', '}}'],
  cancelled: ['>', ']'],
  unknown: ['((', '))'],
};

const LABEL = 60;
/** Mermaid draws no more edges than this unless its site says so; a diagram cannot set it. */
const MERMAID_EDGES = 500;

/** The graph as a Mermaid flowchart. */
export function mermaid(graph: Drawing, most?: number): string {
  const plan = planOf(graph, most);
  return [
    'flowchart LR',
    ...(plan.edges.length > MERMAID_EDGES
      ? [`%% ${plan.edges.length} edges: Mermaid draws more than ${MERMAID_EDGES} where maxEdges says so`]
      : []),
    ...plan.tasks.map(({ id, title, state }, number) => {
      const [open, close] = SHAPES[state];
      const label = `${LOOKS[state].mark} ${state} #183; ${escapeMermaid(oneLine(id, LABEL))}<br/>${escapeMermaid(oneLine(title, LABEL))}`;
      return `  n${number}${open}"${label}"${close}:::${state}`;
    }),
    ...plan.edges.map(({ from, to, critical }) => `  n${from} ${critical ? '==>' : '-->'} n${to}`),
    ...classes(plan),
    ...(plan.omitted > 0 ? [`  more["${moreLine(plan.omitted)}"]`] : []),
  ].join('\n');
}

/** No semicolon ends these lines: Mermaid takes `#…;` for a character. */
function classes({ tasks, critical }: Plan): string[] {
  const used = new Set(tasks.map(({ state }) => state));
  return [
    ...STATES.filter((state) => used.has(state)).map((state) => {
      const { light, stroke } = LOOKS[state];
      return `  classDef ${state} fill:${light},stroke:${stroke},color:#1b1f23`;
    }),
    ...(critical.size === 0
      ? []
      : [
          `  classDef critical stroke-width:4px,stroke:${CRITICAL}`,
          `  class ${[...critical].map((number) => `n${number}`).join(',')} critical`,
        ]),
  ];
}

/** Letters, figures and a few signs stand for themselves; whatever Mermaid or HTML could read becomes a code. */
function escapeMermaid(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N} ._,+-]/gu, (sign) => `#${sign.codePointAt(0)};`);
}
