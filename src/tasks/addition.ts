import { VigilError } from '../messages/errors.js';
import { NODE } from './analysis.js';
import type { Connections } from './connections.js';
import type { GraphTask } from './graph-task.js';
import type { GraphNodes } from './nodes.js';

/** One addition to a graph: what it has done so far, to take it back when it fails. */
export class Addition {
  /** Nodes that are new. */
  readonly made: number[] = [];
  /** Those that awaited their task. */
  readonly #filled: number[] = [];
  readonly #nodes: GraphNodes;
  readonly #connections: Connections;
  /** Edges before it. */
  readonly #edges: number;

  constructor(nodes: GraphNodes, connections: Connections) {
    this.#nodes = nodes;
    this.#connections = connections;
    this.#edges = connections.count;
  }

  /** The node of a task that is added. @throws VigilError CONFLICT when it is there. */
  open(id: string): number {
    const known = this.#nodes.find(id);
    if (known !== undefined && this.#nodes.states[known] !== NODE.awaited)
      throw new VigilError('CONFLICT', `task ${id} is there already`);
    const node = known ?? this.make(id);
    if (known !== undefined) this.#filled.push(known);
    this.#nodes.states[node] = NODE.open;
    return node;
  }

  make(id: string): number {
    const node = this.#nodes.make(id);
    this.#connections.append(node);
    this.made.push(node);
    return node;
  }

  /**
   * The edges of added tasks, from and to in turn, each once.
   *
   * @param awaits a dependency that nobody has added gets a node that awaits it. @throws VigilError NOT_FOUND otherwise.
   */
  endsOf(tasks: readonly GraphTask[], nodes: readonly number[], awaits: boolean): number[] {
    const ends: number[] = [];
    for (const [i, { id, dependsOn }] of tasks.entries()) {
      const node = nodes[i] as number;
      const walk = this.#nodes.beginWalk();
      for (const dependency of dependsOn) {
        let from = this.#nodes.find(dependency);
        if (from === undefined) {
          if (!awaits)
            throw new VigilError('NOT_FOUND', `task ${id} depends on ${dependency}, which is not there`);
          from = this.make(dependency);
        }
        if (this.#nodes.visit(from, walk)) ends.push(from, node);
      }
    }
    return ends;
  }

  undo(): void {
    this.#connections.takeBack(this.#edges);
    for (const node of this.#filled) this.#nodes.states[node] = NODE.awaited;
    for (const node of this.made) this.#nodes.free(node);
  }
}
