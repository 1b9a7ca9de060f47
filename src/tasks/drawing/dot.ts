import type { Drawing } from './drawing.js';
import { CRITICAL, lookOf, numbered } from './look.js';

/** For Graphviz. */
export function dot(drawing: Drawing): string {
  const { nodes, edges } = numbered(drawing);
  return [
    'digraph tasks {',
    '  rankdir=LR;',
    '  node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=11];',
    ...nodes.map(({ number, id, label, state, critical }) => {
      const { mark, fill, line } = lookOf(state);
      const border = critical ? `color="${CRITICAL}", penwidth=3` : `color="${line}"`;
      return `  n${number} [label=${quoted(`${mark} ${label}`)}, tooltip=${quoted(`${id}: ${state}`)}, fillcolor="${fill}", ${border}];`;
    }),
    ...edges.map(
      ({ from, to, critical }) =>
        `  n${from} -> n${to}${critical ? ` [color="${CRITICAL}", penwidth=3]` : ''};`,
    ),
    ...(drawing.omitted === 0 ? [] : [`  more [label="… ${drawing.omitted} more tasks", style=dashed];`]),
    '}',
  ].join('\n');
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
