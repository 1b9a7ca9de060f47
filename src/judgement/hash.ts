/**
 * Small deterministic 32-bit hashes. They identify words, lines and files inside one process and in signatures; they
 * resist nobody, and need not.
 */

/**
 * FNV-1a over UTF-16 units, finalised so that short words spread over all 32 bits. Signed: V8 keeps such numbers without
 * a heap object each, and a trajectory remembers hundreds of them.
 */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  return mix32(h) | 0;
}

/** Finaliser of MurmurHash3: a bijection of 32 bits in which every input bit reaches every output bit. Unsigned. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
