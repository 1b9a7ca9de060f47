import { VigilError } from '../messages/errors.js';
import { NODE, type Snapshot, topologicalOrder } from './analysis.js';
import { buildCsr, type Csr, type EdgeList } from './csr.js';
import { cycleAmong, cycleError, cycleFrom } from './cycle.js';
import { Edges, larger, type Visit } from './edges.js';
import type { GraphTask } from './graph-task.js';
import { TopologicalOrder } from './order.js';

export type { GraphTask };

export interface TaskGraphOptions {
  /** What becomes of a task that depends on one that nobody has added: refused, or waits until it is. */
  readonly missing: 'refuse' | 'await';
  /** Builds rows of many edges elsewhere (`GraphAnalysis.rows`); without it, and for few, they are built at once. */
  readonly rebuild?: (list: EdgeList) => Promise<Csr>;
  /** Told of a `rebuild` that failed; the rows are then built at once. */
  readonly onFailure?: (error: unknown) => void;
}

/** What an addition has done so far, to take it back. */
interface Addition {
  /** Edges before it. */
  readonly edges: number;
  /** Nodes that are new, and those that awaited their task. */
  readonly made: number[];
  readonly filled: number[];
}

const FIRST_CAPACITY = 1_024;
const LAST_MARK = 2 ** 31 - 1;
/** Removed tasks, as a share of all, at which their edges are dropped and their places are free. */
const REMOVED_SHARE = 0.5;
const MIN_REMOVED = 4_096;
/** Edges below which rows are built at once: less than 1 ms. */
const REBUILT_HERE = 50_000;

/**
 * The dependency graph of all tasks, in memory. A task is ready when all that it depends on is done: a counter in each
 * node tells, so completing a task costs its out-degree. Edges are kept as a list and as rows of it; those that came since
 * the rows were built hang on their nodes as chains.
 */
export class TaskGraph {
  readonly #missing: 'refuse' | 'await';
  readonly #options: Partial<TaskGraphOptions>;
  #rebuilding: Promise<void> | undefined;
  readonly #index = new Map<string, number>();
  #names: string[] = [];
  #states = new Uint8Array(FIRST_CAPACITY);
  /** Dependencies of each node that are not done. */
  #waitsFor = new Int32Array(FIRST_CAPACITY);
  readonly #order = new TopologicalOrder(FIRST_CAPACITY);
  /** The last walk or task that came by a node, by a number of its own: each counts a node once. */
  #marks = new Int32Array(FIRST_CAPACITY);
  #mark = 0;
  /** Places of removed nodes, free once no edge names them. */
  #removed: number[] = [];
  #free: number[] = [];
  readonly #edges = new Edges();

  constructor(options: Partial<TaskGraphOptions> = {}) {
    this.#options = options;
    this.#missing = options.missing ?? 'refuse';
  }

  /** Tasks of every state. */
  get size(): number {
    return this.#index.size;
  }

  get edges(): number {
    return this.#edges.count;
  }

  has(id: string): boolean {
    const node = this.#index.get(id);
    return node !== undefined && this.#states[node] !== NODE.awaited;
  }

  /**
   * Adds tasks, all or none. They may name each other in any order.
   *
   * @throws VigilError CONFLICT for an id that is there or a cycle (named, each needs the next), NOT_FOUND for a
   *   dependency that nobody has added.
   */
  add(tasks: readonly GraphTask[]): void {
    const addition = this.#begin();
    try {
      const nodes = tasks.map(({ id }) => this.#open(id, addition));
      const fresh = new Set(addition.made);
      const ends = this.#endsOf(tasks, nodes, addition);
      if (this.#goesForward(ends, fresh)) this.#sort(tasks, nodes, ends, fresh);
      this.#connectAll(ends);
    } catch (error) {
      this.#undo(addition);
      throw error;
    }
    this.#tidy();
  }

  /**
   * Adds dependencies to a task that is there.
   *
   * @throws VigilError NOT_FOUND, CONFLICT for a cycle.
   */
  link(id: string, dependsOn: readonly string[]): void {
    const node = this.#nodeNamed(id);
    const known = new Set(this.dependenciesOf(id));
    const fresh = dependsOn.filter((dependency) => !known.has(dependency));
    const addition = this.#begin();
    try {
      const ends = this.#endsOf([{ id, dependsOn: fresh }], [node], addition);
      this.#connectAll(ends);
    } catch (error) {
      this.#undo(addition);
      throw error;
    }
    this.#tidy();
  }

  /**
   * Gives a task other dependencies than it had. Costs its degree: it gets a new place, and the old one is forgotten with
   * its edges.
   *
   * @throws VigilError NOT_FOUND, CONFLICT for a cycle; then it is as it was.
   */
  relink(id: string, dependsOn: readonly string[]): void {
    const old = this.#nodeNamed(id);
    const state = this.#states[old] as number;
    const addition = this.#begin();
    if (state !== NODE.done) this.#count(old, -1);
    this.#states[old] = NODE.none;
    try {
      const node = this.#make(id, addition);
      this.#states[node] = state;
      const ends = this.#endsOf([{ id, dependsOn }], [node], addition);
      this.#eachDependant(old, (dependant) => ends.push(node, dependant) > 0);
      this.#connectAll(ends);
    } catch (error) {
      this.#undo(addition);
      this.#index.set(id, old);
      this.#states[old] = state;
      if (state !== NODE.done) this.#count(old, 1);
      throw error;
    }
    this.#removed.push(old);
    this.#compactWhenWorth();
    this.#tidy();
  }

  /** Marks tasks as done. @returns ids of the open tasks that are ready now. */
  complete(ids: readonly string[]): string[] {
    const reached: number[] = [];
    for (const id of ids) {
      const node = this.#nodeNamed(id);
      if (this.#states[node] === NODE.done) continue;
      this.#states[node] = NODE.done;
      // The counts of removed tasks, which may still have edges, mean nothing.
      this.#edges.lower(node, this.#waitsFor, reached);
    }
    // A task of the same batch may be done itself by now.
    return reached
      .filter((node) => this.#states[node] === NODE.open)
      .map((node) => this.#names[node] as string);
  }

  /**
   * Marks tasks as failed or cancelled. What depends on them waits, or goes the same way.
   *
   * @returns ids of all tasks that were unfinished and are dead now.
   */
  end(ids: readonly string[], withDependants: boolean): string[] {
    const ended: string[] = [];
    const stack = ids.map((id) => this.#nodeNamed(id));
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (this.#states[node] !== NODE.open) continue;
      this.#states[node] = NODE.dead;
      ended.push(this.#names[node] as string);
      if (withDependants)
        this.#eachDependant(node, (dependant) => {
          stack.push(dependant);
          return true;
        });
    }
    return ended;
  }

  /** Opens tasks that were finished or dead. @returns ids of the open tasks that were ready and are no longer. */
  reopen(ids: readonly string[]): string[] {
    const blocked: string[] = [];
    for (const id of ids) {
      const node = this.#nodeNamed(id);
      const before = this.#states[node];
      this.#states[node] = NODE.open;
      if (before !== NODE.done) continue;
      this.#eachDependant(node, (dependant) => {
        const waitsFor = (this.#waitsFor[dependant] as number) + 1;
        this.#waitsFor[dependant] = waitsFor;
        if (waitsFor === 1 && this.#states[dependant] === NODE.open)
          blocked.push(this.#names[dependant] as string);
        return true;
      });
    }
    return blocked;
  }

  /**
   * Forgets tasks that are done, or that nothing unfinished depends on; the others stay.
   *
   * @returns ids of those that are gone.
   */
  remove(ids: readonly string[]): string[] {
    const gone: string[] = [];
    for (const id of ids) {
      const node = this.#index.get(id);
      if (node === undefined || this.#states[node] === NODE.awaited) continue;
      if (this.#states[node] !== NODE.done) {
        if (this.#isNeeded(node)) continue;
        // What was done without waiting for it shall not wait when it is opened again.
        this.#count(node, -1);
      }
      this.#states[node] = NODE.none;
      this.#index.delete(id);
      this.#removed.push(node);
      gone.push(id);
    }
    this.#compactWhenWorth();
    return gone;
  }

  isDone(id: string): boolean {
    return this.#states[this.#nodeNamed(id)] === NODE.done;
  }

  isReady(id: string): boolean {
    const node = this.#nodeNamed(id);
    return this.#states[node] === NODE.open && this.#waitsFor[node] === 0;
  }

  ready(): string[] {
    const ready: string[] = [];
    for (let node = 0; node < this.#names.length; node++)
      if (this.#states[node] === NODE.open && this.#waitsFor[node] === 0)
        ready.push(this.#names[node] as string);
    return ready;
  }

  dependenciesOf(id: string): string[] {
    const found: string[] = [];
    this.#eachDependency(this.#nodeNamed(id), (node) => found.push(this.#names[node] as string) > 0);
    return found;
  }

  dependantsOf(id: string): string[] {
    const found: string[] = [];
    this.#eachDependant(this.#nodeNamed(id), (node) => found.push(this.#names[node] as string) > 0);
    return found;
  }

  /** What a task waits for: the unfinished ones it names, or with `all` whatever those wait for as well. */
  blockedBy(id: string, all = false): string[] {
    const mark = this.#nextMark();
    const found: number[] = [];
    const look = (dependency: number): boolean => {
      if (this.#states[dependency] === NODE.done || this.#marks[dependency] === mark) return true;
      this.#marks[dependency] = mark;
      found.push(dependency);
      return true;
    };
    this.#eachDependency(this.#nodeNamed(id), look);
    if (all) for (let at = 0; at < found.length; at++) this.#eachDependency(found[at] as number, look);
    return found.map((node) => this.#names[node] as string);
  }

  /**
   * How many distinct unfinished tasks wait for this one, directly or not. Exact, and costs what lies behind it; `most`
   * stands for that many or more.
   */
  unblocks(id: string, most: number = Number.POSITIVE_INFINITY): number {
    const mark = this.#nextMark();
    const found: number[] = [];
    const look = (dependant: number): boolean => {
      if (this.#states[dependant] === NODE.done || this.#marks[dependant] === mark) return true;
      this.#marks[dependant] = mark;
      found.push(dependant);
      return found.length < most;
    };
    this.#eachDependant(this.#nodeNamed(id), look);
    for (let at = 0; at < found.length && found.length < most; at++)
      this.#eachDependant(found[at] as number, look);
    return found.length;
  }

  /** For each of the tasks, how many of its dependencies are not done: one look each. */
  check(ids: readonly string[]): number[] {
    return ids.map((id) => this.#waitsFor[this.#nodeNamed(id)] as number);
  }

  /**
   * The graph as it is now, for the questions of `analysis.ts`, here or in a pool thread; later changes do not reach it.
   */
  snapshot(): Snapshot {
    const dependants = this.#edges.rows(this.#names.length);
    const states = new Uint8Array(new SharedArrayBuffer(this.#names.length));
    states.set(this.#states.subarray(0, this.#names.length));
    return { dependants, states };
  }

  /** Resolves once no rows are being built elsewhere. */
  async settled(): Promise<void> {
    await this.#rebuilding;
  }

  /** The id of a node of a snapshot. */
  idOf(node: number): string {
    return this.#names[node] as string;
  }

  #isNeeded(node: number): boolean {
    let needed = false;
    this.#eachDependant(node, (dependant) => {
      needed = this.#states[dependant] === NODE.open || this.#states[dependant] === NODE.dead;
      return !needed;
    });
    return needed;
  }

  /** What waits for a node waits for so many more. */
  #count(node: number, more: number): void {
    this.#eachDependant(node, (dependant) => {
      this.#waitsFor[dependant] = (this.#waitsFor[dependant] as number) + more;
      return true;
    });
  }

  #nodeNamed(id: string): number {
    const node = this.#index.get(id);
    if (node === undefined || this.#states[node] === NODE.awaited)
      throw new VigilError('NOT_FOUND', `no task ${id}`);
    return node;
  }

  #nextMark(): number {
    // They are numbers of 32 bits.
    if (this.#mark === LAST_MARK) {
      this.#marks.fill(0);
      this.#mark = 0;
    }
    return ++this.#mark;
  }

  #begin(): Addition {
    return { edges: this.#edges.count, made: [], filled: [] };
  }

  /** The node of a task that is added. */
  #open(id: string, addition: Addition): number {
    const known = this.#index.get(id);
    if (known !== undefined && this.#states[known] !== NODE.awaited)
      throw new VigilError('CONFLICT', `task ${id} is there already`);
    const node = known ?? this.#make(id, addition);
    if (known !== undefined) addition.filled.push(known);
    this.#states[node] = NODE.open;
    return node;
  }

  /** The edges of added tasks, from and to in turn, each once. */
  #endsOf(tasks: readonly GraphTask[], nodes: readonly number[], addition: Addition): number[] {
    const ends: number[] = [];
    for (const [i, { id, dependsOn }] of tasks.entries()) {
      const node = nodes[i] as number;
      const mark = this.#nextMark();
      for (const dependency of dependsOn) {
        let from = this.#index.get(dependency);
        if (from === undefined) {
          if (this.#missing === 'refuse')
            throw new VigilError('NOT_FOUND', `task ${id} depends on ${dependency}, which is not there`);
          from = this.#make(dependency, addition);
        }
        if (this.#marks[from] === mark) continue;
        this.#marks[from] = mark;
        ends.push(from, node);
      }
    }
    return ends;
  }

  #make(id: string, addition: Addition): number {
    const node = this.#free.pop() ?? this.#names.length;
    if (node === this.#states.length) this.#growNodes();
    this.#names[node] = id;
    this.#index.set(id, node);
    this.#states[node] = NODE.awaited;
    this.#waitsFor[node] = 0;
    this.#order.append(node);
    addition.made.push(node);
    return node;
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
   * Places the new tasks of a batch that name each other out of order, so that the order of the graph has not to be
   * mended edge by edge. What others await has its place already.
   */
  #sort(
    tasks: readonly GraphTask[],
    nodes: readonly number[],
    ends: readonly number[],
    fresh: ReadonlySet<number>,
  ): void {
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

  /**
   * Connects each two ends. The order is mended edge by edge while that costs less than sorting everything once, which is
   * then done: a batch is linear in the graph at worst.
   */
  #connectAll(ends: readonly number[]): void {
    const most = this.#order.looks + this.#names.length + this.#edges.count + ends.length;
    let sorts = this.#order.isWorn;
    for (let i = 0; i < ends.length; i += 2) {
      const dependency = ends[i] as number;
      const task = ends[i + 1] as number;
      sorts ||= this.#order.looks > most;
      if (!sorts) this.#mendOrder(dependency, task);
      this.#edges.add(dependency, task);
      if (this.#states[dependency] !== NODE.done) this.#waitsFor[task] = (this.#waitsFor[task] as number) + 1;
    }
    if (sorts) this.#sortAll();
  }

  #mendOrder(dependency: number, task: number): void {
    const cycle = this.#order.insert(dependency, task, this.#eachDependant, this.#eachDependency);
    if (cycle === undefined) return;
    // Each leads to the next, so each is needed by the next; for people the other way round.
    const [first, ...others] = cycle.map((node) => this.#names[node] as string);
    throw cycleError([first as string, ...others.reverse()]);
  }

  #sortAll(): void {
    const nodes = this.#names.length;
    const states = new Uint8Array(nodes);
    let there = 0;
    for (let node = 0; node < nodes; node++) {
      if (this.#states[node] === NODE.none) continue;
      states[node] = NODE.open;
      there++;
    }
    const order = topologicalOrder({ dependants: buildCsr(this.#edges.list(nodes)), states });
    if (order.length === there) {
      this.#order.assign(order);
      return;
    }
    for (const node of order) states[node] = NODE.done;
    const isLeft = (node: number): boolean => states[node] === NODE.open;
    const cycle = cycleFrom(states.indexOf(NODE.open), this.#eachDependency, isLeft);
    throw cycleError(cycle.map((node) => this.#names[node] as string));
  }

  /** Takes back what an addition did before it failed. */
  #undo({ edges, made, filled }: Addition): void {
    while (this.#edges.count > edges) {
      const [from, to] = this.#edges.takeBack();
      if (this.#states[from] !== NODE.done) this.#waitsFor[to] = (this.#waitsFor[to] as number) - 1;
    }
    for (const node of filled) this.#states[node] = NODE.awaited;
    for (const node of made) {
      this.#index.delete(this.#names[node] as string);
      this.#states[node] = NODE.none;
      this.#free.push(node);
    }
  }

  readonly #eachDependant = (node: number, visit: Visit): void =>
    this.#edges.eachSuccessor(node, (other) => this.#states[other] === NODE.none || visit(other));

  readonly #eachDependency = (node: number, visit: Visit): void =>
    this.#edges.eachPredecessor(node, (other) => this.#states[other] === NODE.none || visit(other));

  #tidy(): void {
    if (!this.#edges.areLoose) return;
    const isLarge = this.#options.rebuild !== undefined && this.#edges.count > REBUILT_HERE;
    if (isLarge) this.#rebuilding ??= this.#rebuildElsewhere();
    else this.#compact();
  }

  /** Meanwhile the edges that are not in rows hang on their chains, as before. */
  async #rebuildElsewhere(): Promise<void> {
    const list = this.#edges.list(this.#names.length);
    try {
      const rows = await this.#options.rebuild?.(list);
      if (rows !== undefined) this.#edges.adopt(list, rows);
    } catch (error) {
      this.#options.onFailure?.(error);
      this.#compact();
    } finally {
      this.#rebuilding = undefined;
    }
  }

  #compactWhenWorth(): void {
    if (this.#removed.length > Math.max(MIN_REMOVED, this.#names.length * REMOVED_SHARE)) this.#compact();
  }

  /** Drops what removed tasks have left, and nodes that await a task that nothing depends on any longer. */
  #compact(): void {
    const nodes = this.#names.length;
    this.#edges.build(
      nodes,
      this.#removed.length === 0 ? undefined : (node) => this.#states[node] === NODE.none,
    );
    for (const node of this.#removed) this.#free.push(node);
    this.#removed = [];
    const { starts } = this.#edges.rows(nodes);
    for (let node = 0; node < nodes; node++) {
      if (this.#states[node] !== NODE.awaited || starts[node] !== starts[node + 1]) continue;
      this.#index.delete(this.#names[node] as string);
      this.#states[node] = NODE.none;
      this.#free.push(node);
    }
  }

  #growNodes(): void {
    const capacity = this.#states.length * 2;
    const states = new Uint8Array(capacity);
    states.set(this.#states);
    this.#states = states;
    this.#waitsFor = larger(this.#waitsFor, capacity);
    this.#marks = larger(this.#marks, capacity);
    this.#edges.growNodes(capacity);
    this.#order.grow(capacity);
  }
}
