import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LogFollower } from '../../src/actors/log-follower.js';
import { testFolder } from '../folder.js';
import { until } from '../system/processes.js';

const AGENTS = 200;

t.test('a fleet that writes without a pause leaves nobody out', async (t) => {
  const folder = testFolder(t);
  const paths = Array.from({ length: AGENTS }, (_, i) => join(folder, `a${i}.jsonl`));
  for (const path of paths) writeFileSync(path, 'start\n');
  const glanced = new Set<string>();
  const follower = new LogFollower({
    everyMs: 1_500,
    cwd: folder,
    glance: async (agent) => {
      glanced.add(agent);
      return { standing: 'working', events: 1, summary: '' };
    },
    tell: async () => {},
    failed: (_agent, error) => t.fail(String(error)),
  });
  t.teardown(() => follower.close());
  for (const [i, path] of paths.entries()) follower.follow({ id: `a${i}`, logs: [path] }, 1);
  const growing = setInterval(() => {
    for (const path of paths) appendFileSync(path, 'more\n');
  }, 200);
  t.teardown(() => clearInterval(growing));
  await until('everybody to be glanced at', () => glanced.size === AGENTS, 60_000);
});
