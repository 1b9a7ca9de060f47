import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Parser } from '@asyncapi/parser';
import t from 'tap';
import { CHANNELS } from '../../src/messages/channels.js';
import { documents, GENERATED_FOLDERS } from '../../src/reference/documents.js';
import { SETTINGS } from '../../src/settings/catalogue.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const all = documents(version);

t.test('docs are what the schemas say now', async (t) => {
  for (const [path, text] of all) {
    t.ok(readFileSync(join(ROOT, 'docs', path), 'utf8') === text, `docs/${path} is stale: npm run docs`);
  }
});

t.test('nothing but what is generated stands in the generated folders', async (t) => {
  for (const folder of GENERATED_FOLDERS) {
    for (const name of readdirSync(join(ROOT, 'docs', folder))) {
      t.ok(all.has(`${folder}/${name}`), `docs/${folder}/${name} is left over: npm run docs`);
    }
  }
});

t.test('the official parser finds nothing to say about the AsyncAPI document', async (t) => {
  const { document, diagnostics } = await new Parser().parse(all.get('asyncapi.json') ?? '');
  t.same(
    diagnostics.map(({ message, path }) => `${path.join('.')}: ${message}`),
    [],
  );
  const operations = document?.operations().all() ?? [];
  t.equal(operations.length, CHANNELS.length, 'one operation for each channel');
  for (const { name, direction } of CHANNELS) {
    const operation = operations.find((each) => each.id() === name);
    t.equal(operation?.action(), direction === 'send' ? 'send' : 'receive', name);
    t.equal(operation?.reply() !== undefined, direction === 'answer', `${name} has a reply where it answers`);
  }
});

t.test('the parser is able to object', async (t) => {
  const broken = JSON.parse(all.get('asyncapi.json') ?? '{}');
  broken.operations['rpc-status'].channel = { $ref: '#/channels/nowhere' };
  const { diagnostics } = await new Parser().parse(broken);
  t.ok(diagnostics.length > 0);
});

t.test('each file that a schema or page refers to is there', async (t) => {
  for (const [path, text] of all) {
    const references = [
      ...[...text.matchAll(/"\$ref": "([^"#]+)"/g)].map((match) => join('schemas', match[1] ?? '')),
      ...[...text.matchAll(/\]\(([^)#][^)]*)\)/g)].map((match) => join('reference', match[1] ?? '')),
    ];
    for (const reference of references) t.ok(all.has(reference), `${path} refers to ${reference}`);
  }
});

t.test('every setting is explained, and no two have the same variable', async (t) => {
  for (const { name, description } of SETTINGS) t.notSame(description, '', name);
  t.equal(new Set(SETTINGS.map(({ variable }) => variable)).size, SETTINGS.length);
});
