import { VigilError } from '../messages/errors.js';
import { NODE } from './analysis.js';
import { larger } from './edges.js';

export const FIRST_CAPACITY = 1_024;
const LAST_MARK = 2 ** 31 - 1;
/** Removed tasks, as a share of all, at which their edges are dropped and their places are free. */
const REMOVED_SHARE = 0.5;
const MIN_REMOVED = 4_096;

/** The nodes of a graph that grows: each id has a place in a few arrays, which another one gets when it is gone. */
export class GraphNodes {
  /** One of `NODE` for each place. */
  states = new Uint8Array(FIRST_CAPACITY);
  /** Dependencies of each node that are not done. Of a removed node it means nothing. */
  waitsFor = new Int32Array(FIRST_CAPACITY);
  readonly #index = new Map<string, number>();
  readonly #names: string[] = [];
  /** The last walk or task that came by a node, by a number of its own: each counts a node once. */
  #marks = new Int32Array(FIRST_CAPACITY);
  #mark = 0;
  /** Places of removed nodes, free once no edge names them. */
  #removed: number[] = [];
  readonly #free: number[] = [];
  readonly #grown: (capacity: number) => void;

  /** @param grown told when there is more room, before it is used. */
  constructor(grown: (capacity: number) => void) {
    this.#grown = grown;
  }

  /** Ids that have a place. */
  get size(): number {
    return this.#index.size;
  }

  /** Places, free ones included. */
  get places(): number {
    return this.#names.length;
  }

  find(id: string): number | undefined {
    return this.#index.get(id);
  }

  /** The node of a task. @throws VigilError NOT_FOUND, also when it is but awaited. */
  named(id: string): number {
    const node = this.#index.get(id);
    if (node === undefined || this.states[node] === NODE.awaited)
      throw new VigilError('NOT_FOUND', `no task ${id}`);
    return node;
  }

  nameOf(node: number): string {
    return this.#names[node] as string;
  }

  /** Of each place, as they are now. */
  names(): readonly string[] {
    return this.#names.slice();
  }

  /** A place for an id that has none, or another one than it had. It awaits its task. */
  make(id: string): number {
    const node = this.#free.pop() ?? this.#names.length;
    if (node === this.states.length) this.#grow();
    this.#names[node] = id;
    this.#index.set(id, node);
    this.states[node] = NODE.awaited;
    this.waitsFor[node] = 0;
    return node;
  }

  /** The id has the place again that it had before it got another one. */
  restore(id: string, node: number): void {
    this.#index.set(id, node);
  }

  /** Frees a place that no edge names. */
  free(node: number): void {
    this.#index.delete(this.nameOf(node));
    this.states[node] = NODE.none;
    this.#free.push(node);
  }

  /** Frees a place once no edge names it any longer. @param isMoved its id has got another one. */
  retire(node: number, isMoved: boolean): void {
    if (!isMoved) this.#index.delete(this.nameOf(node));
    this.states[node] = NODE.none;
    this.#removed.push(node);
  }

  get haveRetired(): boolean {
    return this.#removed.length > 0;
  }

  /** It is worth to drop the edges of what was removed. */
  get areMostlyRetired(): boolean {
    return this.#removed.length > Math.max(MIN_REMOVED, this.places * REMOVED_SHARE);
  }

  /** No edge names what was removed. */
  freeRetired(): void {
    for (const node of this.#removed) this.#free.push(node);
    this.#removed = [];
  }

  /** A number for a walk of its own. */
  beginWalk(): number {
    // They are numbers of 32 bits.
    if (this.#mark === LAST_MARK) {
      this.#marks.fill(0);
      this.#mark = 0;
    }
    return ++this.#mark;
  }

  /** @returns whether the walk had not come by this node. */
  visit(node: number, walk: number): boolean {
    if (this.#marks[node] === walk) return false;
    this.#marks[node] = walk;
    return true;
  }

  #grow(): void {
    const capacity = this.states.length * 2;
    this.#grown(capacity);
    const states = new Uint8Array(capacity);
    states.set(this.states);
    this.states = states;
    this.waitsFor = larger(this.waitsFor, capacity);
    this.#marks = larger(this.#marks, capacity);
  }
}
