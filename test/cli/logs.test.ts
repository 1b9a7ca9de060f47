import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readLog } from '../../src/logs/read-log.js';
import { Tail } from '../../src/messages/requests.js';
import { testFolder } from '../folder.js';
import { connectClient, jsonLines, ROOT, type Running, until, vigil } from '../system/processes.js';

const OWN = '2026-01-01T10:00:00.000Z';
const record = (fields: object) => `${JSON.stringify({ timestamp: OWN, ...fields })}\n`;

/** A supervisor that watches a real session and one that the test writes. */
async function fleet(t: Test): Promise<{ cwd: string; own: string; vigil: Running }> {
  const cwd = testFolder(t);
  const own = join(cwd, 'own.jsonl');
  const session = join(ROOT, 'fleet/logs/spotter-tool_heavy.jsonl');
  const agents = [
    { id: 'session', logs: [session] },
    { id: 'own', logs: [own] },
  ];
  writeFileSync(own, record({ role: 'user', text: 'Clean up' }));
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify({ agents, cycle: { intervalMs: 0 } }));
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching\./);
  return { cwd, own, vigil: running };
}

t.test('logs', async (t) => {
  const { cwd, own, vigil: supervisor } = await fleet(t);
  const logs = (...args: string[]) => vigil(t, ['logs', ...args], { cwd }).finished();
  const { events } = await readLog(join(ROOT, 'fleet/logs/spotter-tool_heavy.jsonl'));

  await t.test('the last events, a line each: time, role, tool, outcome', async (t) => {
    const { code, stdout } = await logs('session', '--last', '20');
    t.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    t.equal(lines.length, 20);
    t.match(lines.at(-1), new RegExp(`^ *${events.length - 1} `));
    for (const line of lines)
      t.match(line, /^ *\d+ (?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|-) +(?:user|agent|tool|system) /);
    t.match(stdout, /tool +\w+ -> (?:ok|failed)/);
  });

  await t.test('as JSON: the events themselves', async (t) => {
    const { stdout } = await logs('session', '--last', '1000', '--json');
    t.same(jsonLines(stdout), JSON.parse(JSON.stringify(events.slice(-1_000))));
  });

  await t.test('text of agents does nothing to the terminal; failures are marked', async (t) => {
    appendFileSync(
      own,
      record({ role: 'assistant', text: 'a\u001b[2Jb\u001b]0;title\u0007c\r\nd\u202ee' }) +
        record({ tool: 'bash', input: 'make', output: 'no rule\nstop', exitCode: 2 }),
    );
    const { stdout } = await vigil(t, ['logs', 'own'], {
      cwd,
      env: { NO_COLOR: '', FORCE_COLOR: '1' },
    }).finished();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of our own are left
    t.notMatch(stdout.replaceAll(/\u001b\[\d+m/g, ''), /[\u0000-\u0009\u000b-\u001f\u202e]/);
    t.ok(stdout.includes('\u001b[31mbash -> failed, exit 2: no rule (+1 lines)\u001b[39m'), stdout);
  });

  await t.test('followed: what comes, once each', async (t) => {
    const running = vigil(t, ['logs', 'own', '-f', '--last', '1'], { cwd });
    await running.says(/bash -> failed/);
    appendFileSync(own, record({ role: 'assistant', text: 'next thing' }));
    await running.says(/next thing/);
    appendFileSync(own, record({ role: 'assistant', text: 'thing after' }));
    await running.says(/thing after/);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.finished();
    t.equal(code, 0);
    t.equal(stdout.match(/next thing/g)?.length, 1);
    t.notMatch(stdout, /Clean up/, 'nothing before the last');
  });

  await t.test('followed over the end of its host', async (t) => {
    const running = vigil(t, ['logs', 'own', '-f', '--last', '1'], { cwd });
    await running.says(/thing after/);
    const nc = await connectClient(t, cwd);
    const status = await nc.request('vigil.rpc.status', '{}', { timeout: 5_000 });
    process.kill(status.json<{ hosts: { pid: number }[] }>().hosts[0]?.pid ?? 0, 'SIGKILL');
    appendFileSync(own, record({ role: 'assistant', text: 'after the host' }));
    await running.says(/after the host/);
    running.child.kill('SIGTERM');
    t.equal((await running.finished()).stdout.match(/thing after/g)?.length, 1);
  });

  await t.test('over the wire: bounded, and only what is new when asked for', async (t) => {
    const nc = await connectClient(t, cwd);
    const tail = async (body: object) => {
      const reply = await nc.request('vigil.rpc.logs.tail', JSON.stringify(body), { timeout: 10_000 });
      return reply.json();
    };
    const long = record({ role: 'assistant', text: 'w'.repeat(8_000) });
    appendFileSync(own, long.repeat(200));
    const whole = await until(
      'an answer',
      async () => Tail.safeParse(await tail({ agent: 'own', last: 1_000 })).data,
    );
    t.ok(JSON.stringify(whole).length < 600_000, 'a reply has a bound');
    t.equal(whole.events.at(-1)?.index, whole.next - 1);
    t.same(
      whole.events.map(({ index }) => index - (whole.events[0]?.index ?? 0)),
      whole.events.map((_, i) => i),
    );
    t.match(await tail({ agent: 'own', after: whole.next - 1 }), { events: [], next: whole.next });
    appendFileSync(own, record({ role: 'assistant', text: 'news' }));
    t.match(await tail({ agent: 'own', after: whole.next - 1 }), {
      events: [{ index: whole.next, text: 'news' }],
    });
    t.match(await tail({ agent: 'own', last: 0 }), { error: { code: 'BAD_REQUEST', message: /last/ } });
  });

  await t.test('mistakes are named', async (t) => {
    const unknown = await logs('nobody');
    t.equal(unknown.code, 4);
    t.match(unknown.stderr, /no agent nobody/);
    t.equal((await logs('a.*.>')).code, 2);
    t.equal((await logs('own', '--last', '0')).code, 2);
    t.equal((await vigil(t, ['logs', 'own'], { cwd: testFolder(t) }).finished()).code, 5);
  });

  await t.test('ended at once, though the broker is gone', async (t) => {
    const following = vigil(t, ['logs', 'own', '-f', '--last', '1'], { cwd });
    await following.says(/ agent /);
    supervisor.child.kill('SIGTERM');
    await supervisor.finished();
    following.child.kill('SIGINT');
    t.equal((await following.finished()).code, 0);
  });
});

t.test('of a log that lies here, without a supervisor', async (t) => {
  const cwd = testFolder(t);
  const own = join(cwd, 'own.jsonl');
  writeFileSync(
    own,
    record({ role: 'user', text: 'Clean up' }) + record({ role: 'assistant', text: 'Done' }),
  );

  await t.test('its end', async (t) => {
    const { code, stdout } = await vigil(t, ['logs', './own.jsonl', '--last', '1', '--json'], {
      cwd,
    }).finished();
    t.equal(code, 0);
    t.match(jsonLines(stdout), [{ role: 'assistant', text: 'Done' }]);
    t.equal(jsonLines(stdout).length, 1);
    const real = join(ROOT, 'fleet/logs/eps.traj');
    t.match((await vigil(t, ['logs', real], { cwd }).finished()).stdout, /tool +submit -> /);
  });

  await t.test('what comes', async (t) => {
    const following = vigil(t, ['logs', './own.jsonl', '-f'], { cwd });
    await following.says(/ agent +Done$/);
    appendFileSync(own, record({ role: 'user', text: 'And now the tests' }));
    await following.says(/ user +And now the tests$/);
    following.child.kill('SIGINT');
    t.equal((await following.finished()).code, 0);
  });

  await t.test('what is none is said', async (t) => {
    const wrong = (path: string) => vigil(t, ['logs', path], { cwd }).finished();
    t.match(await wrong('./nothing.jsonl'), { code: 4, stderr: /nothing\.jsonl does not exist/ });
    t.match(await wrong('./'), { code: 2, stderr: /not a regular file/ });
  });
});
