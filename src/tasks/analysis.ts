import type { Csr } from './csr.js';

/**
 * Questions about a whole graph, over its rows alone: they run here or in a pool thread. No recursion: a chain of 100,000
 * tasks is as good as any. Of an acyclic graph; nodes that are not open count as not there.
 */

/** States of a node, as far as the graph cares. */
export const NODE = {
  /** No task: never used, or removed. */
  none: 0,
  /** Named as a dependency, not added yet. */
  awaited: 1,
  open: 2,
  done: 3,
  /** Failed or cancelled: what waits for it waits until it is opened again. */
  dead: 4,
} as const;

export interface Snapshot {
  /** From each task to those that depend on it. */
  readonly dependants: Csr;
  /** One of `NODE` for each node. */
  readonly states: Uint8Array;
}

export function unfinished(state: number | undefined): boolean {
  return state === NODE.open || state === NODE.awaited || state === NODE.dead;
}

/** Unfinished nodes, each behind all that it depends on (Kahn). */
export function topologicalOrder({ dependants, states }: Snapshot): Int32Array {
  const { nodes, starts, edges } = dependants;
  const waitsFor = new Int32Array(nodes);
  for (let v = 0; v < nodes; v++) {
    if (!unfinished(states[v])) continue;
    const end = starts[v + 1] as number;
    for (let at = starts[v] as number; at < end; at++) {
      const to = edges[at] as number;
      waitsFor[to] = (waitsFor[to] as number) + 1;
    }
  }
  const order = new Int32Array(nodes);
  let size = 0;
  for (let v = 0; v < nodes; v++) if (waitsFor[v] === 0 && unfinished(states[v])) order[size++] = v;
  for (let head = 0; head < size; head++) {
    const v = order[head] as number;
    const end = starts[v + 1] as number;
    for (let at = starts[v] as number; at < end; at++) {
      const to = edges[at] as number;
      const left = (waitsFor[to] as number) - 1;
      waitsFor[to] = left;
      if (left === 0 && unfinished(states[to])) order[size++] = to;
    }
  }
  return order.subarray(0, size);
}

/** How many unfinished tasks stand one behind the other before each unfinished one; -1 for those that are finished. */
export function levels(snapshot: Snapshot): Int32Array {
  const { nodes, starts, edges } = snapshot.dependants;
  const level = new Int32Array(nodes).fill(-1);
  for (const v of topologicalOrder(snapshot)) {
    const own = Math.max(0, level[v] as number);
    level[v] = own;
    const end = starts[v + 1] as number;
    for (let at = starts[v] as number; at < end; at++) {
      const to = edges[at] as number;
      if (unfinished(snapshot.states[to]) && (level[to] as number) <= own) level[to] = own + 1;
    }
  }
  return level;
}

/** The chain of unfinished tasks that takes longest, first to last. @param weights time of each node; 1 when absent. */
export function criticalPath(snapshot: Snapshot, weights?: Float64Array): number[] {
  const { nodes, starts, edges } = snapshot.dependants;
  const before = new Float64Array(nodes);
  const from = new Int32Array(nodes).fill(-1);
  let last = -1;
  let longest = -1;
  for (const v of topologicalOrder(snapshot)) {
    const upTo = (before[v] as number) + (weights === undefined ? 1 : (weights[v] as number));
    if (upTo > longest) {
      longest = upTo;
      last = v;
    }
    const end = starts[v + 1] as number;
    for (let at = starts[v] as number; at < end; at++) {
      const to = edges[at] as number;
      if (upTo > (before[to] as number)) {
        before[to] = upTo;
        from[to] = v;
      }
    }
  }
  const path: number[] = [];
  for (let v = last; v !== -1; v = from[v] as number) path.push(v);
  return path.reverse();
}

/**
 * How many distinct unfinished tasks wait for each unfinished one, directly or not. Exact up to `cap`; `cap` stands for
 * that many or more, which is what keeps it at a few steps a task: to count all of them for all tasks takes the product
 * of tasks and edges.
 */
export function unblocksUpTo({ dependants, states }: Snapshot, cap: number): Int32Array {
  const { nodes, starts, edges } = dependants;
  const counts = new Int32Array(nodes);
  const seenBy = new Int32Array(nodes).fill(-1);
  const queue = new Int32Array(cap + 1);
  for (let v = 0; v < nodes; v++) {
    if (!unfinished(states[v])) continue;
    queue[0] = v;
    let size = 1;
    for (let head = 0; head < size && size <= cap; head++) {
      const from = queue[head] as number;
      const end = starts[from + 1] as number;
      for (let at = starts[from] as number; at < end && size <= cap; at++) {
        const to = edges[at] as number;
        if (seenBy[to] === v || !unfinished(states[to])) continue;
        seenBy[to] = v;
        queue[size++] = to;
      }
    }
    counts[v] = size - 1;
  }
  return counts;
}
