import { task } from '../pool/task.js';
import { criticalPath, levels, type Snapshot, unblocksUpTo } from './analysis.js';
import { buildCsr, type Csr, type EdgeList } from './csr.js';
import { around, behind } from './neighbourhood.js';
import { type Share, unblocksExactly } from './reach.js';

/** Arrays of a question and of its answer are shared, not copied. */
export type GraphQuestion =
  | { readonly ask: 'rows'; readonly list: EdgeList }
  | { readonly ask: 'levels'; readonly snapshot: Snapshot }
  | { readonly ask: 'criticalPath'; readonly snapshot: Snapshot; readonly weights: Float64Array | undefined }
  | { readonly ask: 'unblocksUpTo'; readonly snapshot: Snapshot; readonly cap: number }
  | { readonly ask: 'around'; readonly snapshot: Snapshot; readonly node: number; readonly limit: number }
  | { readonly ask: 'behind'; readonly snapshot: Snapshot; readonly node: number }
  | { readonly ask: 'unblocksExactly'; readonly snapshot: Snapshot; readonly share: Share };

export type GraphAnswer = Csr | Int32Array;

export function answer(question: GraphQuestion): GraphAnswer {
  switch (question.ask) {
    case 'rows':
      return buildCsr(question.list);
    case 'levels':
      return levels(question.snapshot);
    case 'criticalPath':
      return Int32Array.from(criticalPath(question.snapshot, question.weights));
    case 'unblocksUpTo':
      return unblocksUpTo(question.snapshot, question.cap);
    case 'around':
      return around(question.snapshot, question.node, question.limit);
    case 'behind':
      return Int32Array.of(behind(question.snapshot, question.node));
    case 'unblocksExactly':
      return unblocksExactly(question.snapshot, question.share);
  }
}

/** Pool worker: questions about a whole graph. */
export default task(answer);
