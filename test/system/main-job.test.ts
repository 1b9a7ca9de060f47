import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { testFolder } from '../folder.js';
import { isAlive, jsonLines, until, vigil } from './processes.js';

interface Analysis {
  agent: string;
  needsSteering: boolean;
  steeringType?: string;
  alignmentScore: number;
  evidence: { rule: string; events: number[] }[];
  goal: string;
}

t.test('start --once --json analyses the sample fleet and says who is stuck, and why', async (t) => {
  const cwd = testFolder(t);
  const { code, stdout, stderr } = await vigil(t, ['start', '--once', '--json'], { cwd }).finished();
  t.equal(code, 0, stderr);
  const lines = jsonLines(stdout);
  const analyses = lines.flatMap((line) =>
    line['analysis'] === undefined ? [] : [line['analysis'] as Analysis],
  );
  t.equal(analyses.length, 8);
  const of = (agent: string) => analyses.find((each) => each.agent === agent);

  const stuck = of('ctf-eps');
  t.equal(stuck?.steeringType, 'loop');
  t.same(
    stuck?.evidence.find(({ rule }) => rule === 'repeated-action')?.events,
    [30, 31, 32, 33, 34, 35, 36, 37],
    'the four submits and their refusals',
  );
  t.equal(of('cfn-lint-3561')?.steeringType, 'errors');
  for (const agent of [
    'ctf-baby-encryption',
    'marshmallow-shell',
    'marshmallow-tools',
    'nav-initials',
    'xterm-scrollback',
    'explore-codebase',
  ]) {
    t.equal(of(agent)?.needsSteering, false, `${agent} works`);
  }
  t.match(of('nav-initials')?.goal, /initials/);

  const final = lines.find((line) => line['subject'] === 'vigil.result.analyze');
  t.match(final, { items: { length: 8 } });
  t.same(final?.['failures'], []);
  const coherence = lines.find((line) => line['subject'] === 'vigil.result.coherence');
  t.match(coherence?.['items'], [
    { agents: 8, duplicates: [{ agents: ['marshmallow-shell', 'marshmallow-tools'] }] },
  ]);
});

t.test('start shows a table, keeps watching, and ends in order at Ctrl-C', async (t) => {
  const cwd = testFolder(t);
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching\./);
  t.match(running.stdout, /^AGENT\s+PHASE\s+ALIGNED\s+STEERING\s+WHY\s+GOAL/m);
  t.match(running.stdout, /^ctf-eps\s.*\bloop\b.*submit flag/m);
  t.match(running.stdout, /coherence 0\.\d\d/);
  t.notOk(running.stdout.includes('\x1b'), 'no control sequences where there is no terminal');
  const status = await vigil(t, ['status', '--json'], { cwd }).finished();
  const { hosts } = JSON.parse(status.stdout);
  const broker = JSON.parse(readFileSync(join(cwd, '.vigil/nats/running.json'), 'utf8')).pid;
  t.ok(isAlive(broker));

  running.child.kill('SIGINT');
  const { code, stderr } = await running.finished();
  t.equal(code, 0, stderr);
  await until('host and broker to be gone', () => !isAlive(broker) && !isAlive(hosts[0].pid));
});

t.test('what was judged survives a restart, and a second supervisor is refused', async (t) => {
  const cwd = testFolder(t);
  const first = vigil(t, ['start'], { cwd });
  await first.says(/^Watching\./);
  const second = await vigil(t, ['start', '--once'], { cwd }).finished();
  t.equal(second.code, 1);
  t.match(second.stderr, /another supervisor runs on .*stop it first/);
  t.notMatch(second.stderr, /\n\s+at /, 'no stack trace');
  first.child.kill('SIGTERM');
  t.equal((await first.finished()).code, 0);

  const again = vigil(t, ['start'], { cwd });
  await again.says(/^Watching\./);
  const { default: Database } = await import('../../src/store/sqlite.js');
  const database = new Database(join(cwd, '.vigil/vigil.db'), { readonly: true });
  t.teardown(() => database.close());
  const count = database.prepare("select count(*) as n from analyses where agent = 'ctf-eps'").get() as {
    n: number;
  };
  t.equal(count.n, 2, 'one of each run');
});
