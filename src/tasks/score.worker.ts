import { task } from '../pool/task.js';
import { scoreBatch } from './score-batch.js';

/** Pool worker: scores one batch of tasks. */
export default task(scoreBatch);
