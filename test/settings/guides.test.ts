import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { loadSettings } from '../../src/settings/load.js';
import { Settings } from '../../src/settings/schema.js';
import { testFolder } from '../folder.js';
import { ROOT } from '../system/processes.js';

const GUIDES = join(ROOT, 'docs/guides');
const pages = ['README.md', ...readdirSync(GUIDES).map((name) => join('docs/guides', name))];
let checked = 0;

for (const page of pages) {
  const blocks = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)];
  for (const [, block = ''] of blocks) {
    const value: unknown = parse(block);
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    // Some show the configuration of another program.
    if (!names.some((name) => name in Settings.shape)) continue;
    checked++;
    t.test(`${page}: ${names.join(', ')}`, async (t) => {
      const cwd = testFolder(t);
      writeFileSync(join(cwd, 'vigil.config.yaml'), block);
      t.doesNotThrow(() => loadSettings({ cwd, env: {} }), 'the settings that it shows are taken');
    });
  }
}

t.test('there are such blocks', async (t) => {
  t.ok(checked > 5);
});
