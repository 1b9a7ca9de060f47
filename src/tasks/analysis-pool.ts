import { availableParallelism } from 'node:os';
import { VigilError } from '../messages/errors.js';
import { createPool, type Pool, type PoolOptions } from '../pool/pool.js';
import type { Snapshot } from './analysis.js';
import type { Csr, EdgeList } from './csr.js';
import { answer, type GraphAnswer, type GraphQuestion } from './graph.worker.js';

/**
 * Nodes and edges below which a question is answered at once: about 1 ms of work, which an event loop bears, where the
 * way to a thread and back takes up to 0.1 ms.
 */
export const INLINE_SIZE = 50_000;
/** The exact counts take the product of nodes and edges: half a millisecond of it. */
const INLINE_PRODUCT = 4_000_000;

/** Questions of `analysis.ts` and `reach.ts`, asked in threads when the graph is large. Errors: those of `Pool.run`. */
export interface GraphAnalysis {
  /** The edges as rows; for `TaskGraph`'s `rebuild`. */
  rows(list: EdgeList): Promise<Csr>;
  levels(snapshot: Snapshot): Promise<Int32Array>;
  criticalPath(snapshot: Snapshot, weights?: Float64Array): Promise<Int32Array>;
  unblocksUpTo(snapshot: Snapshot, cap: number): Promise<Int32Array>;
  /** See `neighbourhood.ts`. */
  around(snapshot: Snapshot, node: number, limit: number): Promise<Int32Array>;
  behind(snapshot: Snapshot, node: number): Promise<number>;
  /** Split over the threads. */
  unblocksExactly(snapshot: Snapshot): Promise<Int32Array>;
  close(): Promise<void>;
}

/** Its threads are there from the first large question on. */
export function createGraphAnalysis(options: Omit<PoolOptions, 'worker'> = {}): GraphAnalysis {
  const threads = options.threads ?? availableParallelism();
  const worker = new URL('./graph.worker.js', import.meta.url);
  let pool: Pool<GraphQuestion, GraphAnswer> | undefined;
  const open = () => {
    pool ??= createPool<GraphQuestion, GraphAnswer>({ ...options, threads, worker });
    return pool;
  };
  const ask = async (question: GraphQuestion, isLarge: boolean): Promise<GraphAnswer> =>
    isLarge ? await open().run(question) : answer(question);
  const askFor = async (question: GraphQuestion, snapshot: Snapshot): Promise<Int32Array> =>
    intsOf(await ask(question, sizeOf(snapshot) > INLINE_SIZE));
  return {
    rows: async (list) => rowsOf(await ask({ ask: 'rows', list }, list.nodes + list.count > INLINE_SIZE)),
    levels: (snapshot) => askFor({ ask: 'levels', snapshot }, snapshot),
    criticalPath: (snapshot, weights) => askFor({ ask: 'criticalPath', snapshot, weights }, snapshot),
    unblocksUpTo: (snapshot, cap) => askFor({ ask: 'unblocksUpTo', snapshot, cap }, snapshot),
    around: (snapshot, node, limit) => askFor({ ask: 'around', snapshot, node, limit }, snapshot),
    behind: async (snapshot, node) => (await askFor({ ask: 'behind', snapshot, node }, snapshot))[0] ?? 0,
    unblocksExactly: async (snapshot) => {
      const { nodes, edges } = snapshot.dependants;
      const isLarge = nodes * edges.length > INLINE_PRODUCT;
      const parts = isLarge ? threads : 1;
      const shares = await Promise.all(
        Array.from({ length: parts }, (_, part) =>
          ask({ ask: 'unblocksExactly', snapshot, share: { part, parts } }, isLarge),
        ),
      );
      const [sum = new Int32Array(nodes), ...others] = shares.map(intsOf);
      for (const counts of others)
        for (let node = 0; node < nodes; node++) sum[node] = (sum[node] as number) + (counts[node] as number);
      return sum;
    },
    close: async () => pool?.close(),
  };
}

function sizeOf({ dependants }: Snapshot): number {
  return dependants.nodes + dependants.edges.length;
}

function intsOf(given: GraphAnswer): Int32Array {
  if (given instanceof Int32Array) return given;
  throw new VigilError('BAD_REPLY', 'the graph worker answered with rows');
}

function rowsOf(given: GraphAnswer): Csr {
  if (!(given instanceof Int32Array)) return given;
  throw new VigilError('BAD_REPLY', 'the graph worker answered with numbers');
}
