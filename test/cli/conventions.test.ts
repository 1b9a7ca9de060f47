import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { CLI, cleanEnvironment, isAlive, ROOT, vigil } from '../system/processes.js';

const FAILING = join(ROOT, 'fleet/logs/openhands-cfn-lint-3561-docker-denied.log');
const NO_PTY = spawnSync('script', ['--version']).error !== undefined && 'no program "script" here';
const ESCAPE = '\u001b[';

/** What a terminal gets: `script` (util-linux) runs it on a pseudo-terminal, which has no width of its own. */
async function onTerminal(t: Test, args: readonly string[], env: Record<string, string>): Promise<string> {
  const command = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: testFolder(t),
    env: cleanEnvironment({ TERM: 'xterm', NO_COLOR: '', ...env }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(child, 'close');
  return text;
}

t.setTimeout(120_000);

t.test('colours are for terminals', { skip: NO_PTY }, async (t) => {
  t.match(await onTerminal(t, ['judge', FAILING], {}), ESCAPE);
  t.notMatch(await onTerminal(t, ['judge', FAILING], { NO_COLOR: '1' }), ESCAPE);
  t.notMatch(await onTerminal(t, ['judge', FAILING], { TERM: 'dumb' }), ESCAPE);
  t.notMatch(await onTerminal(t, ['judge', '--no-color', FAILING], {}), ESCAPE, 'behind the command');
  t.notMatch(await onTerminal(t, ['--no-color', 'judge', FAILING], {}), ESCAPE, 'before it');
});

t.test('a terminal that says it has no width does not break tables', { skip: NO_PTY }, async (t) => {
  const [head = '', row = ''] = (await onTerminal(t, ['judge', FAILING], { NO_COLOR: '1' })).split(/\r?\n/);
  t.match(head, /^AGENT +PHASE +ALIGNED +STEERING +WHY +GOAL/);
  t.match(row, /^openhands-cfn-lint-3561/);
});

t.test('what is piped has no colours, in CI neither, unless they are forced', async (t) => {
  const judged = async (env: Record<string, string>) =>
    (await vigil(t, ['judge', FAILING], { cwd: testFolder(t), env: { NO_COLOR: '', ...env } }).finished())
      .stdout;
  t.notMatch(await judged({}), ESCAPE);
  t.notMatch(await judged({ CI: 'true' }), ESCAPE);
  t.match(await judged({ FORCE_COLOR: '1' }), ESCAPE);
});

t.test('a reader that goes away ends a supervisor in order', async (t) => {
  const cwd = testFolder(t);
  const env = { VIGIL_CYCLE_INTERVAL_MS: '200' };
  const running = vigil(t, ['start', '--json'], { cwd, env });
  await running.says(/"subject":"vigil\.result\.analyze"/);
  const { pid } = JSON.parse(readFileSync(join(cwd, '.vigil/supervisor.json'), 'utf8'));
  t.ok(isAlive(pid));
  running.child.stdout?.destroy();
  const { code, stderr } = await running.finished();
  t.equal(code, 0, stderr);
  t.equal(stderr, '');
  t.throws(() => readFileSync(join(cwd, '.vigil/supervisor.json')), { code: 'ENOENT' });
});

t.test('a reader that is gone before the first line ends a command quietly', async (t) => {
  for (const args of [['--help'], ['subjects', '--json']]) {
    const running = vigil(t, args, { cwd: testFolder(t) });
    running.child.stdout?.destroy();
    t.match(await running.finished(), { code: 0, stdout: '', stderr: '' }, args.join(' '));
  }
});

t.test('a command that does not exist: what may be meant', async (t) => {
  const said = async (...args: string[]) => {
    const { code, stderr } = await vigil(t, args, { cwd: testFolder(t) }).finished();
    t.equal(code, 2);
    return stderr;
  };
  t.match(await said('stauts'), /unknown command 'stauts'\n\(Did you mean status\?\)/);
  t.match(await said('tasks', 'clam'), /unknown command 'clam'\n\(Did you mean claim\?\)/);
  t.match(await said('ls', '--jsno'), /unknown option '--jsno'\n\(Did you mean --json\?\)/);
});
