import { NODE, type Snapshot, unfinished } from './analysis.js';
import { buildCsr, type Csr } from './csr.js';

/**
 * A node, then what it waits for and what waits for it, directly or not, the near ones first.
 *
 * @returns how many there are, then up to `limit` of them.
 */
export function around({ dependants, states }: Snapshot, node: number, limit: number): Int32Array {
  const seen = new Uint8Array(dependants.nodes);
  seen[node] = 1;
  const found = [node];
  let total = 1;
  for (const rows of [reversed(dependants), dependants])
    walk(rows, node, (other) => {
      if (states[other] === NODE.none) return false;
      if (seen[other] === 0) {
        seen[other] = 1;
        total++;
        if (found.length < limit) found.push(other);
      }
      return true;
    });
  return Int32Array.from([total, ...found]);
}

/** How many unfinished nodes wait for one, directly or not. */
export function behind({ dependants, states }: Snapshot, node: number): number {
  let count = 0;
  walk(dependants, node, (other) => {
    if (!unfinished(states[other])) return false;
    count++;
    return true;
  });
  return count;
}

/** Breadth first from a node, which is not visited itself; goes on behind those that `visit` says yes to. */
function walk({ nodes, starts, edges }: Csr, from: number, visit: (node: number) => boolean): void {
  const seen = new Uint8Array(nodes);
  seen[from] = 1;
  const queue = new Int32Array(nodes);
  queue[0] = from;
  let size = 1;
  for (let head = 0; head < size; head++) {
    const v = queue[head] as number;
    const end = starts[v + 1] as number;
    for (let at = starts[v] as number; at < end; at++) {
      const to = edges[at] as number;
      if (seen[to] === 1) continue;
      seen[to] = 1;
      if (visit(to)) queue[size++] = to;
    }
  }
}

function reversed({ nodes, starts, edges }: Csr): Csr {
  const tos = new Int32Array(edges.length);
  for (let v = 0; v < nodes; v++) tos.fill(v, starts[v] as number, starts[v + 1] as number);
  return buildCsr({ nodes, froms: edges, tos, count: edges.length });
}
