/** How far back a late number is told from a repeated one. */
const WINDOW = 32;

/** Which numbers of one instance were seen. */
export interface Sequence {
  last: number;
  /** Bit n: `last - n` was seen. */
  seen: number;
}

export type Arrival =
  | { readonly kind: 'new'; readonly lost: number }
  /** One that was counted as lost comes after all. */
  | { readonly kind: 'reordered' }
  | { readonly kind: 'duplicate' };

export function beginSequence(seq: number): Sequence {
  return { last: seq, seen: 1 };
}

/** Notes the next number that arrives. What lies further back than the window counts as a repeat. */
export function arrive(sequence: Sequence, seq: number): Arrival {
  const ahead = seq - sequence.last;
  if (ahead > 0) {
    sequence.seen = ahead >= WINDOW ? 1 : ((sequence.seen << ahead) | 1) >>> 0;
    sequence.last = seq;
    return { kind: 'new', lost: ahead - 1 };
  }
  const bit = (1 << -ahead) >>> 0;
  if (-ahead >= WINDOW || (sequence.seen & bit) !== 0) return { kind: 'duplicate' };
  sequence.seen = (sequence.seen | bit) >>> 0;
  return { kind: 'reordered' };
}
