import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { addText, age, agentsOf, CODEX, codexSession, place } from '../discovery/homes.js';
import { connectClient, jsonLines, ROOT, run, until, vigil } from '../system/processes.js';
import { FaultProxy } from '../system/proxy.js';

t.test(
  'beside a supervisor that runs: its agents stay, those of an earlier watch are brought up to date',
  async (t) => {
    const { cwd, home, env } = place(t);
    const supervisor = vigil(t, ['start'], { cwd, env });
    await supervisor.says(/^Watching\./);
    const first = await vigil(t, ['watch', '--once'], { cwd, env }).finished();
    t.match(first.stdout, /work-checkout-2d984148/);
    t.notMatch(first.stdout, /^ctf-eps /m, 'the table shows the sessions');
    t.equal((await agentsOf(t, cwd)).length, 8 + 3);
    age(join(home, CODEX), 48);
    await vigil(t, ['watch', '--once'], { cwd, env }).finished();
    const agents = (await agentsOf(t, cwd)).map(({ id }) => id);
    t.equal(agents.length, 8 + 2);
    t.notOk(agents.includes('shop-api-456789ab'));
  },
);

t.test('a supervisor that was killed is no obstacle', async (t) => {
  const { cwd, env } = place(t);
  const killed = vigil(t, ['watch'], { cwd, env });
  await killed.says(/^Watching 3/);
  killed.child.kill('SIGKILL');
  await killed.finished();
  const { code, stdout, stderr } = await vigil(t, ['watch', '--once'], { cwd, env }).finished();
  t.ok(code === 0 || code === 3, stderr);
  t.match(stdout, /work-checkout-2d984148/);
});

t.test('a result that comes while its broker cannot be reached is shown all the same', async (t) => {
  const { cwd, home, env } = place(t);
  addText(home, CODEX, codexSession('/srv/shop api', 'Speed up the search, and take 5000 ms'));
  const supervisor = run(t, join(ROOT, 'dist/test/system/supervisor-process.js'), [], { cwd, env });
  await supervisor.says(/^ready$/);
  const { url, nkeyFile } = JSON.parse(readFileSync(join(cwd, '.vigil/supervisor.json'), 'utf8'));
  const proxy = await FaultProxy.to(Number(new URL(url).port));
  t.teardown(() => proxy.close());
  const nc = await connectClient(t, cwd);
  let isJudged = false;
  nc.subscribe('vigil.result.analyze', {
    callback: () => {
      isJudged = true;
    },
  });
  await nc.flush();
  const elsewhere = join(cwd, 'elsewhere');
  mkdirSync(elsewhere);
  const watch = vigil(t, ['watch', '--once', '--json'], {
    cwd: elsewhere,
    env: { ...env, VIGIL_NATS_URL: `nats://127.0.0.1:${proxy.port}`, VIGIL_NATS_NKEY_FILE: nkeyFile },
  });
  await watch.says(/monorepo-v2-d6e0bada/);
  proxy.goDeaf();
  await until('the analysis', () => isJudged, 30_000);
  proxy.recover();
  const { code, stdout, stderr } = await watch.finished();
  t.ok(code === 0 || code === 3, `${code}: ${stderr}`);
  const subjects = jsonLines(stdout).map(({ subject }) => subject);
  t.same(new Set(subjects).size, subjects.length, 'each once');
  t.match(subjects.slice(-2), ['vigil.result.analyze', 'vigil.result.coherence']);
  t.ok(subjects.some((subject) => /result\.analysis\.shop-api/.test(String(subject))));
});
