import { NODE, topologicalOrder } from './analysis.js';
import { buildCsr } from './csr.js';
import { cycleAmong, cycleError, cycleFrom } from './cycle.js';
import type { Edges, Visit } from './edges.js';
import type { GraphTask } from './graph-task.js';
import type { GraphNodes } from './nodes.js';
import type { TopologicalOrder } from './order.js';

/**
 * Connects nodes, none of them in a circle: keeps the order of the graph while edges come, edge by edge or by sorting anew,
 * whatever costs less.
 */
export class Connections {
  readonly #nodes: GraphNodes;
  readonly #edges: Edges;
  readonly #order: TopologicalOrder;

  constructor(nodes: GraphNodes, edges: Edges, order: TopologicalOrder) {
    this.#nodes = nodes;
    this.#edges = edges;
    this.#order = order;
  }

  get count(): number {
    return this.#edges.count;
  }

  /** A node that is not connected yet goes behind all others. */
  append(node: number): void {
    this.#order.append(node);
  }

  readonly eachDependant = (node: number, visit: Visit): void =>
    this.#edges.eachSuccessor(node, (other) => this.#nodes.states[other] === NODE.none || visit(other));

  readonly eachDependency = (node: number, visit: Visit): void =>
    this.#edges.eachPredecessor(node, (other) => this.#nodes.states[other] === NODE.none || visit(other));

  /**
   * Places the new tasks of a batch that name each other out of order, so that the order of the graph has not to be
   * mended edge by edge. What others await has its place already.
   *
   * @param ends from and to in turn.
   * @throws VigilError CONFLICT for a cycle.
   */
  place(
    tasks: readonly GraphTask[],
    nodes: readonly number[],
    ends: readonly number[],
    fresh: ReadonlySet<number>,
  ): void {
    if (!this.#goesForward(ends, fresh)) return;
    const position = new Map(nodes.map((node, i) => [node, i]));
    const froms: number[] = [];
    const tos: number[] = [];
    for (let i = 0; i < ends.length; i += 2) {
      const from = position.get(ends[i] as number);
      const to = position.get(ends[i + 1] as number);
      if (from === undefined || to === undefined) continue;
      froms.push(from);
      tos.push(to);
    }
    const rows = buildCsr({
      nodes: nodes.length,
      froms: Int32Array.from(froms),
      tos: Int32Array.from(tos),
      count: froms.length,
    });
    const order = topologicalOrder({
      dependants: rows,
      states: new Uint8Array(nodes.length).fill(NODE.open),
    });
    if (order.length < nodes.length) throw cycleError(cycleAmong(tasks, new Set(order)));
    for (const at of order) {
      const node = nodes[at] as number;
      if (fresh.has(node)) this.#order.append(node);
    }
  }

  /** Whether a new task depends on one that comes behind it in the batch. */
  #goesForward(ends: readonly number[], fresh: ReadonlySet<number>): boolean {
    for (let i = 0; i < ends.length; i += 2) {
      const from = ends[i] as number;
      const to = ends[i + 1] as number;
      if (!this.#order.isBefore(from, to) && fresh.has(from) && fresh.has(to)) return true;
    }
    return false;
  }

  /**
   * Connects each two ends. The order is mended edge by edge while that costs less than sorting everything once, which is
   * then done: a batch is linear in the graph at worst.
   *
   * @throws VigilError CONFLICT for a cycle; what was connected before it stays.
   */
  connect(ends: readonly number[]): void {
    const { states, waitsFor } = this.#nodes;
    const most = this.#order.looks + this.#nodes.places + this.#edges.count + ends.length;
    let sorts = this.#order.isWorn;
    for (let i = 0; i < ends.length; i += 2) {
      const dependency = ends[i] as number;
      const task = ends[i + 1] as number;
      sorts ||= this.#order.looks > most;
      if (!sorts) this.#mend(dependency, task);
      this.#edges.add(dependency, task);
      if (states[dependency] !== NODE.done) waitsFor[task] = (waitsFor[task] as number) + 1;
    }
    if (sorts) this.#sortAll();
  }

  /** Takes edges back, the latest first, until there are so many. */
  takeBack(edges: number): void {
    const { states, waitsFor } = this.#nodes;
    while (this.#edges.count > edges) {
      const [from, to] = this.#edges.takeBack();
      if (states[from] !== NODE.done) waitsFor[to] = (waitsFor[to] as number) - 1;
    }
  }

  #mend(dependency: number, task: number): void {
    const cycle = this.#order.insert(dependency, task, this.eachDependant, this.eachDependency);
    if (cycle === undefined) return;
    // Each leads to the next, so each is needed by the next; for people the other way round.
    const [first, ...others] = cycle.map((node) => this.#nodes.nameOf(node));
    throw cycleError([first as string, ...others.reverse()]);
  }

  #sortAll(): void {
    const { places } = this.#nodes;
    const states = new Uint8Array(places);
    let there = 0;
    for (let node = 0; node < places; node++) {
      if (this.#nodes.states[node] === NODE.none) continue;
      states[node] = NODE.open;
      there++;
    }
    const order = topologicalOrder({ dependants: buildCsr(this.#edges.list(places)), states });
    if (order.length === there) {
      this.#order.assign(order);
      return;
    }
    for (const node of order) states[node] = NODE.done;
    const isLeft = (node: number): boolean => states[node] === NODE.open;
    const cycle = cycleFrom(states.indexOf(NODE.open), this.eachDependency, isLeft);
    throw cycleError(cycle.map((node) => this.#nodes.nameOf(node)));
  }
}
