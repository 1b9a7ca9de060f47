import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** What each folder of `src` may import of ours. Dependencies point one way. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  messages: [],
  pool: ['messages'],
  logs: ['messages', 'pool'],
  judgement: ['messages'],
  health: ['messages'],
  cost: ['messages'],
  tasks: ['messages', 'pool'],
  github: ['messages'],
  store: ['messages'],
  'actors/runtime': ['messages'],
  'actors/placement': ['messages', 'actors/runtime'],
  model: ['messages', 'actors/runtime'],
  actors: ['messages', 'logs', 'judgement', 'cost', 'actors/runtime', 'actors/placement'],
  settings: ['messages', 'judgement', 'tasks', 'actors/runtime'],
  broker: ['messages', 'settings', 'actors/runtime'],
  managed: ['messages', 'settings', 'broker', 'actors/runtime'],
  discovery: ['messages', 'logs'],
  reference: ['messages', 'settings', 'cli/program', 'cli'],
  notices: ['messages', 'settings', 'store', 'services', 'actors/runtime'],
  http: ['messages', 'settings', 'store', 'services', 'actors/runtime'],
  services: [
    'messages',
    'settings',
    'broker',
    'cost',
    'health',
    'github',
    'pool',
    'store',
    'tasks',
    'model',
    'actors',
    'actors/runtime',
    'actors/placement',
  ],
};

/** Files that compose, and the folder of their parts; the command line is above them. */
const COMPOSING = ['supervisor.ts', 'host.ts', 'host-process.ts', 'host-main.ts'];
const isComposing = (name: string): boolean => COMPOSING.includes(name) || name.startsWith('composition/');

function folderOf(file: string): string {
  const folder = relative(SRC, dirname(file));
  return (
    Object.keys(ALLOWED)
      .filter((each) => folder === each || folder.startsWith(`${each}/`))
      .sort((a, b) => b.length - a.length)[0] ?? folder
  );
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) =>
    join(dirname(file), (match[1] ?? '').replace(/\.js$/, '.ts')),
  );
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(SRC, name));

t.test('imports between the folders of src point one way', async (t) => {
  t.ok(files.length > 50, 'the sources were found');
  for (const file of files) {
    const folder = folderOf(file);
    const allowed = ALLOWED[folder];
    if (allowed === undefined) continue;
    for (const target of importsOf(file)) {
      const into = folderOf(target);
      if (into !== folder && !allowed.includes(into)) {
        t.fail(
          `${relative(SRC, file)} imports ${relative(SRC, target)}: ${folder} may import ${allowed.join(', ') || 'nothing of ours'}`,
        );
      }
    }
  }
});

t.test('every folder is in the table, and nothing below imports what composes', async (t) => {
  for (const file of files) {
    const name = relative(SRC, file);
    const above = name.startsWith('cli/') || isComposing(name);
    t.ok(folderOf(file) in ALLOWED || above || !name.includes('/'), `${name} belongs to a layer`);
    if (above) continue;
    for (const target of importsOf(file)) {
      t.notOk(isComposing(relative(SRC, target)), `${name} does not import ${relative(SRC, target)}`);
    }
  }
});

t.test('no file imports itself in a circle', async (t) => {
  const graph = new Map(files.map((file) => [file, importsOf(file)]));
  const state = new Map<string, 'open' | 'done'>();
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      t.fail([...path.slice(path.indexOf(file)), file].map((each) => relative(SRC, each)).join(' -> '));
      return;
    }
    state.set(file, 'open');
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of files) visit(file, []);
  t.equal(state.size >= files.length, true);
});
