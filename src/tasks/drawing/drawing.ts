/** A dependency graph to be drawn. Titles are foreign text. */
export interface Drawing {
  readonly tasks: readonly DrawnTask[];
  /** A task, and one that waits for it. */
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** Longest chain of unfinished tasks, first to last. */
  readonly criticalPath: readonly string[];
  /** Tasks left out. */
  readonly omitted: number;
}

export interface DrawnTask {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly score?: number | undefined;
}
