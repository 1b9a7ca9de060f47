import type { LayoutRequest } from './task-layout';

/** A task with all that it waits for and all that waits for it, however far away. */
export function relativesOf(edges: LayoutRequest['edges'], task: string): ReadonlySet<string> {
  const before = new Map<string, string[]>();
  const after = new Map<string, string[]>();
  for (const [from, to] of edges) {
    before.set(to, [...(before.get(to) ?? []), from]);
    after.set(from, [...(after.get(from) ?? []), to]);
  }
  return new Set([...reached(before, task), ...reached(after, task)]);
}

function reached(next: ReadonlyMap<string, readonly string[]>, start: string): Set<string> {
  const seen = new Set([start]);
  // A set that is gone through takes in what is added meanwhile.
  for (const id of seen) for (const other of next.get(id) ?? []) seen.add(other);
  return seen;
}
