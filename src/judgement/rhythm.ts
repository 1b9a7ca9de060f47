/** Gaps between events that are remembered. */
const MAX_GAPS = 64;

/**
 * How an agent usually paces itself: the gaps between its own events, in milliseconds, the latest 64. Time in which a
 * person kept it waiting is not its own and never enters.
 */
export interface Rhythm {
  readonly gaps: number[];
  /** Place of the oldest gap once the ring is full. */
  next: number;
}

export function createRhythm(): Rhythm {
  return { gaps: [], next: 0 };
}

export function observeGap(rhythm: Rhythm, gap: number): void {
  if (!Number.isFinite(gap) || gap < 0) return;
  if (rhythm.gaps.length < MAX_GAPS) {
    rhythm.gaps.push(gap);
    return;
  }
  rhythm.gaps[rhythm.next] = gap;
  rhythm.next = (rhythm.next + 1) % MAX_GAPS;
}

/** The gap that a share `q` of all gaps stays within; undefined before there are eight, when there is no rhythm yet. */
export function gapQuantile(rhythm: Rhythm, q: number): number | undefined {
  if (rhythm.gaps.length < 8) return undefined;
  const sorted = [...rhythm.gaps].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}
