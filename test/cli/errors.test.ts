import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { findServer } from '../../src/broker/find-server.js';
import { testFolder } from '../folder.js';
import { vigil } from '../system/processes.js';

interface Case {
  readonly what: string;
  readonly args?: string[];
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly code: number;
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: 'an unknown setting in the file',
    files: { 'vigil.config.yaml': 'cylce: {intervalMs: 5}' },
    code: 2,
    says: /Unrecognized key.*"cylce"/,
  },
  {
    what: 'an unknown variable',
    env: { VIGIL_ANALYSIS_MAX_CONCURENT: '3' },
    code: 2,
    says: /VIGIL_ANALYSIS_MAX_CONCURENT is no setting; did you mean VIGIL_ANALYSIS_MAX_CONCURRENT\?/,
  },
  {
    what: 'a value out of bounds',
    env: { VIGIL_ANALYSIS_MAX_CONCURRENT: '0' },
    code: 2,
    says: /analysis\.maxConcurrent: .*>=1/,
  },
  {
    what: 'a hostile agent id in the file',
    files: { 'vigil.config.yaml': 'agents: [{id: "a.*.>"}]' },
    code: 2,
    says: /agents\.0\.id: expected 1 to 64 of/,
  },
  {
    what: 'a missing configuration file',
    args: ['--config', 'none.yaml'],
    code: 2,
    says: /none\.yaml does not exist/,
  },
  {
    what: 'a configuration file that is no YAML',
    files: { 'vigil.config.yaml': 'a: [1,' },
    code: 2,
    says: /vigil\.config\.yaml: /,
  },
  {
    what: 'a data directory that cannot be written',
    args: ['--data-dir', '/dev/null/vigil'],
    code: 1,
    says: /data directory \/dev\/null\/vigil cannot be written .*set dataDir/,
  },
  {
    what: 'a broker that is not there',
    args: ['--nats-url', 'nats://127.0.0.1:1'],
    code: 5,
    says: /no broker at nats:\/\/127\.0\.0\.1:1 .*Vigil starts its own/,
  },
  {
    what: 'a nats-server that does not exist',
    env: { VIGIL_NATS_SERVER: '/nowhere/nats-server' },
    code: 5,
    says: /nats-server at \/nowhere\/nats-server cannot be run .*set nats\.server/,
  },
  { what: 'an unknown option', args: ['--ones'], code: 2, says: /unknown option '--ones'/ },
];

for (const { what, args = [], env = {}, files = {}, code, says } of CASES) {
  t.test(`${what}: one line that says what and how to mend it`, async (t) => {
    const cwd = testFolder(t, files);
    const finished = await vigil(t, ['start', '--once', '--json', ...args], { cwd, env }).finished();
    t.equal(finished.code, code, finished.stderr);
    const lines = finished.stderr.trim().split('\n');
    t.match(lines[0], says);
    t.notMatch(finished.stderr, /^\s+at /m, 'no stack trace');
    t.equal(finished.stdout, '');
  });
}

t.test('a wrong credential is named as such', async (t) => {
  const program = await findServer(undefined, '/nowhere');
  const server = spawn(program?.path ?? 'nats-server', [
    '-a',
    '127.0.0.1',
    '-p',
    '-1',
    '-js',
    '-sd',
    testFolder(t),
    '--user',
    'u',
    '--pass',
    'p',
  ]);
  t.teardown(async () => {
    server.kill();
    await once(server, 'exit');
  });
  let said = '';
  for (; !said.includes('Server is ready'); ) said += String((await once(server.stderr, 'data'))[0]);
  const port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
  const cwd = testFolder(t);
  const wrong = await vigil(t, ['start', '--once', '--nats-url', `nats://u:wrong@127.0.0.1:${port}`], {
    cwd,
  }).finished();
  t.equal(wrong.code, 5);
  t.match(wrong.stderr, /refused the credentials; set nats\.nkeyFile/);
  t.notMatch(wrong.stderr, /wrong@/, 'the password is not shown');
  const right = await vigil(t, ['start', '--once', '--json', '--nats-url', `nats://u:p@127.0.0.1:${port}`], {
    cwd,
  }).finished();
  t.equal(right.code, 0, 'with the right one the same broker serves');
});

t.test('a port in use is no obstacle: a free one is taken and named', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const cwd = testFolder(t);
  const running = vigil(t, ['start', '--port', String(port)], { cwd });
  const line = await running.says(/^Watching\. Broker/);
  t.notMatch(line, `:${port},`);
});

t.test('commands that need a supervisor say that none runs', async (t) => {
  const cwd = testFolder(t);
  for (const command of ['status', 'tree']) {
    const { code, stderr } = await vigil(t, [command], { cwd }).finished();
    t.equal(code, 5);
    t.match(stderr, /no supervisor runs on .*start one with "vigil start"/);
  }
});

t.test('config prints the effective settings and where each came from', async (t) => {
  const cwd = testFolder(t, {
    'vigil.config.yaml': 'cycle: {intervalMs: 5000}\nnats: {url: "nats://me:secret@host:4222"}',
  });
  const { code, stdout } = await vigil(t, ['config'], { cwd, env: { VIGIL_HOSTS_COUNT: '3' } }).finished();
  t.equal(code, 0);
  t.match(stdout, `cycle.intervalMs = 5000  (${join(cwd, 'vigil.config.yaml')})`);
  t.match(stdout, 'hosts.count = 3  (environment)');
  t.match(stdout, 'analysis.maxConcurrent = 5  (default)');
  t.notMatch(stdout, /secret/);
});

t.test(
  'where a wrong setting stands, and the file with it is found by the command that the error names',
  async (t) => {
    const cwd = testFolder(t, { 'vigil.config.yaml': 'http: {enabled: maybe}\n' });
    const file = join(cwd, 'vigil.config.yaml');
    const { code, stderr } = await vigil(t, ['config'], { cwd }).finished();
    t.equal(code, 2);
    t.match(stderr, `write true or false (from ${file})`);
    t.match(stderr, 'vigil config path');
    t.match(await vigil(t, ['config', 'path'], { cwd }).finished(), { code: 0, stdout: `${file}\n` });
  },
);
