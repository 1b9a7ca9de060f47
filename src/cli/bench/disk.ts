import { createStore } from '../../store/store.js';
import { judged, type Measure, quantile } from './measure.js';

const BENCH = 'disk';
const MAX_MS = 700;
const MAX_SINGLE = 100;
const AT_ONCE = 200;
const MEND = 'every acknowledgement waits for this disk: put dataDir on a local SSD, not on a network share';

/** What a write on record costs on the disk of the data directory: one at a time, and many that share a commit. */
export async function benchDisk(folder: string): Promise<Measure[]> {
  const store = createStore(folder);
  let written = 0;
  const write = () =>
    store.write(() => store.outbox.add(`bench.${written++}`, 'bench', { text: 'x'.repeat(500) }));
  try {
    const times: number[] = [];
    for (
      const endsAt = performance.now() + MAX_MS;
      performance.now() < endsAt && times.length < MAX_SINGLE;
    ) {
      const began = performance.now();
      await write();
      times.push(performance.now() - began);
    }
    const before = written;
    const began = performance.now();
    while (performance.now() - began < MAX_MS) await Promise.all(Array.from({ length: AT_ONCE }, write));
    const seconds = (performance.now() - began) / 1_000;
    return [
      judged(
        {
          bench: BENCH,
          name: 'one write',
          value: quantile(times, 0.5),
          unit: 'ms',
          detail: `median of ${times.length} commits flushed to the disk, 99 % within ${quantile(times, 0.99).toFixed(1)} ms`,
        },
        { good: 10, slow: 50, mend: MEND },
      ),
      judged(
        {
          bench: BENCH,
          name: 'many writes',
          value: (written - before) / seconds,
          unit: 'writes/s',
          detail: `${AT_ONCE} at a time share a commit`,
        },
        { good: 2_000, slow: 200, mend: MEND },
      ),
    ];
  } finally {
    store.close();
  }
}
