import { join } from 'node:path';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { jsonLines, ROOT, type Running, vigil } from '../system/processes.js';

const FAILING = join(ROOT, 'fleet/logs/openhands-cfn-lint-3561-docker-denied.log');
const DONE = join(ROOT, 'fleet/logs/BabyEncryption.traj');

async function fleet(t: Test): Promise<{ cwd: string; running: Running }> {
  const agents = JSON.stringify([
    { id: 'fails', logs: [FAILING] },
    { id: 'works', logs: [DONE] },
    { id: 'gone', logs: ['/nowhere/agent.jsonl'] },
  ]);
  const cwd = testFolder(t, { 'vigil.config.yaml': `cycle: {intervalMs: 0}\nagents: ${agents}\n` });
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching\./);
  return { cwd, running };
}

t.setTimeout(120_000);

t.test('analyses over a running supervisor', async (t) => {
  const { cwd, running } = await fleet(t);
  const run = (...args: string[]) => vigil(t, args, { cwd }).finished();

  await t.test('analyze: verdicts as a table, failures on standard error, exit codes', async (t) => {
    const all = await run('analyze', '--force');
    t.equal(all.code, 3, 'one needs a person');
    const [head, ...rows] = all.stdout.trimEnd().split('\n');
    t.match(head, /^AGENT +PHASE +ALIGNED +STEERING/);
    t.same(
      rows.map((row) => row.split(/\s+/)[0]),
      ['fails', 'works'],
    );
    t.match(rows[0], /errors .*the same error \d+ times/);
    t.match(all.stderr, /^Analysing\n/);
    t.match(all.stderr, /failed: gone: NOT_FOUND.* does not exist/);
    t.match(await run('analyze', 'works'), { code: 0, stdout: /^works /m, stderr: 'Analysing\n' });
    t.match(await run('analyze', 'works', 'gone'), { code: 1, stdout: /^works /m });
    t.match(await run('analyze', 'works', 'nobody'), { code: 4, stderr: /nobody: NOT_FOUND/ });
    t.match(await run('analyze', 'a.*.>'), { code: 2, stderr: /AGENT: expected/ });
    t.match(await run('analyze', '--timeout', '0'), { code: 2, stderr: /deadlineMs/ });
  });

  await t.test('--json: each result as it comes, the final one last', async (t) => {
    const { code, stdout, stderr } = await run('analyze', 'fails', 'works', '--force', '--json');
    t.equal(code, 3);
    t.equal(stderr, '');
    const lines = jsonLines(stdout);
    t.same(lines.map(({ subject }) => subject).sort(), [
      'vigil.result.analysis.fails',
      'vigil.result.analysis.works',
      'vigil.result.analyze',
    ]);
    t.match(lines.at(-1), { subject: 'vigil.result.analyze', requested: 2, failures: [] });
    t.equal(new Set(lines.map(({ requestId }) => requestId)).size, 1);
  });

  await t.test('a request id: run once, its result given again', async (t) => {
    const first = jsonLines((await run('analyze', 'works', '--request-id', 'nightly', '--json')).stdout).at(
      -1,
    );
    t.equal(first?.['requestId'], 'nightly');
    const again = jsonLines((await run('analyze', 'works', '--request-id', 'nightly', '--json')).stdout).at(
      -1,
    );
    t.equal(again?.['finishedAt'], first?.['finishedAt']);
    t.match(await run('coherence', '--request-id', 'nightly'), {
      code: 1,
      stderr: /no coherence; give another --request-id/,
    });
    t.match(await run('analyze', '--request-id', 'any text at all', '--json', 'works'), { code: 0 });
  });

  await t.test('--no-wait: only the id; its result can be had later', async (t) => {
    const { code, stdout } = await run('cycle', '--no-wait');
    t.equal(code, 0);
    const id = stdout.trim();
    t.match(id, /^[A-Za-z0-9_-]+$/);
    t.match(JSON.parse((await run('coherence', '--no-wait', '--json')).stdout), { requestId: String });
    const result = jsonLines((await run('cycle', '--request-id', id, '--json')).stdout).at(-1);
    t.match(result, { requestId: id, requested: 3, interventions: Array });
  });

  await t.test('emergency, cycle, coherence', async (t) => {
    const emergency = await run('emergency', 'fails', '--reason', 'red', '--json');
    t.equal(emergency.code, 3);
    t.match(jsonLines(emergency.stdout).at(-1), { reason: 'red', requested: 1, coherence: { agents: 2 } });
    const whole = await run('emergency');
    t.match(whole.stdout, /^fails /m);
    t.match(whole.stdout, /^Fleet: coherence /m);
    t.match(await run('cycle'), { code: 3, stdout: /^Fleet: coherence /m });
    const coherence = await run('coherence');
    t.match(coherence, { code: 3, stdout: /^Fleet: coherence .* 1 need steering/m });
    t.notMatch(coherence.stdout, /AGENT/);
  });

  await t.test('without a supervisor', async (t) => {
    running.child.kill('SIGTERM');
    await running.finished();
    for (const command of ['analyze', 'emergency', 'cycle', 'coherence'])
      t.match(await run(command), { code: 5, stderr: /no supervisor runs/ });
  });
});
