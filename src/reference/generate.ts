import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documents, GENERATED_FOLDERS } from './documents.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

const all = documents(version);
for (const folder of GENERATED_FOLDERS) rmSync(join(ROOT, 'docs', folder), { recursive: true, force: true });
for (const [path, text] of all) {
  const file = join(ROOT, 'docs', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
console.log(`docs: ${all.size} files written`);
