/** Disjoint sets over positions 0..n-1. */
export interface UnionFind {
  union(a: number, b: number): void;
  find(a: number): number;
}

export function createUnionFind(size: number): UnionFind {
  const parent = Int32Array.from({ length: size }, (_, i) => i);
  const find = (a: number): number => {
    let root = a;
    while (parent[root] !== root) root = parent[root] ?? root;
    let node = a;
    while (node !== root) {
      const next = parent[node] ?? root;
      parent[node] = root;
      node = next;
    }
    return root;
  };
  return {
    find,
    // The smaller position becomes the root, so that a set's name does not depend on the order of unions.
    union(a, b) {
      const [low, high] = [find(a), find(b)].sort((x, y) => x - y);
      if (low !== undefined && high !== undefined) parent[high] = low;
    },
  };
}
