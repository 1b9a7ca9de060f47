import { join } from 'node:path';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { brokerOf, jsonLines, ROOT, type Running, until, vigil } from '../system/processes.js';

const FAILING = join(ROOT, 'fleet/logs/openhands-cfn-lint-3561-docker-denied.log');

async function start(t: Test, cwd: string): Promise<Running> {
  const running = vigil(t, ['start'], { cwd, env: { VIGIL_HEALTH_STATUS_MS: '100' } });
  await running.says(/^Watching\./);
  return running;
}

t.setTimeout(120_000);

t.test('vigil events', async (t) => {
  const agents = JSON.stringify([
    { id: 'fails', logs: [FAILING] },
    { id: 'quiet', logs: [] },
  ]);
  const cwd = testFolder(t, { 'vigil.config.yaml': `cycle: {intervalMs: 0}\nagents: ${agents}\n` });
  let running = await start(t, cwd);
  const run = (...args: string[]) => vigil(t, args, { cwd }).finished();
  const kindsOf = async (...args: string[]) =>
    jsonLines((await run('events', '--json', ...args)).stdout).map(({ subject }) => String(subject));
  await until('its status', async () => (await kindsOf('--kind', 'stuck')).length > 0);

  await t.test('the past: one a line, by kind, agent and number', async (t) => {
    const { code, stdout } = await run('events');
    t.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    t.match(lines[0], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}host\.joined +h0-\w+ +pid \d+$/);
    t.ok(lines.some((line) => /agent\.stuck +fails +status stuck; previous unknown/.test(line)));
    t.same(await kindsOf('--kind', 'stuck'), ['vigil.event.agent.fails.stuck']);
    t.same(await kindsOf('--kind', 'agent', '--agent', 'fails'), ['vigil.event.agent.fails.stuck']);
    t.match((await kindsOf('--kind', 'host', 'agent.stuck')).length, 2);
    const all = await kindsOf('--since', '1h');
    t.ok(all.length >= lines.length);
    t.equal((await kindsOf('--last', '1')).length, 1);
    t.same(await kindsOf('--since', new Date(Date.now() + 60_000).toISOString()), []);
  });

  await t.test('what cannot be meant is refused', async (t) => {
    t.match(await run('events', '--kind', 'sleeping'), {
      code: 2,
      stderr: /no event "sleeping"; there are .*agent\.stuck/,
    });
    t.match(await run('events', '--since', 'yesterday'), {
      code: 2,
      stderr: /--since: expected how long ago/,
    });
    t.match(await run('events', '--since', '5'), { code: 2 });
    t.match(await run('events', '--agent', 'a.>'), { code: 2 });
    t.match(await run('events', '--last', '-1'), { code: 2 });
  });

  await t.test('followed over another broker and another supervisor, each once', async (t) => {
    const following = vigil(t, ['events', '-f', '--since', '1h', '--kind', 'intervention', '--json'], {
      cwd,
    });
    const seen = () => jsonLines(following.stdout.slice(0, following.stdout.lastIndexOf('\n') + 1));
    const tell = async (message: string) => {
      await until(`it to take ${message}`, async () => (await run('steer', 'quiet', message)).code === 3);
      await until(`the event of ${message}`, () => seen().some((each) => each['message'] === message));
    };
    await tell('first');

    const broker = brokerOf(running.child.pid ?? 0) ?? 0;
    process.kill(broker, 'SIGKILL');
    await until('another broker', () => {
      const now = brokerOf(running.child.pid ?? 0);
      return now !== undefined && now !== broker;
    });
    await tell('second');

    running.child.kill('SIGTERM');
    await running.finished();
    await until(
      'it to say so',
      () => following.stderr.split('\n').filter((line) => /trying again/.test(line)).length >= 2,
    );
    running = await start(t, cwd);
    await tell('third');

    following.child.kill('SIGINT');
    const { code, stdout } = await following.finished();
    t.equal(code, 0);
    const keys = jsonLines(stdout).map(({ id, state, updatedAt }) => `${id} ${state} ${updatedAt}`);
    t.equal(new Set(keys).size, keys.length, 'none twice');
    t.notMatch(following.stderr, /^\s+at /m);
    // Nothing was left out: the record begins with the same.
    const record = await run('events', '--since', '1h', '--kind', 'intervention', '--json');
    t.same(jsonLines(record.stdout).slice(0, keys.length), jsonLines(stdout));
  });

  await t.test('without a supervisor', async (t) => {
    running.child.kill('SIGTERM');
    await running.finished();
    t.match(await run('events'), { code: 5, stderr: /no supervisor runs/ });
    t.match(await run('events', '-f'), { code: 5 });
  });
});
