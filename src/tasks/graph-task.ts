/** A task as the graph sees it. */
export interface GraphTask {
  readonly id: string;
  readonly dependsOn: readonly string[];
}
