import { dot } from './dot.js';
import type { Drawing } from './drawing.js';
import { json } from './json.js';
import { MOST_DRAWN } from './look.js';
import { mermaid } from './mermaid.js';
import { svg } from './svg.js';

export const DRAWING_FORMATS = ['mermaid', 'dot', 'svg', 'json'] as const;
export type DrawingFormat = (typeof DRAWING_FORMATS)[number];

/**
 * @param most tasks in a picture, the critical path's first; how many more there are is said in it. JSON has all.
 * @returns text without a newline at its end.
 */
export function draw(format: DrawingFormat, drawing: Drawing, most: number = MOST_DRAWN): string {
  switch (format) {
    case 'mermaid':
      return mermaid(drawing, most);
    case 'dot':
      return dot(drawing, most);
    case 'svg':
      return svg(drawing, most);
    case 'json':
      return json(drawing);
  }
}
