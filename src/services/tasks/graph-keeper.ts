import { setImmediate as turn } from 'node:timers/promises';
import type { Store } from '../../store/store.js';
import type { TaskChange } from '../../store/tasks/task-rows.js';
import { type GraphTask, TaskGraph, type TaskGraphOptions } from '../../tasks/graph.js';

/** Tasks read between two turns of the event loop. */
const CHUNK = 5_000;

/**
 * The dependency graph of what is not done, as the record has it. It is changed last in the transaction that changes the
 * record; where that fails after all, it is thrown away and read anew.
 */
export class GraphKeeper {
  readonly #store: Store;
  readonly #options: Pick<TaskGraphOptions, 'rebuild' | 'onFailure'>;
  #graph: TaskGraph | undefined;
  #version = 0;

  /** @param options where the rows of a large graph are built. */
  constructor(store: Store, options: Pick<TaskGraphOptions, 'rebuild' | 'onFailure'>) {
    this.#store = store;
    this.#options = options;
  }

  /** Reads the graph without holding up the event loop; nothing else may change tasks meanwhile. */
  async open(): Promise<void> {
    const graph = this.#newGraph();
    for (let after: number | undefined = 0; after !== undefined; await turn())
      after = this.#readInto(graph, after);
    this.#graph = graph;
  }

  /** Outside of a transaction that has changed tasks already, when it has to be read anew. */
  get graph(): TaskGraph {
    if (this.#graph !== undefined) return this.#graph;
    const graph = this.#newGraph();
    for (let after: number | undefined = 0; after !== undefined; ) after = this.#readInto(graph, after);
    this.#graph = graph;
    return graph;
  }

  /** Counts the changes, so that one can tell whether there was any. */
  get version(): number {
    return this.#version;
  }

  /** What the graph says may not be what the record says. */
  invalidate(): void {
    this.#version++;
    this.#graph = undefined;
  }

  /** @throws VigilError CONFLICT for a cycle, which it names; the graph is as it was. */
  add(tasks: readonly GraphTask[]): void {
    this.graph.add(tasks);
    this.#version++;
  }

  complete(ids: readonly string[]): void {
    const { graph } = this;
    this.#version++;
    graph.complete(ids);
    graph.remove(ids);
  }

  /** Applies what became of tasks that were neither added nor done. */
  apply(changes: readonly TaskChange[]): void {
    const dead = changes.filter(({ state }) => state === 'failed' || state === 'cancelled');
    if (dead.length === 0) return;
    this.#version++;
    this.graph.end(
      dead.map(({ id }) => id),
      false,
    );
  }

  reopen(ids: readonly string[]): void {
    this.#version++;
    this.graph.reopen(ids);
  }

  /**
   * A task that was done is open again, and what is behind it waits for it again.
   *
   * @param waitsFor its dependencies that are not done.
   * @throws VigilError CONFLICT when one of those has come to wait for what is behind it.
   */
  reopenDone(id: string, waitsFor: readonly string[], behind: readonly string[]): void {
    const { graph } = this;
    this.#version++;
    graph.add([{ id, dependsOn: waitsFor }]);
    for (const each of behind) graph.link(each, [id]);
  }

  /** Other dependencies. @throws VigilError CONFLICT for a cycle, which it names; the graph is as it was. */
  rewire(id: string, waitsFor: readonly string[]): void {
    this.graph.relink(id, waitsFor);
    this.#version++;
  }

  forget(ids: readonly string[]): void {
    this.#version++;
    this.graph.remove(ids);
  }

  /** How many unfinished tasks wait for this one, directly or not, counted up to `most`. */
  unblocks(id: string, most: number): number {
    return this.graph.unblocks(id, most);
  }

  #readInto(graph: TaskGraph, after: number): number | undefined {
    const rows = this.#store.tasks.edges.unfinished(after, CHUNK);
    graph.add(rows.map(({ id, waitsFor }) => ({ id, dependsOn: JSON.parse(waitsFor) as string[] })));
    graph.end(
      rows.filter(({ dead }) => dead === 1).map(({ id }) => id),
      false,
    );
    return rows.length < CHUNK ? undefined : rows.at(-1)?.seq;
  }

  /** Whether a missing dependency is refused is the record's decision. */
  #newGraph(): TaskGraph {
    return new TaskGraph({ missing: 'await', ...this.#options });
  }
}
