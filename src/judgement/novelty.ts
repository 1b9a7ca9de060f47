import { hash32 } from './hash.js';
import { normalised } from './text.js';

/** Lines remembered as seen. */
const MAX_SEEN = 128;

/**
 * How much of what a log says is new. In a log of plain lines this is the only sign of progress: between two rounds of
 * a retry loop the same lines pass again, between two chance errors of a working program there is news.
 */
export interface Novelty {
  /** Lines that had not been seen before (among the last 128 kinds). */
  count: number;
  readonly seen: Set<number>;
}

export function createNovelty(): Novelty {
  return { count: 0, seen: new Set() };
}

export function observeLine(novelty: Novelty, text: string): void {
  const line = hash32(normalised(text));
  if (novelty.seen.has(line)) return;
  novelty.count++;
  novelty.seen.add(line);
  if (novelty.seen.size <= MAX_SEEN) return;
  for (const oldest of novelty.seen) {
    novelty.seen.delete(oldest);
    break;
  }
}
