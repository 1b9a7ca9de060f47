import t from 'tap';
import { LogCollector } from '../../src/logs/collector.js';
import { createParsePool } from '../../src/logs/parse-pool.js';
import { readLog } from '../../src/logs/read-log.js';
import { fleetLog, inThread } from './fixtures.js';

t.test('logs parsed in pool threads give the events of one thread', async (t) => {
  const pool = createParsePool({ threads: 2 });
  t.teardown(() => pool.close());
  const names = ['spotter-agent-a2898e3.jsonl', 'eps.traj', 'openhands-cfn-lint-3561-docker-denied.log'];
  await Promise.all(
    names.map(async (name) => {
      const path = fleetLog(name);
      const limits = { chunkBytes: 16_000 };
      t.same(
        await readLog(path, { parse: pool.parse, limits }),
        await readLog(path, { parse: inThread, limits }),
        name,
      );
    }),
  );
  await t.rejects(new LogCollector({ path: '/nowhere', parse: pool.parse }).read(), { code: 'NOT_FOUND' });
});
