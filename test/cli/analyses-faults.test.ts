import { join } from 'node:path';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { brokerOf, jsonLines, ROOT, until, vigil } from '../system/processes.js';

const DONE = join(ROOT, 'fleet/logs/BabyEncryption.traj');

t.setTimeout(120_000);

t.test('an analysis whose fleet is in trouble', async (t) => {
  const cwd = testFolder(t, {
    'vigil.config.yaml': `cycle: {intervalMs: 0}\nagents: ${JSON.stringify([{ id: 'works', logs: [DONE] }])}\n`,
  });
  // A host that is stopped for a while does not lose its agents.
  const running = vigil(t, ['start'], { cwd, env: { VIGIL_HOSTS_LEASE_MS: '300000' } });
  await running.says(/^Watching\./);
  const run = (...args: string[]) => vigil(t, args, { cwd }).finished();

  await t.test('a host that hangs: not in time, and Ctrl-C lets go of a request that goes on', async (t) => {
    const host = await hang(t, cwd);
    const late = await run('analyze', 'works', '--force', '--timeout', '1');
    t.match(late, { code: 6, stderr: /works: TIMEOUT/ });
    const waiting = vigil(t, ['analyze', 'works', '--force'], { cwd });
    await until('it to run', async () => (await requestsOf(cwd)) > 0);
    waiting.child.kill('SIGINT');
    const { code, stdout, stderr } = await waiting.finished();
    t.equal(code, 130);
    t.equal(stdout, '');
    const [, id = ''] =
      /the request goes on; its result: vigil analyze --request-id (\S+)/.exec(stderr) ?? [];
    host.goOn();
    t.match(await run('analyze', '--request-id', id), { code: 0, stdout: /^works /m });
  });

  await t.test('a broker that is killed meanwhile costs nothing', async (t) => {
    const host = await hang(t, cwd);
    const waiting = vigil(t, ['analyze', 'works', '--force', '--json'], { cwd });
    await until('it to run', async () => (await requestsOf(cwd)) > 0);
    const broker = brokerOf(running.child.pid ?? 0) ?? 0;
    t.ok(broker > 0);
    process.kill(broker, 'SIGKILL');
    await until('another broker', () => {
      const now = brokerOf(running.child.pid ?? 0);
      return now !== undefined && now !== broker;
    });
    host.goOn();
    const { code, stdout, stderr } = await waiting.finished();
    t.equal(code, 0, stderr);
    t.match(stderr, /lost; trying again/);
    t.match(jsonLines(stdout).at(-1), { subject: 'vigil.result.analyze', requested: 1, failures: [] });
  });

  async function statusOf(cwd: string) {
    return JSON.parse((await vigil(t, ['status', '--json'], { cwd }).finished()).stdout);
  }

  async function requestsOf(cwd: string): Promise<number> {
    return (await statusOf(cwd)).requests.running;
  }

  /** The host does nothing until it may go on; its lease is long enough for that. */
  async function hang(t: Test, cwd: string): Promise<{ goOn(): void }> {
    const [{ pid }] = (await statusOf(cwd)).hosts;
    process.kill(pid, 'SIGSTOP');
    const goOn = () => void process.kill(pid, 'SIGCONT');
    t.teardown(goOn);
    return { goOn };
  }
});
