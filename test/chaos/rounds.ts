/** How many faults a chaos test injects: a few in the suite, as many as wanted with `CHAOS_ROUNDS`. */
export function rounds(few: number): number {
  return Number(process.env['CHAOS_ROUNDS'] ?? few);
}

/** A random number generator whose seed can be given again with `CHAOS_SEED`. */
export function seeded(): { readonly seed: number; next(): number } {
  const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  let state = seed;
  return {
    seed,
    // Mulberry32.
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
