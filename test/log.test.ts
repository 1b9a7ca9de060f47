import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { headers } from 'nats';
import t from 'tap';
import { createLog } from '../src/log.js';
import { LogFile } from '../src/log-file.js';
import { testFolder } from './folder.js';
import { connectClient, jsonLines, ROOT, run, until, vigil } from './system/processes.js';

t.test('a log stays within its bounds, and its newest lines are the ones kept', async (t) => {
  const folder = testFolder(t);
  const file = new LogFile(join(folder, 'own', 'x.log'), { maxBytes: 1_000, maxFiles: 3 });
  const line = (n: number) => `${JSON.stringify({ n, text: 'x'.repeat(80) })}\n`;
  for (let n = 0; n < 200; n++) file.write(line(n));
  const names = readdirSync(join(folder, 'own'));
  t.same(names.sort(), ['x.log', 'x.log.1', 'x.log.2']);
  for (const name of names) t.ok(statSync(join(folder, 'own', name)).size <= 1_000, name);
  const kept = ['x.log.2', 'x.log.1', 'x.log'].flatMap((name) =>
    jsonLines(readFileSync(join(folder, 'own', name), 'utf8')).map(({ n }) => n),
  );
  t.equal(kept.at(-1), 199);
  t.same(
    kept,
    kept.map((_n, i) => 200 - kept.length + i),
    'without gaps',
  );
});

t.test('a log goes on in the file that is there, also one line longer than the bound', async (t) => {
  const path = join(testFolder(t, { 'x.log': 'before\n' }), 'x.log');
  const bounds = { maxBytes: 20, maxFiles: 2 };
  new LogFile(path, bounds).write('more\n');
  t.equal(readFileSync(path, 'utf8'), 'before\nmore\n');
  const long = `${'y'.repeat(100)}\n`;
  new LogFile(path, bounds).write(long);
  t.equal(readFileSync(path, 'utf8'), long);
  t.equal(readFileSync(`${path}.1`, 'utf8'), 'before\nmore\n');
});

t.test('a full disk stops nobody, and the lines that it cost are counted', async (t) => {
  const path = join(testFolder(t), 'x.log');
  symlinkSync('/dev/full', path);
  const log = createLog('test', 'info', path, { maxBytes: 100_000, maxFiles: 2 });
  log.info('lost');
  log.info('lost, too');
  rmSync(path);
  log.info('there again');
  const lines = jsonLines(readFileSync(path, 'utf8'));
  t.match(lines, [{ lines: 2, msg: /could not be written/ }, { msg: 'there again' }]);
});

const NO_LIMIT =
  spawnSync('prlimit', ['--version']).error !== undefined && 'there is no prlimit to fill a disk with';

t.test('a disk that takes half a line keeps none of it', { skip: NO_LIMIT }, async (t) => {
  // A limit on the size of files behaves as a full disk does: a short write first, the error with the next one.
  const cwd = testFolder(t, {
    'writer.mjs': `
      import { execFileSync } from 'node:child_process';
      import { LogFile } from '${new URL('../src/log-file.js', import.meta.url)}';
      process.on('SIGXFSZ', () => {});
      const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':']);
      const file = new LogFile('x.log', { maxBytes: 100_000, maxFiles: 2 });
      const write = (n) => file.write(JSON.stringify({ n, text: 'x'.repeat(80) }) + '\\n');
      write(0);
      limit(150);
      write(1);
      write(2);
      limit('unlimited');
      write(3);
      write(4);`,
  });
  const written = await run(t, join(cwd, 'writer.mjs'), [], { cwd }).finished();
  t.equal(written.code, 0, written.stderr);
  const lines = jsonLines(readFileSync(join(cwd, 'x.log'), 'utf8'));
  t.match(lines, [{ n: 0 }, { lines: 2, msg: /could not be written/ }, { n: 3 }, { n: 4 }]);
  t.equal(lines.length, 4);
});

t.test('every line of a request names it, and its agent where one is meant', async (t) => {
  const cwd = testFolder(t);
  const env = {
    VIGIL_AGENTS: JSON.stringify([{ id: 'no-log', workspace: cwd, logs: ['absent.log'] }]),
    VIGIL_CYCLE_INTERVAL_MS: '0',
  };
  const running = vigil(t, ['start'], { cwd, env });
  await running.says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  const own = headers();
  own.set('Nats-Msg-Id', 'asked-1');
  await nc.request('vigil.rpc.analyze', '{"agents": ["no-log", "stranger"], "force": true}', {
    headers: own,
    timeout: 60_000,
  });
  const path = join(cwd, '.vigil', 'logs', 'supervisor.log');
  const lines = await until('the last line of the request', () => {
    const found = jsonLines(readFileSync(path, 'utf8')).filter(({ request }) => request === 'asked-1');
    return found.at(-1)?.['msg'] === 'request finished' ? found : undefined;
  });
  t.match(lines.at(-1), { kind: 'analyze', ms: Number });
  const failed = lines.filter(({ msg }) => msg === 'item failed');
  t.match(
    failed.find(({ agent }) => agent === 'stranger'),
    { code: 'NOT_FOUND', kind: 'analyze' },
  );
  t.equal(failed.length, lines.at(-1)?.['failures']);
});

t.test("the crash of an agent's actor is in the log of its host with agent and request", async (t) => {
  const cwd = testFolder(t);
  const log = join(ROOT, 'fleet/logs/eps.traj');
  const env = {
    VIGIL_AGENTS: JSON.stringify([{ id: 'fragile', goal: 'crash at every look', logs: [log] }]),
    VIGIL_CYCLE_INTERVAL_MS: '0',
  };
  const script = new URL('./system/supervisor-process.js', import.meta.url).pathname;
  await run(t, script, [], { cwd, env }).says(/^ready$/);
  const nc = await connectClient(t, cwd);
  const own = headers();
  own.set('Nats-Msg-Id', 'crash-1');
  const reply = await nc.request('vigil.rpc.analyze', '{"agents": ["fragile"]}', {
    headers: own,
    timeout: 60_000,
  });
  t.match(reply.json(), { failures: [{ agent: 'fragile', code: 'CRASHED' }] });
  const path = join(cwd, '.vigil', 'logs', 'host-0.log');
  const line = await until('the line of the crash', () =>
    jsonLines(readFileSync(path, 'utf8')).find(({ msg }) => msg === 'actor crashed'),
  );
  t.match(line, { agent: 'fragile', request: 'crash-1', err: { message: /as it was told/ } });
});
