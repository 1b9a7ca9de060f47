import { buildCsr, type Csr, type EdgeList, sharedInts } from './csr.js';

/** Edges outside of the rows, as a share of those within, at which the rows are built anew: each edge is moved a few times. */
const LOOSE_SHARE = 0.5;
const MIN_LOOSE = 4_096;
const FIRST_CAPACITY = 1_024;
const NOTHING: Csr = { nodes: 0, starts: new Int32Array(1), edges: new Int32Array(0) };

/** Calls with each neighbour of a node, until told to stop by false. */
export type Visit = (node: number) => boolean;

/**
 * The edges of a graph that grows: a list, rows of what leads away from each node, and chains of what came since the rows
 * were built. An addition is O(1), a walk over a node's successors is a walk over an array. Predecessors, which few
 * questions are about, are on chains alone.
 */
export class Edges {
  #froms = sharedInts(FIRST_CAPACITY);
  #tos = sharedInts(FIRST_CAPACITY);
  /** Grows when edges get other places in the list. */
  #generation = 0;
  #count = 0;
  /** Edges that are in the rows: the first ones of the list. */
  #inRows = 0;
  #out: Csr = NOTHING;
  /**
   * Chains: 1 + edge, 0 at the end, the latest edge first. Of the outgoing ones only those count that are not in the rows:
   * a chain ends where these begin.
   */
  #firstOut = new Int32Array(FIRST_CAPACITY);
  #firstIn = new Int32Array(FIRST_CAPACITY);
  #nextOut = new Int32Array(FIRST_CAPACITY);
  #nextIn = new Int32Array(FIRST_CAPACITY);

  get count(): number {
    return this.#count;
  }

  /** Enough of them are outside of the rows. */
  get areLoose(): boolean {
    return this.#count - this.#inRows > Math.max(MIN_LOOSE, this.#inRows * LOOSE_SHARE);
  }

  /** Makes room for nodes up to that number. */
  growNodes(capacity: number): void {
    this.#firstOut = larger(this.#firstOut, capacity);
    this.#firstIn = larger(this.#firstIn, capacity);
  }

  add(from: number, to: number): void {
    const edge = this.#count++;
    if (edge === this.#froms.length) this.#grow();
    this.#froms[edge] = from;
    this.#tos[edge] = to;
    this.#nextOut[edge] = this.#firstOut[from] as number;
    this.#firstOut[from] = edge + 1;
    this.#nextIn[edge] = this.#firstIn[to] as number;
    this.#firstIn[to] = edge + 1;
  }

  /** Takes the latest edge back, which must not be in the rows. @returns its ends. */
  takeBack(): readonly [number, number] {
    const edge = --this.#count;
    const from = this.#froms[edge] as number;
    const to = this.#tos[edge] as number;
    this.#firstOut[from] = this.#nextOut[edge] as number;
    this.#firstIn[to] = this.#nextIn[edge] as number;
    return [from, to];
  }

  readonly eachSuccessor = (node: number, visit: Visit): void => {
    const { nodes, starts, edges } = this.#out;
    const inRows = this.#inRows;
    if (node < nodes) {
      const end = starts[node + 1] as number;
      for (let at = starts[node] as number; at < end; at++) if (!visit(edges[at] as number)) return;
    }
    for (let link = this.#firstOut[node] as number; link > inRows; link = this.#nextOut[link - 1] as number)
      if (!visit(this.#tos[link - 1] as number)) return;
  };

  /**
   * Takes one from the count of each successor. The loop of a completion, which is hot: with `eachSuccessor` it takes
   * several times as long.
   *
   * @param reached gets those whose count is 0 now.
   */
  lower(node: number, counts: Int32Array, reached: number[]): void {
    const { nodes, starts, edges } = this.#out;
    if (node < nodes) {
      const end = starts[node + 1] as number;
      for (let at = starts[node] as number; at < end; at++) {
        const to = edges[at] as number;
        const left = (counts[to] as number) - 1;
        counts[to] = left;
        if (left === 0) reached.push(to);
      }
    }
    const inRows = this.#inRows;
    for (let link = this.#firstOut[node] as number; link > inRows; link = this.#nextOut[link - 1] as number) {
      const to = this.#tos[link - 1] as number;
      const left = (counts[to] as number) - 1;
      counts[to] = left;
      if (left === 0) reached.push(to);
    }
  }

  readonly eachPredecessor = (node: number, visit: Visit): void => {
    for (let link = this.#firstIn[node] as number; link !== 0; link = this.#nextIn[link - 1] as number)
      if (!visit(this.#froms[link - 1] as number)) return;
  };

  /** Rows of all edges, of so many nodes. */
  rows(nodes: number): Csr {
    if (this.#inRows < this.#count || this.#out.nodes < nodes) this.build(nodes, undefined);
    return this.#out;
  }

  /** As `rows`, built by `build` where they have to be; of the edges as they are now. */
  async rowsBy(build: (list: EdgeList) => Promise<Csr>, nodes: number): Promise<Csr> {
    if (this.#inRows === this.#count && this.#out.nodes >= nodes) return this.#out;
    const list = this.list(nodes);
    const rows = await build(list);
    this.adopt(list, rows);
    return rows;
  }

  /** Builds the rows anew. @param isGone nodes whose edges are dropped. */
  build(nodes: number, isGone: ((node: number) => boolean) | undefined): void {
    if (isGone !== undefined) this.#drop(isGone);
    this.#out = buildCsr(this.list(nodes));
    this.#inRows = this.#count;
  }

  /** The edges as they are now, for a thread to build the rows of. */
  list(nodes: number): EdgeList & { readonly generation: number } {
    return { nodes, froms: this.#froms, tos: this.#tos, count: this.#count, generation: this.#generation };
  }

  /** Takes rows that were built elsewhere, unless edges were dropped or newer rows built meanwhile. */
  adopt({ generation, count }: { readonly generation: number; readonly count: number }, rows: Csr): void {
    if (generation !== this.#generation || count <= this.#inRows) return;
    this.#out = rows;
    this.#inRows = count;
  }

  #drop(isGone: (node: number) => boolean): void {
    let kept = 0;
    // A thread may be reading the list that was.
    const froms = sharedInts(this.#froms.length);
    const tos = sharedInts(this.#tos.length);
    for (let edge = 0; edge < this.#count; edge++) {
      const from = this.#froms[edge] as number;
      const to = this.#tos[edge] as number;
      if (isGone(from) || isGone(to)) continue;
      froms[kept] = from;
      tos[kept] = to;
      kept++;
    }
    this.#froms = froms;
    this.#tos = tos;
    this.#count = kept;
    this.#generation++;
    this.#firstOut.fill(0);
    this.#firstIn.fill(0);
    for (let edge = 0; edge < kept; edge++) {
      const to = tos[edge] as number;
      this.#nextIn[edge] = this.#firstIn[to] as number;
      this.#firstIn[to] = edge + 1;
    }
  }

  #grow(): void {
    const capacity = this.#froms.length * 2;
    const [froms, tos] = [sharedInts(capacity), sharedInts(capacity)];
    froms.set(this.#froms);
    tos.set(this.#tos);
    this.#froms = froms;
    this.#tos = tos;
    this.#nextOut = larger(this.#nextOut, capacity);
    this.#nextIn = larger(this.#nextIn, capacity);
  }
}

export function larger(array: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(capacity);
  copy.set(array);
  return copy;
}
