import { dot } from './dot.js';
import type { Drawing } from './drawing.js';
import { mermaid } from './mermaid.js';
import { svg } from './svg.js';

export const DRAWING_FORMATS = ['mermaid', 'dot', 'svg', 'json'] as const;
export type DrawingFormat = (typeof DRAWING_FORMATS)[number];

/** @returns text without a newline at its end. */
export function draw(format: DrawingFormat, drawing: Drawing): string {
  switch (format) {
    case 'mermaid':
      return mermaid(drawing);
    case 'dot':
      return dot(drawing);
    case 'svg':
      return svg(drawing);
    case 'json':
      return JSON.stringify(drawing, null, 2);
  }
}
