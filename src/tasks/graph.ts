import { Addition } from './addition.js';
import { NODE, type Snapshot } from './analysis.js';
import { Connections } from './connections.js';
import { buildCsr, type Csr, type EdgeList } from './csr.js';
import { Edges } from './edges.js';
import type { GraphTask } from './graph-task.js';
import { FIRST_CAPACITY, GraphNodes } from './nodes.js';
import { TopologicalOrder } from './order.js';

export type { GraphTask };

export interface TaskGraphOptions {
  /** What becomes of a task that depends on one that nobody has added: refused, or waits until it is. */
  readonly missing: 'refuse' | 'await';
  /** Builds rows of many edges elsewhere (`GraphAnalysis.rows`); without it, and for few, they are built at once. */
  readonly rebuild?: (list: EdgeList) => Promise<Csr>;
  /** Told of a `rebuild` that failed; the rows are then built here. */
  readonly onFailure?: (error: unknown) => void;
}

/** Edges below which rows are built at once: less than 1 ms. */
const REBUILT_HERE = 50_000;

/**
 * The dependency graph of all tasks, in memory. A task is ready when all that it depends on is done: a counter in each
 * node tells, so completing a task costs its out-degree. Edges are kept as a list and as rows of it; those that came since
 * the rows were built hang on their nodes as chains.
 */
export class TaskGraph {
  readonly #awaits: boolean;
  readonly #options: Partial<TaskGraphOptions>;
  #rebuilding: Promise<void> | undefined;
  readonly #order = new TopologicalOrder(FIRST_CAPACITY);
  readonly #edges = new Edges();
  readonly #nodes = new GraphNodes((capacity) => {
    this.#edges.growNodes(capacity);
    this.#order.grow(capacity);
  });
  readonly #connections = new Connections(this.#nodes, this.#edges, this.#order);

  constructor(options: Partial<TaskGraphOptions> = {}) {
    this.#options = options;
    this.#awaits = options.missing === 'await';
  }

  /** Tasks of every state. */
  get size(): number {
    return this.#nodes.size;
  }

  get edges(): number {
    return this.#edges.count;
  }

  has(id: string): boolean {
    const node = this.#nodes.find(id);
    return node !== undefined && this.#nodes.states[node] !== NODE.awaited;
  }

  /**
   * Adds tasks, all or none. They may name each other in any order.
   *
   * @throws VigilError CONFLICT for an id that is there or a cycle (named, each needs the next), NOT_FOUND for a
   *   dependency that nobody has added.
   */
  add(tasks: readonly GraphTask[]): void {
    this.#adding((addition) => {
      const nodes = tasks.map(({ id }) => addition.open(id));
      const fresh = new Set(addition.made);
      const ends = addition.endsOf(tasks, nodes, this.#awaits);
      this.#connections.place(tasks, nodes, ends, fresh);
      this.#connections.connect(ends);
    });
  }

  /**
   * Adds dependencies to a task that is there.
   *
   * @throws VigilError NOT_FOUND, CONFLICT for a cycle.
   */
  link(id: string, dependsOn: readonly string[]): void {
    const node = this.#nodes.named(id);
    const known = new Set(this.dependenciesOf(id));
    const fresh = dependsOn.filter((dependency) => !known.has(dependency));
    this.#adding((addition) =>
      this.#connections.connect(addition.endsOf([{ id, dependsOn: fresh }], [node], this.#awaits)),
    );
  }

  /**
   * Gives a task other dependencies than it had. Costs its degree: it gets a new place, and the old one is forgotten with
   * its edges.
   *
   * @throws VigilError NOT_FOUND, CONFLICT for a cycle; then it is as it was.
   */
  relink(id: string, dependsOn: readonly string[]): void {
    const old = this.#nodes.named(id);
    const state = this.#nodes.states[old] as number;
    if (state !== NODE.done) this.#count(old, -1);
    this.#nodes.states[old] = NODE.none;
    try {
      this.#adding((addition) => {
        const node = addition.make(id);
        this.#nodes.states[node] = state;
        const ends = addition.endsOf([{ id, dependsOn }], [node], this.#awaits);
        this.#connections.eachDependant(old, (dependant) => ends.push(node, dependant) > 0);
        this.#connections.connect(ends);
      });
    } catch (error) {
      this.#nodes.restore(id, old);
      this.#nodes.states[old] = state;
      if (state !== NODE.done) this.#count(old, 1);
      throw error;
    }
    this.#nodes.retire(old, true);
    this.#compactWhenWorth();
  }

  /** Marks tasks as done. @returns ids of the open tasks that are ready now. */
  complete(ids: readonly string[]): string[] {
    const reached: number[] = [];
    for (const id of ids) {
      const node = this.#nodes.named(id);
      if (this.#nodes.states[node] === NODE.done) continue;
      this.#nodes.states[node] = NODE.done;
      // The counts of removed tasks, which may still have edges, mean nothing.
      this.#edges.lower(node, this.#nodes.waitsFor, reached);
    }
    // A task of the same batch may be done itself by now.
    return reached
      .filter((node) => this.#nodes.states[node] === NODE.open)
      .map((node) => this.#nodes.nameOf(node));
  }

  /**
   * Marks tasks as failed or cancelled. What depends on them waits, or goes the same way.
   *
   * @returns ids of all tasks that were unfinished and are dead now.
   */
  end(ids: readonly string[], withDependants: boolean): string[] {
    const ended: string[] = [];
    const stack = ids.map((id) => this.#nodes.named(id));
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (this.#nodes.states[node] !== NODE.open) continue;
      this.#nodes.states[node] = NODE.dead;
      ended.push(this.#nodes.nameOf(node));
      if (withDependants)
        this.#connections.eachDependant(node, (dependant) => {
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
      const node = this.#nodes.named(id);
      const before = this.#nodes.states[node];
      this.#nodes.states[node] = NODE.open;
      if (before !== NODE.done) continue;
      this.#connections.eachDependant(node, (dependant) => {
        const waitsFor = (this.#nodes.waitsFor[dependant] as number) + 1;
        this.#nodes.waitsFor[dependant] = waitsFor;
        if (waitsFor === 1 && this.#nodes.states[dependant] === NODE.open)
          blocked.push(this.#nodes.nameOf(dependant));
        return true;
      });
    }
    return blocked;
  }

  /**
   * Forgets tasks that are done, or that nothing open depends on; the others stay. What was dead is waited for no longer by
   * what is dead as well.
   *
   * @returns ids of those that are gone.
   */
  remove(ids: readonly string[]): string[] {
    const gone: string[] = [];
    for (const id of ids) {
      const node = this.#nodes.find(id);
      if (node === undefined || this.#nodes.states[node] === NODE.awaited) continue;
      if (this.#nodes.states[node] !== NODE.done) {
        if (this.#isNeeded(node)) continue;
        this.#count(node, -1);
      }
      this.#nodes.retire(node, false);
      gone.push(id);
    }
    this.#compactWhenWorth();
    return gone;
  }

  isDone(id: string): boolean {
    return this.#nodes.states[this.#nodes.named(id)] === NODE.done;
  }

  isReady(id: string): boolean {
    const node = this.#nodes.named(id);
    return this.#nodes.states[node] === NODE.open && this.#nodes.waitsFor[node] === 0;
  }

  ready(): string[] {
    const ready: string[] = [];
    for (let node = 0; node < this.#nodes.places; node++)
      if (this.#nodes.states[node] === NODE.open && this.#nodes.waitsFor[node] === 0)
        ready.push(this.#nodes.nameOf(node));
    return ready;
  }

  dependenciesOf(id: string): string[] {
    const found: string[] = [];
    this.#connections.eachDependency(
      this.#nodes.named(id),
      (node) => found.push(this.#nodes.nameOf(node)) > 0,
    );
    return found;
  }

  dependantsOf(id: string): string[] {
    const found: string[] = [];
    this.#connections.eachDependant(
      this.#nodes.named(id),
      (node) => found.push(this.#nodes.nameOf(node)) > 0,
    );
    return found;
  }

  /** What a task waits for: the unfinished ones it names, or with `all` whatever those wait for as well. */
  blockedBy(id: string, all = false): string[] {
    const walk = this.#nodes.beginWalk();
    const found: number[] = [];
    const look = (dependency: number): boolean => {
      if (this.#nodes.states[dependency] !== NODE.done && this.#nodes.visit(dependency, walk))
        found.push(dependency);
      return true;
    };
    this.#connections.eachDependency(this.#nodes.named(id), look);
    if (all)
      for (let at = 0; at < found.length; at++) this.#connections.eachDependency(found[at] as number, look);
    return found.map((node) => this.#nodes.nameOf(node));
  }

  /**
   * How many distinct unfinished tasks wait for this one, directly or not. Exact, and costs what lies behind it; `most`
   * stands for that many or more.
   */
  unblocks(id: string, most: number = Number.POSITIVE_INFINITY): number {
    const walk = this.#nodes.beginWalk();
    const found: number[] = [];
    const look = (dependant: number): boolean => {
      if (this.#nodes.states[dependant] === NODE.done || !this.#nodes.visit(dependant, walk)) return true;
      found.push(dependant);
      return found.length < most;
    };
    this.#connections.eachDependant(this.#nodes.named(id), look);
    for (let at = 0; at < found.length && found.length < most; at++)
      this.#connections.eachDependant(found[at] as number, look);
    return found.length;
  }

  /** For each of the tasks, how many of its dependencies are not done: one look each. */
  check(ids: readonly string[]): number[] {
    return ids.map((id) => this.#nodes.waitsFor[this.#nodes.named(id)] as number);
  }

  /**
   * The graph as it is now, for the questions of `analysis.ts`, here or in a pool thread; later changes do not reach it.
   */
  snapshot(): Snapshot {
    return { dependants: this.#edges.rows(this.#nodes.places), states: this.#copyStates() };
  }

  /**
   * As `snapshot`, with the ids of its nodes; its rows are built by `rebuild` where there is one. What is changed meanwhile
   * is not in it.
   */
  async frozen(): Promise<{ snapshot: Snapshot; names: readonly string[] }> {
    const { rebuild, onFailure } = this.#options;
    const names = this.#nodes.names();
    if (rebuild === undefined) return { snapshot: this.snapshot(), names };
    const states = this.#copyStates();
    const build = (list: EdgeList) =>
      rebuild(list).catch((error: unknown) => {
        onFailure?.(error);
        return buildCsr(list);
      });
    return { snapshot: { dependants: await this.#edges.rowsBy(build, names.length), states }, names };
  }

  /** Resolves once no rows are being built elsewhere. */
  async settled(): Promise<void> {
    await this.#rebuilding;
  }

  /** The node of a task in a snapshot that is taken now. @throws VigilError NOT_FOUND */
  nodeOf(id: string): number {
    return this.#nodes.named(id);
  }

  /** The id of a node of a snapshot. */
  idOf(node: number): string {
    return this.#nodes.nameOf(node);
  }

  #copyStates(): Uint8Array {
    const states = new Uint8Array(new SharedArrayBuffer(this.#nodes.places));
    states.set(this.#nodes.states.subarray(0, this.#nodes.places));
    return states;
  }

  #isNeeded(node: number): boolean {
    let needed = false;
    this.#connections.eachDependant(node, (dependant) => {
      needed = this.#nodes.states[dependant] === NODE.open;
      return !needed;
    });
    return needed;
  }

  /** What waits for a node waits for so many more. */
  #count(node: number, more: number): void {
    this.#connections.eachDependant(node, (dependant) => {
      this.#nodes.waitsFor[dependant] = (this.#nodes.waitsFor[dependant] as number) + more;
      return true;
    });
  }

  /** All of it, or the graph is as it was. */
  #adding(add: (addition: Addition) => void): void {
    const addition = new Addition(this.#nodes, this.#connections);
    try {
      add(addition);
    } catch (error) {
      addition.undo();
      throw error;
    }
    this.#tidy();
  }

  #tidy(): void {
    if (!this.#edges.areLoose) return;
    const isLarge = this.#options.rebuild !== undefined && this.#edges.count > REBUILT_HERE;
    if (isLarge) this.#rebuilding ??= this.#rebuildElsewhere();
    else this.#compact();
  }

  /** Meanwhile the edges that are not in rows hang on their chains, as before. */
  async #rebuildElsewhere(): Promise<void> {
    const list = this.#edges.list(this.#nodes.places);
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
    if (this.#nodes.areMostlyRetired) this.#compact();
  }

  /** Drops what removed tasks have left, and nodes that await a task that nothing depends on any longer. */
  #compact(): void {
    const nodes = this.#nodes;
    this.#edges.build(
      nodes.places,
      nodes.haveRetired ? (node) => nodes.states[node] === NODE.none : undefined,
    );
    nodes.freeRetired();
    const { starts } = this.#edges.rows(nodes.places);
    for (let node = 0; node < nodes.places; node++)
      if (nodes.states[node] === NODE.awaited && starts[node] === starts[node + 1]) nodes.free(node);
  }
}
