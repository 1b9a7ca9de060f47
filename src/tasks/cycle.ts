import { VigilError } from '../messages/errors.js';
import type { GraphTask } from './graph-task.js';
import type { Neighbours } from './order.js';

/** A cycle among those tasks of a batch that were left over: each of them has one that is left to wait for. */
export function cycleAmong(tasks: readonly GraphTask[], placed: ReadonlySet<number>): string[] {
  const left = new Map(tasks.filter((_, i) => !placed.has(i)).map((task) => [task.id, task]));
  const seen = new Map<string, number>();
  let [id] = left.keys();
  while (id !== undefined && !seen.has(id)) {
    seen.set(id, seen.size);
    id = left.get(id)?.dependsOn.find((dependency) => left.has(dependency));
  }
  return [...seen.keys()].slice(id === undefined ? 0 : seen.get(id));
}

const NAMED = 20;

/** @param ids each needs the next, the last one the first. */
export function cycleError(ids: readonly string[]): VigilError {
  const named = ids.length > NAMED ? [...ids.slice(0, NAMED), `… ${ids.length - NAMED} more …`] : ids;
  return new VigilError(
    'CONFLICT',
    `the dependencies go in a circle, each needs the next: ${[...named, ids[0]].join(' -> ')}`,
  );
}

/**
 * A cycle among nodes that a topological sort has left over.
 *
 * @param eachDependency calls with each dependency of a node until it returns false.
 * @param isLeft among the nodes left over each has a dependency that is.
 */
export function cycleFrom(
  start: number,
  eachDependency: Neighbours,
  isLeft: (node: number) => boolean,
): number[] {
  const seen = new Map<number, number>();
  let at = start;
  while (!seen.has(at)) {
    seen.set(at, seen.size);
    let needed = -1;
    eachDependency(at, (dependency) => {
      if (isLeft(dependency)) needed = dependency;
      return needed === -1;
    });
    at = needed;
  }
  return [...seen.keys()].slice(seen.get(at));
}
