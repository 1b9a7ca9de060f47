/** A fixed sequence of numbers for each seed: the synthetic cases are the same on every machine. */
export interface Random {
  /** 0 (included) .. 1 (excluded). */
  next(): number;
  /** An integer of `from`..`to`, both included. */
  int(from: number, to: number): number;
  pick<T>(items: readonly T[]): T;
}

/** Mulberry32 over an FNV-1a hash of the seed. */
export function randomOf(seed: string): Random {
  let state = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    pick(items) {
      const item = items[int(0, items.length - 1)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
  };
}
