import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import Database from '../../src/store/sqlite.js';
import { testFolder } from '../folder.js';
import { brokerOf, isAlive, type Running, until, vigil } from '../system/processes.js';

t.setTimeout(120_000);

const EMPTY = { 'vigil.config.yaml': 'cycle: {intervalMs: 0}\nagents: []\n' };
const noteOf = (cwd: string) => join(cwd, '.vigil/supervisor.json');

async function start(t: Test, cwd: string, ...args: string[]): Promise<Running> {
  const running = vigil(t, args.length === 0 ? ['start'] : args, { cwd });
  await running.says(/Watching/);
  return running;
}

/** A process that is none of Vigil's. */
function innocent(t: Test): number {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.teardown(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  return child.pid ?? 0;
}

t.test('ends start and watch in order, and waits until they are gone', async (t) => {
  const cwd = testFolder(t, { ...EMPTY, sessions: {} });
  for (const args of [[], ['watch', 'sessions']]) {
    const running = await start(t, cwd, ...args);
    const pid = running.child.pid ?? 0;
    const broker = brokerOf(pid) ?? 0;
    t.ok(isAlive(broker));
    const { code, stdout } = await vigil(t, ['stop'], { cwd }).finished();
    t.equal(code, 0);
    t.match(stdout, new RegExp(`^process ${pid} has stopped after \\d+(\\.\\d)? s\n$`));
    t.notOk(isAlive(pid), 'gone when stop returns');
    t.notOk(isAlive(broker), 'and its broker');
    t.notOk(existsSync(noteOf(cwd)));
    t.equal((await running.finished()).code, 0);
  }
  t.match(await vigil(t, ['stop'], { cwd }).finished(), {
    code: 4,
    stdout: '',
    stderr: /no supervisor runs on/,
  });
});

t.test('one that hangs is killed only when that is asked for', async (t) => {
  const cwd = testFolder(t, EMPTY);
  const running = await start(t, cwd);
  const pid = running.child.pid ?? 0;
  const broker = brokerOf(pid) ?? 0;
  running.child.kill('SIGSTOP');
  t.teardown(() => running.child.kill('SIGCONT'));
  const late = await vigil(t, ['stop', '--timeout', '0.5'], { cwd }).finished();
  t.match(late, { code: 6, stderr: new RegExp(`process ${pid} .* still runs after 0\\.5 s; .*--force`) });
  t.ok(isAlive(pid));
  const { code, stdout } = await vigil(t, ['stop', '--timeout', '0.5', '--force', '--json'], {
    cwd,
  }).finished();
  t.equal(code, 0);
  t.match(JSON.parse(stdout), { pid, forced: true });
  await until('it to be gone', () => !isAlive(pid));
  t.notOk(isAlive(broker), 'no broker is left behind');
  t.notOk(existsSync(noteOf(cwd)));
});

t.test('a process that only has the noted id is left alone', async (t) => {
  const cwd = testFolder(t, EMPTY);
  mkdirSync(join(cwd, '.vigil'));
  const other = innocent(t);
  const note = JSON.stringify({ pid: other, url: 'nats://127.0.0.1:1', prefix: 'vigil' });
  writeFileSync(noteOf(cwd), note);
  const none = await vigil(t, ['stop', '--force'], { cwd }).finished();
  t.match(none, {
    code: 4,
    stderr: new RegExp(`no supervisor runs .*process ${other}, noted there, was killed`),
  });

  // Now somebody holds the folder, and the note still names the other.
  const lock = new Database(join(cwd, '.vigil/supervisor.lock'));
  t.teardown(() => lock.close());
  lock.exec('begin exclusive');
  const unsure = await vigil(t, ['stop', '--force', '--timeout', '0.3'], { cwd }).finished();
  t.match(unsure, { code: 6, stderr: /which one could not be told for sure; .*fuser/ });
  t.ok(isAlive(other));
  t.equal(readFileSync(noteOf(cwd), 'utf8'), note, 'nor is the note touched');
});
