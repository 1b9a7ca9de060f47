import type { GraphTask } from '../../src/tasks/graph.js';

type State = 'open' | 'done' | 'dead';

/** The graph as one would write it down first: maps, whole walks, nothing kept that can be counted anew. */
export class NaiveGraph {
  readonly tasks = new Map<string, { state: State; dependsOn: Set<string> }>();
  readonly #missing: 'refuse' | 'await';

  constructor(missing: 'refuse' | 'await') {
    this.#missing = missing;
  }

  /** The reason why the batch is refused; undefined when it was added. */
  add(batch: readonly GraphTask[]): 'conflict' | 'missing' | undefined {
    const ids = batch.map(({ id }) => id);
    if (new Set(ids).size < ids.length || ids.some((id) => this.tasks.has(id))) return 'conflict';
    const there = (id: string) => this.tasks.has(id) || ids.includes(id);
    if (this.#missing === 'refuse' && batch.some(({ dependsOn }) => !dependsOn.every(there)))
      return 'missing';
    for (const { id, dependsOn } of batch)
      this.tasks.set(id, { state: 'open', dependsOn: new Set(dependsOn) });
    if (!this.#hasCycle()) return undefined;
    for (const id of ids) this.tasks.delete(id);
    return 'conflict';
  }

  link(id: string, dependsOn: readonly string[]): 'conflict' | 'missing' | undefined {
    const task = this.tasks.get(id);
    if (task === undefined) return 'missing';
    if (this.#missing === 'refuse' && !dependsOn.every((other) => this.tasks.has(other))) return 'missing';
    const before = task.dependsOn;
    task.dependsOn = new Set([...before, ...dependsOn]);
    if (!this.#hasCycle()) return undefined;
    task.dependsOn = before;
    return 'conflict';
  }

  relink(id: string, dependsOn: readonly string[]): 'conflict' | 'missing' | undefined {
    const task = this.#of(id);
    if (this.#missing === 'refuse' && !dependsOn.every((other) => this.tasks.has(other))) return 'missing';
    const before = task.dependsOn;
    task.dependsOn = new Set(dependsOn);
    if (!this.#hasCycle()) return undefined;
    task.dependsOn = before;
    return 'conflict';
  }

  complete(ids: readonly string[]): void {
    for (const id of ids) this.#of(id).state = 'done';
  }

  end(ids: readonly string[], withDependants: boolean): string[] {
    const ended: string[] = [];
    const end = (id: string): void => {
      const task = this.#of(id);
      if (task.state !== 'open') return;
      task.state = 'dead';
      ended.push(id);
      if (withDependants) for (const dependant of this.dependantsOf(id)) end(dependant);
    };
    for (const id of ids) end(id);
    return ended;
  }

  reopen(ids: readonly string[]): void {
    for (const id of ids) this.#of(id).state = 'open';
  }

  remove(ids: readonly string[]): string[] {
    return ids.filter((id) => {
      const task = this.tasks.get(id);
      if (task === undefined) return false;
      const isNeeded = this.dependantsOf(id).some((other) => this.#of(other).state === 'open');
      if (task.state !== 'done' && isNeeded) return false;
      this.tasks.delete(id);
      for (const task of this.tasks.values()) task.dependsOn.delete(id);
      return true;
    });
  }

  waitsFor(id: string): string[] {
    return [...this.#of(id).dependsOn].filter((other) => this.tasks.get(other)?.state !== 'done');
  }

  ready(): string[] {
    return [...this.tasks]
      .filter(([id, { state }]) => state === 'open' && this.waitsFor(id).length === 0)
      .map(([id]) => id);
  }

  dependantsOf(id: string): string[] {
    return [...this.tasks].filter(([, { dependsOn }]) => dependsOn.has(id)).map(([other]) => other);
  }

  /** Unfinished ones that wait for it, directly or not. */
  behind(id: string): Set<string> {
    const found = new Set<string>();
    const visit = (at: string): void => {
      for (const other of this.dependantsOf(at)) {
        if (found.has(other) || this.#of(other).state === 'done') continue;
        found.add(other);
        visit(other);
      }
    };
    visit(id);
    return found;
  }

  level(id: string): number {
    const unfinished = this.waitsFor(id);
    return unfinished.length === 0
      ? 0
      : 1 + Math.max(...unfinished.map((other) => (this.tasks.has(other) ? this.level(other) : 0)));
  }

  #of(id: string) {
    const task = this.tasks.get(id);
    if (task === undefined) throw new Error(`no ${id}`);
    return task;
  }

  #hasCycle(): boolean {
    const below = (id: string, path: readonly string[]): boolean =>
      path.includes(id) ||
      [...(this.tasks.get(id)?.dependsOn ?? [])].some((other) => below(other, [...path, id]));
    return [...this.tasks.keys()].some((id) => below(id, []));
  }
}
