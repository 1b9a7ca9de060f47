import { join } from 'node:path';
import t from 'tap';
import { age, agentsOf, CODEX, place } from '../discovery/homes.js';
import { vigil } from '../system/processes.js';

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
