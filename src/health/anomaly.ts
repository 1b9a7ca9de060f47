/** Samples of one figure that are kept. */
const KEPT = 64;
/** Fewer say nothing about what is usual. */
const LEAST = 20;
/** Makes the median absolute deviation comparable with a standard deviation of normal data. */
const CONSISTENCY = 0.6745;
/** A figure that hardly moves has a deviation near zero: less than this share of its median is never odd. */
const LEAST_SPREAD = 0.05;

/** The recent history of one figure of one agent. */
export interface Series {
  readonly values: Float64Array;
  count: number;
  /** Odd samples in a row. */
  odd: number;
}

export interface Oddity {
  readonly value: number;
  readonly median: number;
  readonly score: number;
  readonly samples: number;
}

export function createSeries(): Series {
  return { values: new Float64Array(KEPT), count: 0, odd: 0 };
}

/**
 * Compares a sample with the history before it, and adds it.
 *
 * By the modified z-score, 0.6745 (x - median) / MAD, of Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (ASQC,
 * 1993), who propose 3.5 as the limit. Median and MAD stand firm until half of the samples are odd; a level that stays
 * new is the usual one after as many samples.
 *
 * @returns the oddity when this is the last of `inARow` odd samples: once, until one is usual again.
 */
export function observe(
  series: Series,
  value: number,
  limits: { readonly score: number; readonly inARow: number },
): Oddity | undefined {
  const samples = Math.min(series.count, KEPT);
  let found: Oddity | undefined;
  if (samples >= LEAST) {
    const sorted = series.values.slice(0, samples).sort();
    const median = middle(sorted);
    const deviation = middle(sorted.map((each) => Math.abs(each - median)).sort());
    const spread = Math.max(deviation, Math.abs(median) * LEAST_SPREAD, Number.EPSILON);
    const score = (CONSISTENCY * (value - median)) / spread;
    series.odd = Math.abs(score) > limits.score ? series.odd + 1 : 0;
    if (series.odd === limits.inARow) found = { value, median, score, samples };
  }
  series.values[series.count++ % KEPT] = value;
  return found;
}

function middle(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}
