import { spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { testFolder } from '../folder.js';
import { CLI, cleanEnvironment, connectClient, jsonLines, until, vigil } from '../system/processes.js';
import { KEYS, NO_TERMINAL, Terminal } from './top/terminal.js';

const line = (record: object) => `${JSON.stringify({ at: new Date().toISOString(), ...record })}\n`;

t.test(
  'vigil replay: the events as the log has them, with what was said of them at each point',
  async (t) => {
    const cwd = testFolder(t);
    const log = join(cwd, 'a.jsonl');
    writeFileSync(log, line({ role: 'user', text: 'Count the files.' }));
    for (let i = 0; i < 30; i++)
      appendFileSync(log, line({ tool: 'bash', input: `ls ${i}`, output: `file-${i}`, id: `c${i}` }));
    const agents = [{ id: 'a', logs: [log] }];
    writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify({ agents, cycle: { intervalMs: 0 } }));
    const running = vigil(t, ['start'], { cwd });
    await running.says(/^Watching\./);
    const nc = await connectClient(t, cwd);
    for (let i = 0; i < 8; i++)
      appendFileSync(
        log,
        line({ tool: 'bash', input: 'make', output: 'Error: no rule', exitCode: 2, id: `m${i}` }),
      );
    await nc.request('vigil.rpc.analyze', '{}', { timeout: 30_000 });

    const whole = jsonLines((await vigil(t, ['replay', 'a', '--json'], { cwd }).finished()).stdout);
    const events = whole.filter((item) => 'event' in item).map(({ event }) => event as { index: number });
    t.same(
      events.map(({ index }) => index),
      Array.from({ length: events.length }, (_, i) => i),
      'all of them, in order',
    );
    t.equal(events.length, 1 + 60 + 16);
    const verdicts = whole.flatMap((item, i) => ('verdict' in item ? [{ at: i, ...(item as object) }] : []));
    t.match(verdicts, [
      { at: 61, verdict: { verdict: { eventCount: 61, needsSteering: false } } },
      { at: 78, verdict: { verdict: { eventCount: 77, needsSteering: true } } },
    ]);

    const part = (await vigil(t, ['replay', 'a', '--from', '65', '--to', '66'], { cwd }).finished()).stdout;
    t.match(part, /^ +──▶ .* fine, /, 'what stood at that point');
    t.match(part, /\n +65 [^\n]*\n +66 [^\n]*\n$/);

    const step = (input: string) =>
      spawnSync(process.execPath, [CLI, 'replay', 'a', '--step'], { cwd, input, env: cleanEnvironment() });
    const stepped = step('\n\nv\nq\n').stdout.toString().trimEnd().split('\n');
    t.match(stepped.slice(0, 3), [/^ +0 /, /^ +1 /, /^ +2 /]);
    t.match(stepped[61], /──▶/, 'on to the next verdict');
    t.equal(stepped.length, 62);

    t.match(await vigil(t, ['replay', 'nobody'], { cwd }).finished(), { code: 4, stderr: /no agent nobody/ });
    t.match(await vigil(t, ['replay', 'a', '--from', '-1'], { cwd }).finished(), {
      code: 2,
      stderr: /--from/,
    });
  },
);

t.test('vigil replay --step on a terminal: however it ends, it ends', { skip: NO_TERMINAL }, async (t) => {
  const cwd = testFolder(t);
  const log = join(cwd, 'a.jsonl');
  writeFileSync(log, line({ role: 'user', text: 'Count the files.' }) + line({ tool: 'bash', input: 'ls' }));
  const agents = [{ id: 'a', logs: [log] }];
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify({ agents, cycle: { intervalMs: 0 } }));
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching\./);
  const open = (agent: string) => Terminal.open(t, { cwd, args: ['replay', agent, '--step'] });

  const typo = open('typo');
  t.equal((await typo.left()).what, 'exit 4');
  for (const [key, end] of [
    ['q\n', 'exit 0'],
    [KEYS.ctrlC, 'exit 130'],
  ] as const) {
    const terminal = open('a');
    await until('the first event', () => /Count the files/.test(terminal.screen.plain) || undefined);
    terminal.type(key);
    t.equal((await terminal.left()).what, end);
  }
});
