import { join } from 'node:path';
import t, { type Test } from 'tap';
import { VigilError } from '../../src/messages/errors.js';
import { SETTINGS } from '../../src/settings/catalogue.js';
import { describeSettings, type LoadOptions, loadSettings } from '../../src/settings/load.js';
import { testFolder } from '../folder.js';

const load = (options: Partial<LoadOptions> & { cwd: string }) => loadSettings({ env: {}, ...options });

/** The message of the `VigilError` with which loading is refused. */
function refusal(t: Test, options: Partial<LoadOptions> & { cwd: string }): string {
  try {
    load(options);
  } catch (error) {
    t.type(error, VigilError);
    t.equal((error as VigilError).code, 'BAD_REQUEST');
    t.notMatch((error as VigilError).message, /\n/, 'one line');
    return (error as VigilError).message;
  }
  return t.fail('was not refused') ? '' : '';
}

t.test('without file, environment and flags everything is at its default', async (t) => {
  const { settings, origins, file } = load({ cwd: testFolder(t) });
  t.equal(file, undefined);
  t.equal(origins.size, 0);
  t.equal(settings.prefix, 'vigil');
  t.equal(settings.analysis.maxConcurrent, 5);
  t.equal(settings.rules.repeatedAction, 4);
  t.equal(settings.nats.url, undefined);
});

t.test('a flag goes before the environment, that before the file, that before the default', async (t) => {
  const cwd = testFolder(t, {
    'vigil.config.yaml': 'hosts: {count: 2, threads: 2, mailbox: 2}\nanalysis: {maxConcurrent: 7}\n',
  });
  const loaded = load({
    cwd,
    env: { VIGIL_HOSTS_COUNT: '3', VIGIL_HOSTS_THREADS: '3', PATH: '/bin' },
    flags: { 'hosts.count': 4, 'nats.url': undefined },
  });
  const { hosts, analysis } = loaded.settings;
  t.same([hosts.count, hosts.threads, hosts.mailbox, hosts.drainMs], [4, 3, 2, 5_000]);
  t.equal(analysis.maxConcurrent, 7);
  const file = join(cwd, 'vigil.config.yaml');
  t.equal(loaded.file, file);
  const rows = new Map(describeSettings(loaded).map(({ name, origin }) => [name, origin]));
  t.equal(rows.get('hosts.count'), 'flag');
  t.equal(rows.get('hosts.threads'), 'environment');
  t.equal(rows.get('hosts.mailbox'), file);
  t.equal(rows.get('hosts.drainMs'), 'default');
  t.equal(rows.has('nats.url'), false, 'what is not set is not shown');
});

t.test('the file is the one named, else the first of the usual names', async (t) => {
  const cwd = testFolder(t, {
    'vigil.config.yml': 'prefix: yml',
    'vigil.config.json': '{\n\t"prefix": "json"\n}\n',
    'other.yaml': 'prefix: other',
  });
  t.equal(load({ cwd }).settings.prefix, 'yml');
  t.equal(load({ cwd, file: 'vigil.config.json' }).settings.prefix, 'json', 'JSON with tabs');
  t.equal(load({ cwd, env: { VIGIL_CONFIG: 'other.yaml' } }).settings.prefix, 'other');
  t.equal(load({ cwd, file: 'other.yaml', env: { VIGIL_CONFIG: 'none' } }).settings.prefix, 'other');
  t.equal(load({ cwd, env: { VIGIL_CONFIG: '' } }).settings.prefix, 'yml', 'empty: not set');
});

t.test('values of the environment become what the setting is', async (t) => {
  const { settings } = load({
    cwd: testFolder(t),
    env: {
      VIGIL_PREFIX: '2024',
      VIGIL_DATA_DIR: 'true',
      VIGIL_HOSTS_LABEL: '007',
      VIGIL_NATS_INSTALL: 'false',
      VIGIL_RESTART_JITTER: '0.5',
      VIGIL_RULES_OFF: '["drift", "stall"]',
      VIGIL_AGENTS: '[{"id": "a1", "logs": ["x.log"]}]',
      VIGIL_LOG_LEVEL: 'silent',
      VIGIL_NATS_URL: '',
    },
  });
  t.equal(settings.prefix, '2024', 'digits are text where text is wanted');
  t.equal(settings.dataDir, 'true');
  t.equal(settings.hosts.label, '007');
  t.equal(settings.nats.install, false);
  t.equal(settings.restart.jitter, 0.5);
  t.same(settings.rules.off, ['drift', 'stall']);
  t.same(settings.agents, [{ id: 'a1', logs: ['x.log'] }]);
  t.equal(settings.logLevel, 'silent');
  t.equal(settings.nats.url, undefined, 'an empty variable is not set');
});

t.test('a group with nothing in it is at its defaults', async (t) => {
  const cwd = testFolder(t, {
    'vigil.config.yaml': 'cycle:\n#  intervalMs: 1000\nnats:\n  url:\n  port: 5000\n',
  });
  const { settings, origins } = load({ cwd });
  t.equal(settings.cycle.intervalMs, 60_000);
  t.equal(settings.nats.port, 5_000);
  t.same([...origins.keys()], ['nats.port']);
  t.same(load({ cwd: testFolder(t, { 'vigil.config.yaml': '# nothing\n' }) }).origins.size, 0);
});

t.test('"~" in a path is the home folder, whatever the path came from', async (t) => {
  const home = testFolder(t, {
    'own.yaml': 'nats: {server: ~/bin/nats-server, nkeyFile: "~user/x", credsFile: a/~/b}',
  });
  const agent = {
    id: 'a',
    logs: ['~/a.log', 'b.log'],
    workspace: '~',
    cwd: '~/w',
    restart: { command: ['~/r'], cwd: '~/c' },
  };
  const env = {
    HOME: home,
    VIGIL_CONFIG: '~/own.yaml',
    VIGIL_GITHUB_APP_KEY_FILE: '~/app.pem',
    VIGIL_AGENTS: JSON.stringify([agent]),
  };
  const { settings } = load({ cwd: home, env, flags: { dataDir: '~/.vigil' } });
  t.equal(settings.dataDir, join(home, '.vigil'));
  t.match(settings.nats, { server: join(home, 'bin/nats-server'), nkeyFile: '~user/x', credsFile: 'a/~/b' });
  t.equal(settings.github.app.keyFile, join(home, 'app.pem'));
  t.same(settings.agents, [
    {
      id: 'a',
      logs: [join(home, 'a.log'), 'b.log'],
      workspace: home,
      cwd: join(home, 'w'),
      restart: { command: ['~/r'], cwd: join(home, 'c') },
    },
  ]);
  t.equal(load({ cwd: home, env: { HOME: home, VIGIL_DATA_DIR: '~' } }).settings.dataDir, home);
});

t.test('no setting that is a path was left out of that', async (t) => {
  const home = testFolder(t);
  const paths = SETTINGS.filter(({ name }) => /(?:File|Dir|Folder|Path|^nats\.server)$/.test(name));
  t.ok(paths.length > 4);
  const env = Object.fromEntries(paths.map(({ variable }) => [variable, '~/x']));
  const shown = describeSettings(load({ cwd: home, env: { ...env, HOME: home } }));
  for (const { name } of paths) t.equal(shown.find((row) => row.name === name)?.value, join(home, 'x'), name);
});

const REFUSED: Readonly<
  Record<
    string,
    { file?: string; env?: Record<string, string>; flags?: Record<string, unknown>; says: RegExp }
  >
> = {
  'an unknown group': { file: 'cylce: {intervalMs: 5}', says: /"cylce"; did you mean cycle\?/ },
  'an unknown setting': {
    file: 'analysis: {maxConcurent: 3}',
    says: /analysis: .*"maxConcurent"; did you mean analysis\.maxConcurrent\?/,
  },
  'a setting that resembles none': {
    file: 'zzzzzzzzzz: 1',
    says: /"zzzzzzzzzz" \(from \S+vigil\.config\.yaml\) \(all settings: docs\/reference\/settings\.md; the files in use: vigil config path\)/,
  },
  'an unknown variable': {
    env: { VIGIL_NATS_ULR: 'x' },
    says: /VIGIL_NATS_ULR is no setting; did you mean VIGIL_NATS_URL\?/,
  },
  'an unknown variable that is empty': { env: { VIGIL_NATS_ULR: '' }, says: /VIGIL_NATS_ULR is no setting/ },
  'a variable that resembles none': {
    env: { VIGIL_QQQQQQQQQQQ: '1' },
    says: /VIGIL_QQQQQQQQQQQ is no setting \(all settings/,
  },
  'text for a number': { file: 'nats: {port: four}', says: /settings: nats\.port: .*expected number/ },
  'text for a number in the environment': {
    env: { VIGIL_NATS_PORT: '4e3' },
    says: /nats\.port: .*expected number/,
  },
  'text for a switch in the environment': {
    env: { VIGIL_HTTP_ENABLED: 'no' },
    says: /http\.enabled: .*expected boolean, received string; write true or false \(from VIGIL_HTTP_ENABLED\) \(all/,
  },
  'text for a switch in the file': {
    file: 'http: {enabled: maybe}',
    says: /http\.enabled: .*; write true or false \(from \/\S+vigil\.config\.yaml\) \(all/,
  },
  'text for a switch by a flag': {
    flags: { 'nats.install': 'no' },
    says: /nats\.install: .*; write true or false \(from the command line\) \(all/,
  },
  'text for a list in the environment': {
    env: { VIGIL_RULES_OFF: 'loop,stall' },
    says: /rules\.off: .*; a list in a variable is JSON: VIGIL_RULES_OFF='\["repeated-action"\]' \(from VIGIL_RULES_OFF\)/,
  },
  'text for a list in the file': {
    file: 'github: {repos: a/b}',
    says: /github\.repos: .*expected array.*; write a list: \["\.\.\."\] \(from \S+vigil\.config\.yaml\)/,
  },
  'a wrong item of a list in the environment': {
    env: { VIGIL_AGENTS: '[{"id": "a b"}]' },
    says: /agents\.0\.id: expected 1 to 64 of .* \(from VIGIL_AGENTS\)/,
  },
  'two agents with one id': {
    file: 'agents: [{id: a}, {id: b}, {id: a}]',
    says: /settings: agents\.2\.id: "a" is there already \(agents\.0\) \(from \S+vigil\.config\.yaml\) \(all/,
  },
  'two mistakes, each with where it stands': {
    file: 'nats: {port: four}',
    env: { VIGIL_HOSTS_COUNT: 'two' },
    says: /nats\.port: .* \(from \S+vigil\.config\.yaml\); hosts\.count: .* \(from VIGIL_HOSTS_COUNT\) \(all/,
  },
  'a fraction for a count': { env: { VIGIL_HOSTS_COUNT: '1.5' }, says: /hosts\.count: .*expected int/ },
  'out of bounds': { flags: { 'hosts.count': 1_000 }, says: /hosts\.count: .*<=256/ },
  'a value that is none of the list': {
    env: { VIGIL_LOG_LEVEL: 'loud' },
    says: /logLevel: .*"trace"\|"debug"/,
  },
  'a number for a group': { file: 'nats: 4222', says: /settings: nats: .*expected object, received number/ },
  'a number for a group, with one of its settings in the environment': {
    file: 'nats: 4222',
    env: { VIGIL_NATS_PORT: '4222' },
    says: /settings: nats: .*expected object, received number/,
  },
  'a list for a group': { file: 'hosts: [1]', says: /settings: hosts: .*expected object/ },
  'a hostile prefix': { env: { VIGIL_PREFIX: 'a.*.>' }, says: /prefix: expected 1 to 64 of/ },
  'a prototype for a setting': { file: '__proto__: {prefix: x}', says: /"__proto__"/ },
  'a file that is no YAML': { file: 'a: [1,', says: /vigil\.config\.yaml: / },
  'a file with a tag that YAML does not know': {
    file: 'prefix: !secret x',
    says: /vigil\.config\.yaml: Unresolved tag: !secret/,
  },
  'a file of several documents': { file: 'prefix: a\n---\nprefix: b', says: /vigil\.config\.yaml: / },
  'a file that is a list': {
    file: '- prefix: a',
    says: /vigil\.config\.yaml: expected settings by name, such as/,
  },
  'a file that is text': { file: 'hello', says: /vigil\.config\.yaml: expected settings by name/ },
  'a file that is missing': { env: { VIGIL_CONFIG: 'none.yaml' }, says: /none\.yaml does not exist/ },
  'a file that is a folder': { env: { VIGIL_CONFIG: '.' }, says: /EISDIR/ },
};

t.test('what is refused is a secret: its variable is named, its value is not', async (t) => {
  const cwd = testFolder(t, { 'vigil.config.yaml': 'notices: {webhook: {secret: s3kr1t}}\n' });
  const said = refusal(t, { cwd, env: { VIGIL_HTTP_TOKEN: 'hunter2' } });
  t.match(said, /http\.token: .*>=16 characters \(from VIGIL_HTTP_TOKEN\)/);
  t.match(said, /notices\.webhook\.secret: .* \(from \S+vigil\.config\.yaml\)/);
  t.notMatch(said, /hunter2|s3kr1t/);
});

for (const [what, { file, env = {}, flags = {}, says }] of Object.entries(REFUSED)) {
  t.test(`refused: ${what}`, async (t) => {
    const cwd = testFolder(t, file === undefined ? {} : { 'vigil.config.yaml': file });
    t.match(refusal(t, { cwd, env, flags }), says);
    t.equal(({} as Record<string, unknown>)['prefix'], undefined, 'the prototype is as it was');
  });
}
