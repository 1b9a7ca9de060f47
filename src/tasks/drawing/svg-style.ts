import { CRITICAL, LOOKS, STATES } from './look.js';

function looks(ground: 'light' | 'dark'): string {
  return STATES.map((state) => `.vigil-tasks .${state} rect{fill:${LOOKS[state][ground]}}`).join('');
}

const STROKES = STATES.map((state) => `.vigil-tasks .${state} rect{stroke:${LOOKS[state].stroke}}`).join('');

/** Every rule is held under the drawing's own class: it may stand within a page. */
export const SVG_STYLE = [
  '.vigil-tasks{font:11px system-ui,sans-serif}',
  '.vigil-tasks .ground{fill:#ffffff}',
  '.vigil-tasks text{fill:#1b1f23}',
  '.vigil-tasks .title{font-size:12px}',
  STROKES,
  looks('light'),
  '.vigil-tasks .pending rect,.vigil-tasks .cancelled rect{stroke-dasharray:4 3}',
  '.vigil-tasks .cancelled text{text-decoration:line-through}',
  '.vigil-tasks .edge{fill:none;stroke:#8a949e;stroke-width:1.2}',
  '.vigil-tasks .tip{fill:#8a949e}',
  '.vigil-tasks .critical rect{stroke-width:3.5}',
  `.vigil-tasks .edge.critical{stroke:${CRITICAL};stroke-width:3}`,
  '@media (prefers-color-scheme:dark){',
  '.vigil-tasks .ground{fill:#14181d}',
  '.vigil-tasks text{fill:#e6edf3}',
  looks('dark'),
  '.vigil-tasks .edge.critical{stroke:#ff6f9f}',
  '}',
].join('');
