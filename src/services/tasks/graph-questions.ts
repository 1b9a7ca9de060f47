import type { GraphAnalysis } from '../../tasks/analysis-pool.js';
import type { GraphKeeper } from './graph-keeper.js';

/** Tasks behind one that are counted here; a walk by so many takes about 1 ms. */
const COUNTED_HERE = 10_000;

/**
 * Questions about the whole graph. A thread answers those about a large one (`INLINE_SIZE`), on the graph as it was when it
 * was asked, so that the supervisor's event loop goes on meanwhile.
 */
export class GraphQuestions {
  readonly #keeper: GraphKeeper;
  readonly #analysis: GraphAnalysis;
  /** Of the graph's latest version: however many ask, it is looked for once. */
  #path: { readonly version: number; readonly ids: Promise<readonly string[]> } | undefined;

  constructor(keeper: GraphKeeper, analysis: GraphAnalysis) {
    this.#keeper = keeper;
    this.#analysis = analysis;
  }

  /** The longest chain of unfinished tasks, first to last. */
  criticalPath(): Promise<readonly string[]> {
    const { version } = this.#keeper;
    if (this.#path?.version === version) return this.#path.ids;
    const asked = { version, ids: this.#askPath() };
    this.#path = asked;
    asked.ids.catch(() => {
      // Whoever asked is told; the next one asks anew.
      if (this.#path === asked) this.#path = undefined;
    });
    return asked.ids;
  }

  /** A task, then what it waits for and what waits for it, the near ones first, up to `limit`; and how many there are. */
  async around(id: string, limit: number): Promise<{ ids: string[]; total: number }> {
    const { graph } = this.#keeper;
    if (!graph.has(id)) return { ids: [id], total: 1 };
    const node = graph.nodeOf(id);
    const { snapshot, names } = await graph.frozen();
    const [total = 1, ...nodes] = await this.#analysis.around(snapshot, node, limit);
    return { ids: nodes.map((each) => names[each] as string), total };
  }

  /** How many unfinished tasks wait for this one, directly or not. */
  async unblocks(id: string): Promise<number> {
    const { graph } = this.#keeper;
    if (!graph.has(id)) return 0;
    const few = graph.unblocks(id, COUNTED_HERE);
    if (few < COUNTED_HERE) return few;
    const node = graph.nodeOf(id);
    return this.#analysis.behind((await graph.frozen()).snapshot, node);
  }

  async #askPath(): Promise<readonly string[]> {
    const { snapshot, names } = await this.#keeper.graph.frozen();
    const path = await this.#analysis.criticalPath(snapshot);
    return Array.from(path, (node) => names[node] as string);
  }
}
