import type { Drawing } from './drawing.js';
import { CRITICAL, lookOf, numbered, STATES } from './look.js';

/** For Markdown that knows Mermaid. */
export function mermaid(drawing: Drawing): string {
  const { nodes, edges } = numbered(drawing);
  const critical = edges.flatMap((edge, i) => (edge.critical ? [i] : []));
  const used = new Set(nodes.map(({ state }) => state));
  return [
    'flowchart LR',
    ...nodes.map(
      ({ number, id, label, state }) =>
        `  n${number}["${lookOf(state).mark} ${entities(label)}<br/><small>${entities(id)}</small>"]:::${classOf(state)}`,
    ),
    ...edges.map(({ from, to, critical: thick }) => `  n${from} ${thick ? '==>' : '-->'} n${to}`),
    ...STATES.filter((state) => used.has(state)).map((state) => {
      const { fill, line } = lookOf(state);
      return `  classDef ${state} fill:${fill},stroke:${line},color:#111111`;
    }),
    ...(critical.length === 0
      ? []
      : [`  linkStyle ${critical.join(',')} stroke:${CRITICAL},stroke-width:3px`]),
    ...nodes
      .filter((node) => node.critical)
      .map(({ number }) => `  style n${number} stroke:${CRITICAL},stroke-width:3px`),
    ...(drawing.omitted === 0 ? [] : [`  more["… ${drawing.omitted} more tasks"]`]),
  ].join('\n');
}

function classOf(state: string): string {
  return STATES.includes(state) ? state : 'pending';
}

/** Everything that means something to Mermaid or to HTML, as an entity. */
function entities(text: string): string {
  return text
    .replace(/[^\p{L}\p{N} .,:;!?/()_+=…-]/gu, (char) => `#${char.codePointAt(0)};`)
    .replaceAll('--', '#45;#45;');
}
