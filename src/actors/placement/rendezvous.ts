/**
 * Rendezvous (highest random weight) hashing, after Thaler and Ravishankar (1998): each agent ranks the hosts by a
 * hash of both and goes to the first. A host that joins takes only the agents that rank it first, one that leaves
 * gives up only its own.
 */
export function rank(agent: string, host: string): number {
  return mix(fnv1a(host, fnv1a(agent, 0x811c9dc5) ^ 0x9e3779b9));
}

/** The host of `hosts` that ranks highest for the agent; undefined when there is none. Ties go to the lesser id. */
export function choose(agent: string, hosts: Iterable<string>): string | undefined {
  let best: string | undefined;
  let highest = -1;
  for (const host of hosts) {
    const weight = rank(agent, host);
    if (weight > highest || (weight === highest && best !== undefined && host < best)) {
      highest = weight;
      best = host;
    }
  }
  return best;
}

function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Finalizer of MurmurHash3: FNV alone leaves similar ids with similar weights. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
