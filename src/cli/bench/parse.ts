import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LogCollector } from '../../logs/collector.js';
import { createParsePool } from '../../logs/parse-pool.js';
import { judged, type Measure } from './measure.js';

const BENCH = 'parse';
const MEGABYTE = 1_048_576;
const BYTES = 16 * MEGABYTE;
const MEND = 'see what else uses the processor; hosts.threads and hosts.count spread parsing over more cores';

/** How fast one thread of a host's pool makes events of a log. @param session a log of Claude Code. */
export async function benchParse(folder: string, session: Buffer): Promise<Measure[]> {
  const path = join(folder, 'large.jsonl');
  const copies = Math.ceil(BYTES / session.length);
  writeFileSync(path, Buffer.concat(Array.from({ length: copies }, () => session)));
  const warm = join(folder, 'warm.jsonl');
  writeFileSync(warm, session);
  const pool = createParsePool({ threads: 1 });
  const read = async (file: string): Promise<number> => {
    const collector = new LogCollector({ path: file, parse: pool.parse });
    let events = 0;
    for (let more = true; more; ) {
      const step = await collector.read();
      events += step.events.length;
      more = step.more;
    }
    return events;
  };
  try {
    await read(warm);
    const began = performance.now();
    const events = await read(path);
    const seconds = (performance.now() - began) / 1_000;
    return [
      judged(
        {
          bench: BENCH,
          name: 'log to events',
          value: (copies * session.length) / MEGABYTE / seconds,
          unit: 'MB/s',
          detail: `one thread, a Claude Code log, ${Math.round(events / seconds)} events/s`,
        },
        { good: 20, slow: 5, mend: MEND },
      ),
    ];
  } finally {
    await pool.close();
  }
}
