import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Metrics } from '../../src/http/metrics.js';
import { ROOT } from '../system/processes.js';

/** Names that the registry holds, whether or not they have a figure yet. */
const metrics = new Metrics({
  fleet: () => Promise.reject(new Error('not asked')),
  status: () => Promise.reject(new Error('not asked')),
  feed: () => ({ clients: 0, dropped: 0 }),
});
const names = new Set(metrics.names);

t.test('the Grafana dashboard asks for metrics that there are', async (t) => {
  const text = readFileSync(join(ROOT, 'docs/grafana/vigil.json'), 'utf8');
  const { panels } = JSON.parse(text) as { panels: { title: string; targets: { expr: string }[] }[] };
  t.ok(panels.length > 10);
  for (const { title, targets } of panels) {
    for (const { expr } of targets) {
      const asked = expr.match(/\b(?:vigil|gen_ai_client|process|nodejs)_\w+/g) ?? [];
      t.ok(asked.length > 0, `${title} asks for something`);
      for (const name of asked)
        t.ok(names.has(name.replace(/_(?:bucket|sum|count)$/, '')), `${title}: ${name}`);
    }
  }
});

t.test('the guide names every metric of ours', async (t) => {
  const guide = readFileSync(join(ROOT, 'docs/guides/metrics.md'), 'utf8');
  for (const name of names)
    if (/^(?:vigil|gen_ai)/.test(name))
      t.ok(guide.includes(`\`${name}\``), `${name} is in docs/guides/metrics.md`);
});
