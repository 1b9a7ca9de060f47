/** What the layout of a graph of tasks is asked, and what it answers. */
export interface LayoutRequest {
  readonly nodes: readonly string[];
  readonly edges: readonly (readonly [string, string])[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Middle of each node. */
  readonly nodes: readonly { readonly id: string; readonly x: number; readonly y: number }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly points: readonly { readonly x: number; readonly y: number }[];
  }[];
}

export const NODE = { width: 190, height: 44 } as const;
