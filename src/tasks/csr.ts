/**
 * A graph as compressed sparse rows, in shared memory: the successors of node `v` are `edges[starts[v] .. starts[v + 1])`.
 * Never changed once it is built, so that a pool thread can read it while the graph goes on.
 */
export interface Csr {
  readonly nodes: number;
  readonly starts: Int32Array;
  readonly edges: Int32Array;
}

/** Edges as they came: edge `i` leads from `froms[i]` to `tos[i]`, for `i` below `count`. In shared memory, only added to. */
export interface EdgeList {
  readonly nodes: number;
  readonly froms: Int32Array;
  readonly tos: Int32Array;
  readonly count: number;
}

export function sharedInts(length: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}

/**
 * Sorts an edge list by where its edges start: two passes, no comparison. Edges keep their order within a node.
 */
export function buildCsr({ nodes, froms, tos, count }: EdgeList): Csr {
  const starts = sharedInts(nodes + 1);
  for (let i = 0; i < count; i++) {
    const behind = (froms[i] as number) + 1;
    starts[behind] = (starts[behind] as number) + 1;
  }
  for (let v = 0; v < nodes; v++) starts[v + 1] = (starts[v + 1] as number) + (starts[v] as number);
  const next = starts.slice(0, nodes);
  const edges = sharedInts(count);
  for (let i = 0; i < count; i++) {
    const from = froms[i] as number;
    const at = next[from] as number;
    edges[at] = tos[i] as number;
    next[from] = at + 1;
  }
  return { nodes, starts, edges };
}
