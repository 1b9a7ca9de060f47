import { span as age } from '../agent-table.js';

const BLOCKS = '▁▂▃▄▅▆▇█';

/** Scores as blocks, the newest last. @param points 0 to 100. */
export function sparkline(points: readonly number[], width: number): string {
  return points
    .slice(-width)
    .map(
      (point) => BLOCKS[Math.min(BLOCKS.length - 1, Math.max(0, Math.floor((point / 100) * BLOCKS.length)))],
    )
    .join('');
}

/** Time since then, short. @param at ISO time. */
export function since(at: string, now: number): string {
  return age(now - Date.parse(at));
}
