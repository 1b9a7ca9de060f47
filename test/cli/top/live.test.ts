import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { testFolder } from '../../folder.js';
import { Managed } from '../../managed/agents.js';
import { connectClient, jsonLines, ROOT, type Running, until, vigil } from '../../system/processes.js';
import { KEYS, NO_TERMINAL, Terminal } from './terminal.js';

t.setTimeout(120_000);

const record = (fields: object) => `${JSON.stringify({ timestamp: new Date().toISOString(), ...fields })}\n`;
const FAILING = join(ROOT, 'fleet/logs/openhands-cfn-lint-3561-docker-denied.log');
/** It would clear the screen, name the window, hide text, and turn the line round. */
const HOSTILE = 'a\u001b[2J\u001b]0;owned\u0007b\u202ec\u009b31m\r\n漢字 👩\u200d👧 שלום e\u0301';

/** A supervisor with a real log that needs steering, one that the test writes, and one that never says anything. */
async function fleet(t: Test): Promise<{ cwd: string; own: string; supervisor: Running }> {
  const cwd = testFolder(t);
  const own = join(cwd, 'own.jsonl');
  writeFileSync(
    own,
    record({ role: 'user', text: 'Clean up' }) +
      record({ tool: 'bash', input: HOSTILE, output: 'ok', exitCode: 0 }),
  );
  const agents = [
    { id: 'failing', logs: [FAILING], steer: 'ask' },
    { id: 'own', logs: [own] },
    { id: 'quiet', logs: [] },
  ];
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify({ agents, cycle: { intervalMs: 0 } }));
  return { cwd, own, supervisor: await startIn(t, cwd) };
}

async function startIn(t: Test, cwd: string): Promise<Running> {
  const supervisor = vigil(t, ['start'], { cwd, env: { VIGIL_HEALTH_STATUS_MS: '100' } });
  await supervisor.says(/^Watching\./);
  return supervisor;
}

/** The agents as the table has them, from the top. */
function agentsOf({ screen }: Terminal): string[] {
  const from = screen.lines.findIndex((line) => line.includes('AGENT'));
  return screen.lines.slice(from + 1, -1).flatMap((line) => /^[!?*=+ ] (\S+) /.exec(line)?.[1] ?? []);
}

t.test('a live fleet on a terminal', { skip: NO_TERMINAL }, async (t) => {
  const { cwd, own, supervisor } = await fleet(t);
  const nc = await connectClient(t, cwd);
  const ask = async <T>(endpoint: string, body: object): Promise<T> =>
    (await nc.request(`vigil.rpc.${endpoint}`, JSON.stringify(body), { timeout: 20_000 })).json<T>();
  const ls = async () => jsonLines((await vigil(t, ['ls', '--json'], { cwd }).finished()).stdout);
  const top = Terminal.open(t, { cwd, size: [160, 32] });

  await t.test('shows what vigil ls shows, in its order', async (t) => {
    await top.shows(/^\* failing +stuck .* errors/);
    await top.shows(/own .*bash/);
    const listed = await ls();
    t.same(
      agentsOf(top),
      listed.map(({ id }) => id),
    );
    await top.shows(/coherence \d\.\d\d .*1 host .*broker ok/);
    await top.shows(/^vigil top +3 agents +0 for you +1 in trouble/);
  });

  await t.test('text of agents moves no cursor, and the columns stand', async (t) => {
    const line = await top.shows(/own .*bash/);
    t.match(line, /bash: a \]0;owned b c 31m 漢字/);
    t.equal(
      line.indexOf('bash:'),
      top.screen.lines.find((each) => each.includes('AGENT'))?.indexOf('LAST ACTION'),
    );
    t.same(top.screen.unknown, []);
  });

  await t.test('is live: a verdict, agents that come and go', async () => {
    appendFileSync(own, record({ tool: 'bash', input: 'make everything', output: 'no rule', exitCode: 2 }));
    await ask('analyze', { agents: ['own'] });
    await top.shows(/own .*make everything \(failed\)/);
    await ask('agents.register', { agents: [{ id: 'newcomer', logs: [own] }] });
    await top.shows(/^ +newcomer/);
    await ask('agents.remove', { ids: ['newcomer'] });
    await top.hides(/newcomer/);
  });

  await t.test('only words, only who needs a person, by column', async () => {
    const shows = (...wanted: string[]) =>
      until(`${wanted}`, () => agentsOf(top).join() === wanted.join(), 60_000);
    top.type('/QUI');
    await shows('quiet');
    await top.shows(/^\/ QUI$/);
    top.type(KEYS.enter);
    await top.shows(/\/QUI: 1 of 3/);
    top.type(KEYS.escape);
    await top.hides(/QUI/);
    top.type('a');
    await shows('failing');
    await top.shows(/only who needs you: 1 of 3/);
    top.type('a');
    await top.hides(/only who needs you/);
    top.type('ss');
    await top.shows(/sort by/);
    await shows('failing', 'own', 'quiet');
    top.type('r');
    await shows('quiet', 'own', 'failing');
    top.type(KEYS.escape);
    await until('the order of need', () => agentsOf(top)[0] === 'failing');
  });

  await t.test('looks at an agent: verdict, evidence, events that follow', async (t) => {
    top.type('/own\r\r');
    await top.shows(/^own +\S+ for \d+\w+, by/);
    await top.shows(/^goal +Clean up/);
    await top.shows(/make everything/);
    appendFileSync(own, record({ role: 'assistant', text: `next thing ${HOSTILE}` }));
    await top.shows(/next thing a \[2J/);
    t.same(top.screen.unknown, []);
    top.type(KEYS.escape);
    await top.shows(/AGENT/);
    top.type(KEYS.escape);
    await top.shows(/failing/);
    top.type(KEYS.enter);
    await top.shows(/^evidence +/);
    await top.shows(/needs steering: errors/);
    top.type('q');
    await top.shows(/AGENT/);
  });

  await t.test('tells an agent something, once it is confirmed', async (t) => {
    top.type('/own\rS');
    await top.shows(/tell own:/);
    t.ok(top.screen.isCursorShown, 'one sees where one types');
    top.type('Leave it 漢字.\r');
    await top.shows(/Tell own: Leave it 漢字\./);
    top.type('y');
    await top.shows(/own: (?:waiting|delivered|queued)/);
    const { interventions } = await ask<{ interventions: object[] }>('interventions.list', { agent: 'own' });
    t.match(interventions, [{ message: 'Leave it 漢字.', type: 'manual' }]);
    top.type(KEYS.escape);
  });

  await t.test('decides what an agent is to be told', async (t) => {
    await ask('cycle', {});
    await top.shows(/^\? failing .* approve\?/);
    await top.shows(/1 for you/);
    top.type('gn');
    await top.shows(/Do not tell failing: /);
    top.type('y');
    await top.shows(/failing: will not be told/);
    await top.shows(/^\* failing/);
    const { interventions } = await ask<{ interventions: object[] }>('interventions.list', {
      agent: 'failing',
    });
    t.match(interventions[0], { state: 'rejected' });
  });

  await t.test('pauses, analyses, restarts', async (t) => {
    const managed = Managed.start(t, ['sh', '-c', 'echo up; exec sleep 1000'], { cwd });
    await managed.says(/^up/);
    top.type('/a1\r');
    await top.shows(/^ +a1 +running/);
    top.type('P');
    await top.shows(/Leave a1 alone/);
    top.type('y');
    await top.shows(/^= a1/);
    top.type('P');
    await top.shows(/^ +a1 +running/);
    top.type('R');
    await top.shows(/Restart a1\?/);
    top.type('y');
    await top.shows(/a1: restarted/);
    await top.shows(/a1 .* 1$/);
    top.type(KEYS.escape);
    top.type('/own\rA');
    await top.shows(/^own: /);
    top.type(KEYS.escape);
    t.same(top.screen.unknown, []);
  });

  await t.test('on a terminal of another size', async (t) => {
    top.resize(40, 12);
    await until('a narrow table', () =>
      /^ +AGENT +STATE +FOR +STEERING$/.test(top.screen.lines.find((each) => each.includes('AGENT')) ?? ''),
    );
    await top.shows(/failing/);
    top.resize(160, 32);
    await top.shows(/LAST ACTION/);
    t.same(top.screen.unknown, []);
  });

  await t.test('the supervisor goes and comes back', async (t) => {
    supervisor.child.kill('SIGKILL');
    await top.shows(/^away since \d+ s /);
    await top.shows(/failing +stuck\?/);
    t.equal(top.screen.styleOf('unknown?'), '2', 'what is old is grey');
    const { pid } = JSON.parse(readFileSync(join(cwd, '.vigil/supervisor.json'), 'utf8'));
    t.equal(pid, supervisor.child.pid);
    await startIn(t, cwd);
    await top.hides(/away since/);
    await top.shows(/failing +stuck /);
  });

  top.type('q');
  t.equal((await top.left()).what, 'exit 0');
});

t.test('NO_COLOR: no colours', { skip: NO_TERMINAL }, async (t) => {
  const { cwd } = await fleet(t);
  const top = Terminal.open(t, { cwd, env: { NO_COLOR: '1' } });
  await top.shows(/^\* failing +stuck/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with a control character
  const codes = new Set([...top.raw.matchAll(/\u001b\[([0-9;]*)m/g)].map(([, code]) => code));
  t.same(
    [...codes].filter((code) => !['0', '1', '2', '7'].includes(code ?? '')),
    [],
  );
});
