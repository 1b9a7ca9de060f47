/**
 * Keeps a topological order while edges come, looking only at what lies between the two ends of an edge that goes
 * against it (Pearce and Kelly, "A dynamic topological sort algorithm for directed acyclic graphs", 2006). Iterative.
 */

/** Calls `visit` with each neighbour of a node, until it returns false. */
export type Neighbours = (node: number, visit: (neighbour: number) => boolean) => void;

const LAST_PLACE = 2 ** 30;

export class TopologicalOrder {
  /** Place of each node; places are distinct, and a dependency's is before its dependants'. */
  #place: Int32Array;
  #next = 0;
  #looks = 0;

  constructor(capacity: number) {
    this.#place = new Int32Array(capacity);
  }

  grow(capacity: number): void {
    const larger = new Int32Array(capacity);
    larger.set(this.#place);
    this.#place = larger;
  }

  /** A node goes behind all others. */
  append(node: number): void {
    this.#place[node] = this.#next++;
  }

  /** Nodes and edges looked at so far. */
  get looks(): number {
    return this.#looks;
  }

  /** Places are running out: they are numbers of 32 bits, and each node that comes takes one. */
  get isWorn(): boolean {
    return this.#next > LAST_PLACE;
  }

  /** Gives all nodes places anew. @param order each behind its dependencies. */
  assign(order: Int32Array): void {
    for (let place = 0; place < order.length; place++) this.#place[order[place] as number] = place;
    this.#next = order.length;
  }

  isBefore(one: number, other: number): boolean {
    return (this.#place[one] as number) < (this.#place[other] as number);
  }

  /**
   * Makes room for the edge `from -> to`, which the graph does not have yet.
   *
   * @returns the nodes of the cycle that the edge would close, `to` first and `from` last, each leading to the next;
   *   undefined when there is none.
   */
  insert(from: number, to: number, successors: Neighbours, predecessors: Neighbours): number[] | undefined {
    if (from === to) return [to];
    if (this.isBefore(from, to)) return undefined;
    const highest = this.#place[from] as number;
    const lowest = this.#place[to] as number;
    const behind = this.#reach(to, successors, (place) => place <= highest);
    if (behind.has(from)) return pathTo(from, behind);
    const before = this.#reach(from, predecessors, (place) => place >= lowest);
    this.#reorder([...before.keys()], [...behind.keys()]);
    return undefined;
  }

  /** Nodes that are reached within some places, each with the one it was reached from. */
  #reach(start: number, neighbours: Neighbours, within: (place: number) => boolean): Map<number, number> {
    const reached = new Map([[start, -1]]);
    const stack = [start];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const by = node;
      this.#looks++;
      neighbours(by, (neighbour) => {
        this.#looks++;
        if (!reached.has(neighbour) && within(this.#place[neighbour] as number)) {
          reached.set(neighbour, by);
          stack.push(neighbour);
        }
        return true;
      });
    }
    return reached;
  }

  /** The places of both go to the one group and then to the other, each in the order it has. */
  #reorder(before: number[], behind: number[]): void {
    const byPlace = (one: number, other: number) =>
      (this.#place[one] as number) - (this.#place[other] as number);
    const nodes = [...before.sort(byPlace), ...behind.sort(byPlace)];
    const places = nodes.map((node) => this.#place[node] as number).sort((one, other) => one - other);
    for (const [i, node] of nodes.entries()) this.#place[node] = places[i] as number;
  }
}

function pathTo(node: number, reachedFrom: ReadonlyMap<number, number>): number[] {
  const path: number[] = [];
  for (let at = node; at !== -1; at = reachedFrom.get(at) ?? -1) path.push(at);
  return path.reverse();
}
