import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import Database from '../../src/store/sqlite.js';
import { testFolder } from '../folder.js';
import { type Running, until, vigil } from '../system/processes.js';

interface Found {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly mend?: string;
}

async function doctor(
  t: Test,
  cwd: string,
  options: { args?: string[]; env?: Record<string, string> } = {},
): Promise<{ code: number | null; checks: Found[]; of(name: string): Found[] }> {
  const { env = {}, args = [] } = options;
  const running: Running = vigil(t, ['doctor', '--json', ...args], { cwd, env });
  const { code, stdout } = await running.finished();
  const { checks } = JSON.parse(stdout) as { checks: Found[] };
  return { code, checks, of: (name) => checks.filter((check) => check.name === name) };
}

t.test('in an empty folder: nothing is wrong, nothing is made', async (t) => {
  const cwd = testFolder(t);
  const { code, checks, of } = await doctor(t, cwd);
  t.equal(code, 0);
  t.same(
    checks.filter(({ state }) => state === 'fail'),
    [],
  );
  for (const name of [
    'Node',
    'settings',
    'data directory',
    'disk',
    'keys',
    'database',
    'lock',
    'nats-server',
    'broker',
  ])
    t.equal(of(name).length, 1, name);
  t.match(of('nats-server')[0], { message: /^\d+\.\d+\.\d+ at / });
  t.throws(() => readFileSync(join(cwd, '.vigil')), { code: 'ENOENT' });
  const { stdout } = await vigil(t, ['doctor'], { cwd }).finished();
  t.match(stdout, /^ok {4}Node +v\d+/m);
});

t.test('with a supervisor: broker, JetStream, its answer, its clock; and what it leaves', async (t) => {
  const cwd = testFolder(t, { 'vigil.config.yaml': 'cycle: {intervalMs: 0}\nagents: []\n' });
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching\./);
  const { code, of } = await doctor(t, cwd);
  t.equal(code, 0);
  t.match(of('broker')[0], { state: 'ok', message: /nats:\/\/127\.0\.0\.1:\d+, nats-server \d/ });
  t.match(of('JetStream')[0], { state: 'ok', message: /on, \d+ streams/ });
  t.match(of('supervisor')[0], { state: 'ok', message: new RegExp(`process ${running.child.pid}`) });
  t.match(of('clock')[0], { state: 'ok' });
  t.match(of('lock')[0], { state: 'ok', message: /held by the supervisor/ });
  t.match(of('database')[0], { state: 'ok', message: /is whole/ });

  // Others may read a key, and look into the folder.
  chmodSync(join(cwd, '.vigil/keys/client.nk'), 0o644);
  chmodSync(join(cwd, '.vigil'), 0o755);
  const open = await doctor(t, cwd);
  t.equal(open.code, 1);
  t.match(open.of('keys')[0], { state: 'fail', mend: /chmod 600 .*client\.nk/ });
  t.match(open.of('data directory')[0], { state: 'warn', mend: /chmod 700/ });

  // A supervisor that was killed leaves its note, and its broker.
  running.child.kill('SIGKILL');
  await running.finished();
  const left = await until('the lock to be free', async () => {
    const found = await doctor(t, cwd);
    return found.of('lock')[0]?.state === 'warn' ? found : undefined;
  });
  t.match(left.of('lock')[0], { message: /was killed/, mend: /takes over/ });
  t.match(left.of('supervisor')[0], { state: 'warn', mend: /vigil start/ });
  const { pid } = JSON.parse(readFileSync(join(cwd, '.vigil/nats/running.json'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  await until('the broker to be gone', async () => (await doctor(t, cwd)).of('broker')[0]?.state === 'fail');
});

t.test('what is broken is named with its mend', async (t) => {
  const cwd = testFolder(t, { '.vigil': {} });
  chmodSync(join(cwd, '.vigil'), 0o700);
  writeFileSync(join(cwd, 'vigil.config.yaml'), 'cycle: {intervalMs: never}\n');
  const settings = await doctor(t, cwd);
  t.equal(settings.code, 1);
  t.match(settings.of('settings')[0], { state: 'fail', message: /cycle\.intervalMs/ });

  writeFileSync(join(cwd, 'vigil.config.yaml'), 'nats: {server: /no/such/nats-server}\n');
  writeFileSync(join(cwd, '.vigil/vigil.db'), 'this is no database, and long enough to be looked at as one');
  const broken = await doctor(t, cwd);
  t.equal(broken.code, 1);
  t.match(broken.of('nats-server')[0], { state: 'fail', mend: /nats\.server/ });
  t.match(broken.of('database')[0], { state: 'fail', mend: /restore a copy/ });

  const newer = new Database(join(cwd, '.vigil/newer.db'));
  newer.pragma('user_version = 999');
  newer.close();
  writeFileSync(join(cwd, '.vigil/vigil.db'), readFileSync(join(cwd, '.vigil/newer.db')));
  t.match((await doctor(t, cwd)).of('database')[0], {
    state: 'fail',
    message: /schema 999/,
    mend: /newer Vigil/,
  });

  const away = await doctor(t, cwd, {
    args: ['--nats-url', 'nats://127.0.0.1:1'],
    env: { VIGIL_NATS_CONNECT_TIMEOUT_MS: '500' },
  });
  t.match(away.of('broker')[0], { state: 'fail', message: /no broker at nats:\/\/127\.0\.0\.1:1/ });
  t.match(away.of('nats-server')[0], { state: 'ok', message: /not needed/ });
});

t.test("the user's own file of settings is named, too", async (t) => {
  const cwd = testFolder(t, { config: { vigil: { 'config.yaml': 'cycle: {intervalMs: 0}\n' } } });
  const env = { XDG_CONFIG_HOME: join(cwd, 'config') };
  const own = join(cwd, 'config/vigil/config.yaml');
  t.equal((await doctor(t, cwd, { env })).of('settings')[0]?.message, `valid (${own})`);
  writeFileSync(join(cwd, 'vigil.config.yaml'), 'agents: []\n');
  const both = (await doctor(t, cwd, { env })).of('settings')[0]?.message;
  t.equal(both, `valid (${own}, ${join(cwd, 'vigil.config.yaml')})`);
});
