import { mix32 } from './hash.js';

/**
 * Locality-sensitive hashing of MinHash signatures: items that are alike share a bucket, so that nobody has to compare
 * all pairs. With bands of four numbers, a pair of similarity 0.7 meets with probability 0.99, one of 0.3 with 0.12.
 */
const ROWS = 4;

/** Groups of positions that share a bucket; each group holds at least two, a position can be in several. */
export function buckets(signatures: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const found: (readonly number[])[] = [];
  const length = longest(signatures);
  for (let band = 0; band + ROWS <= length; band += ROWS) {
    const byHash = new Map<number, number[]>();
    signatures.forEach((signature, position) => {
      if (signature.length < band + ROWS) return;
      const hash = bandHash(signature, band);
      const bucket = byHash.get(hash);
      if (bucket === undefined) byHash.set(hash, [position]);
      else bucket.push(position);
    });
    for (const bucket of byHash.values()) if (bucket.length > 1) found.push(bucket);
  }
  return found;
}

function bandHash(signature: readonly number[], band: number): number {
  let hash = band;
  for (let row = 0; row < ROWS; row++) hash = mix32(hash * 31 + (signature[band + row] ?? 0));
  return hash;
}

function longest(signatures: readonly (readonly number[])[]): number {
  return signatures.reduce((most, signature) => Math.max(most, signature.length), 0);
}
