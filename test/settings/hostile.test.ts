import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { VigilError } from '../../src/messages/errors.js';
import { SETTINGS } from '../../src/settings/catalogue.js';
import { describeSettings, type LoadOptions, loadSettings } from '../../src/settings/load.js';
import { testFolder } from '../folder.js';

/** True when it loads, or is refused as it should be. */
function loadsOrRefuses(options: LoadOptions): boolean {
  try {
    const loaded = loadSettings(options);
    return describeSettings(loaded).length > 0;
  } catch (error) {
    if (error instanceof VigilError) return error.code === 'BAD_REQUEST' && error.message.length < 4_000;
    throw error;
  }
}

const variable = fc.oneof(
  fc.constantFrom(...SETTINGS.map((setting) => setting.variable)),
  fc.string().map((text) => `VIGIL_${text}`),
);
const text = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.double().map(String),
  fc.constantFrom(
    '[',
    '{',
    '[}',
    '{"__proto__": 1}',
    `[${'['.repeat(20_000)}]`,
    '9'.repeat(400),
    '-',
    '1e999',
  ),
);
const names = fc.constantFrom(...SETTINGS.map((setting) => setting.name));

t.test('whatever stands in the environment: it loads or is refused with an error of ours', async (t) => {
  const cwd = testFolder(t);
  fc.assert(
    fc.property(fc.dictionary(variable, text, { maxKeys: 4 }), (env) => loadsOrRefuses({ cwd, env })),
  );
});

t.test('whatever the flags say', async (t) => {
  const cwd = testFolder(t);
  fc.assert(
    fc.property(fc.dictionary(names, fc.anything(), { maxKeys: 4 }), (flags) =>
      loadsOrRefuses({ cwd, env: {}, flags }),
    ),
  );
});

t.test('whatever stands in the file, settings beside it or not', async (t) => {
  const cwd = testFolder(t);
  const file = join(cwd, 'vigil.config.yaml');
  const nested = fc.dictionary(
    fc.oneof(names, fc.constantFrom('nats', 'hosts', 'rules', '__proto__', 'constructor'), fc.string()),
    fc.anything({ withNullPrototype: true }),
  );
  const content = fc.oneof(
    fc.string({ unit: 'binary' }),
    nested.map((value) => JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? 0 : inner))),
    fc.constantFrom(
      'a: &a {b: *a}',
      'nats: &a {url: *a}',
      '[[[['.repeat(2_000),
      '- '.repeat(8_000),
      '? '.repeat(8_000),
      Array.from({ length: 2_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      '? {a: 1}\n: 2',
      '? [nats]\n: {}',
      '!!js/function x',
    ),
  );
  fc.assert(
    fc.property(content, fc.dictionary(variable, text, { maxKeys: 2 }), (content, env) => {
      writeFileSync(file, content);
      return loadsOrRefuses({ cwd, env });
    }),
  );
});
