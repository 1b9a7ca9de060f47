import { LogCollector } from '../../src/logs/collector.js';
import { createParsePool } from '../../src/logs/parse-pool.js';

/**
 * Reads a file to its end as a host does, in a process of its own, and drops the events. Prints what it took as JSON:
 * the peak of the process's memory, the bytes, the events and where the collector stands.
 */
const [path = ''] = process.argv.slice(2);
const pool = createParsePool({ threads: 1 });
const collector = new LogCollector({ path, parse: pool.parse });
let events = 0;
let bytes = 0;
const start = performance.now();
for (let more = true; more; ) {
  const read = await collector.read();
  events += read.events.length;
  bytes += read.bytesRead;
  more = read.more;
}
const ms = performance.now() - start;
await pool.close();
const megabytes = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ megabytes, bytes, events, ms, cursor: collector.cursor }));
