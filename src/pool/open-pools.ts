import type { PoolFigures } from '../messages/figures.js';

/** The pools of this process that are open: whoever tells how it is doing need not know who has which. */
const open = new Set<{ readonly figures: PoolFigures }>();

/** @returns how to take it out. */
export function enlist(pool: { readonly figures: PoolFigures }): () => void {
  open.add(pool);
  return () => open.delete(pool);
}

/** Of each open pool; those of one name together. */
export function poolFigures(): PoolFigures[] {
  const byName = new Map<string, PoolFigures>();
  for (const { figures } of open) {
    const known = byName.get(figures.name);
    byName.set(figures.name, known === undefined ? figures : together(known, figures));
  }
  return [...byName.values()];
}

function together(a: PoolFigures, b: PoolFigures): PoolFigures {
  const threads = a.threads + b.threads;
  const busy = a.utilisation * a.threads + b.utilisation * b.threads;
  return {
    name: a.name,
    threads,
    running: a.running + b.running,
    waiting: a.waiting + b.waiting,
    utilisation: threads === 0 ? 0 : busy / threads,
    bytes: a.bytes + b.bytes,
  };
}
