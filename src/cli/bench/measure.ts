/** A figure of this set-up, with what it means. */
export interface Measure {
  readonly bench: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly state: 'good' | 'fair' | 'slow' | 'not measured';
  /** How it was measured, or why it was not. */
  readonly detail: string;
  /** What to do about it. */
  readonly mend?: string;
}

/** From where on a figure is good, and from where on it is slow; which way is better follows from them. */
export interface Scale {
  readonly good: number;
  readonly slow: number;
  readonly mend: string;
}

export function judged(
  measure: Pick<Measure, 'bench' | 'name' | 'value' | 'unit' | 'detail'>,
  { good, slow, mend }: Scale,
): Measure {
  const lessIsBetter = good < slow;
  const { value } = measure;
  const isGood = lessIsBetter ? value <= good : value >= good;
  const isSlow = lessIsBetter ? value >= slow : value <= slow;
  if (isGood) return { ...measure, state: 'good' };
  return { ...measure, state: isSlow ? 'slow' : 'fair', mend };
}

export function notMeasured(bench: string, why: string): Measure {
  return { bench, name: bench, value: 0, unit: '', state: 'not measured', detail: why };
}

/** @param share of the sorted figures that are below: 0.5 is the median. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
