import { task } from '../pool/task.js';
import { parseChunk } from './parse-chunk.js';

/** Pool worker: parses one range of a log. */
export default task(parseChunk);
