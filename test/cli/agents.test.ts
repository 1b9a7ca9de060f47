import { join } from 'node:path';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { Managed } from '../managed/agents.js';
import { CLI, connectClient, jsonLines, ROOT, type Running, until, vigil } from '../system/processes.js';

const LOOPING = join(ROOT, 'fleet/logs/eps.traj');
const FAILING = join(ROOT, 'fleet/logs/openhands-cfn-lint-3561-docker-denied.log');

async function fleet(t: Test): Promise<{ cwd: string; running: Running }> {
  const agents = JSON.stringify([
    { id: 'quiet', logs: [], goal: 'do nothing' },
    { id: 'ctf', logs: [LOOPING] },
    { id: 'fails', logs: [FAILING] },
    { id: 'commanded', logs: [], restart: { command: ['sh', '-c', 'echo came >&2; exit 4'] } },
  ]);
  const cwd = testFolder(t, { 'vigil.config.yaml': `cycle: {intervalMs: 0}\nagents: ${agents}\n` });
  const running = vigil(t, ['start'], { cwd, env: { VIGIL_HEALTH_STATUS_MS: '100' } });
  await running.says(/^Watching\./);
  return { cwd, running };
}

t.test('vigil agents', async (t) => {
  const { cwd } = await fleet(t);
  const agents = (...args: string[]) => vigil(t, ['agents', ...args], { cwd }).finished();
  const managed = Managed.start(t, ['sh', '-c', 'echo up; exec sleep 1000'], { cwd });
  await managed.says(/^up/);
  await until('it to run', async () => {
    const { stdout } = await agents('get', 'a1', '--json');
    return stdout !== '' && JSON.parse(stdout).status.state === 'running';
  });

  await t.test('all of them, those that need a person first', async (t) => {
    const { code, stdout } = await agents('list');
    t.equal(code, 0);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    t.match(head, /^AGENT +STATUS +FOR +BY +REPOSITORY +TOKENS +COST +HEARTBEAT +VERDICT +HOST +GOAL/);
    t.same(
      rows.map((row) => row.split(/\s+/).slice(0, 2)),
      [
        ['fails', 'stuck'],
        ['a1', 'running'],
        ['commanded', 'unknown'],
        ['quiet', 'unknown'],
        ['ctf', 'finished'],
      ],
    );
    t.match(rows.at(-1), /The CTF challenge is/, 'its goal is the one that stands in its log');
    t.match(rows[1], /heartbeat .* ok /);
    const lines = jsonLines((await vigil(t, ['ls', '--json'], { cwd }).finished()).stdout);
    t.same(
      lines.map(({ id }) => id),
      ['fails', 'a1', 'commanded', 'quiet', 'ctf'],
    );
    t.match(lines[0], { status: { state: 'stuck', source: 'verdict', ageMs: Number } });
    const stuck = jsonLines((await agents('ls', '--json', '--state', 'stuck')).stdout);
    t.equal(stuck.length, 1);
    t.match(await agents('list', '--state', 'asleep'), { code: 2, stderr: /--state/ });
  });

  await t.test('one of them', async (t) => {
    const { stdout, code } = await agents('get', 'a1');
    t.equal(code, 0);
    t.match(stdout, /status +running since .* by heartbeat/);
    t.match(stdout, /heartbeat +ok/);
    t.match(
      (await agents('get', 'ctf')).stdout,
      /^goal +The CTF challenge is/m,
      'that of its log, as in the list',
    );
    t.match((await agents('get', 'quiet')).stdout, /^goal +do nothing$/m);
    t.match((await agents('get', 'commanded')).stdout, /^goal +-$/m);
    t.match(await agents('get', 'nobody'), { code: 4, stderr: /no agent nobody/ });
    t.match(await agents('get', 'a.*.>'), { code: 2 });
  });

  await t.test('restart: each accounted for, with an exit code', async (t) => {
    const { code, stdout } = await agents('restart', 'a1', '--reason', 'new key');
    t.equal(code, 0);
    t.match(stdout, /^a1 restarted in \d+\.\d s/);
    await until('the second start', () => managed.stdout.match(/^up/gm)?.length === 2);
    const mixed = await agents('restart', 'a1', 'commanded', 'quiet', 'nobody', '--json');
    t.equal(mixed.code, 1);
    const { restarts, failures } = JSON.parse(mixed.stdout);
    t.equal(restarts.length, 3);
    t.same(failures.map(({ agent, code }: { agent: string; code: string }) => [agent, code]).sort(), [
      ['commanded', 'CRASHED'],
      ['nobody', 'NOT_FOUND'],
      ['quiet', 'UNAVAILABLE'],
    ]);
    t.match((await agents('restart', 'quiet')).stderr, /nobody answers.*restart command/);
    t.equal((await agents('restart', 'nobody')).code, 4);
  });

  await t.test('maintenance of some and of all', async (t) => {
    t.match(await agents('pause', 'quiet', '--reason', 'new disk'), { code: 0, stdout: /quiet is under/ });
    t.match((await agents('get', 'quiet')).stdout, /under maintenance/);
    t.match(await agents('pause', 'nobody'), { code: 4, stderr: /no agent nobody/ });
    t.match(await agents('pause', '--all'), { code: 0, stdout: /the fleet is under maintenance/ });
    t.match((await agents('list')).stdout, /a1 .* maintenance/);
    t.match(JSON.parse((await agents('resume', '--all', '--json')).stdout), {
      resumed: ['quiet'],
      fleet: true,
      released: false,
    });
    t.match(await agents('resume', 'quiet'), { code: 0, stderr: /nothing was paused/ });
    t.match(await agents('pause'), { code: 2, stderr: /name agents, or --all/ });
    t.match(await agents('resume', 'a1', '--all'), { code: 2, stderr: /not both/ });
  });

  await t.test('remove', async (t) => {
    t.match(await agents('remove', 'quiet', 'nobody'), {
      code: 4,
      stdout: 'quiet removed\n',
      stderr: /nobody/,
    });
    t.match(await agents('get', 'quiet'), { code: 4 });
  });

  await t.test('over the wire a command is refused, and whose is needed', async (t) => {
    const nc = await connectClient(t, cwd);
    const ask = async (endpoint: string, body: object) =>
      (await nc.request(`vigil.rpc.${endpoint}`, JSON.stringify(body), { timeout: 10_000 })).json();
    const refused = { error: { code: 'BAD_REQUEST', message: /ids, or fleet: true/ } };
    t.match(await ask('agents.pause', {}), refused);
    t.match(await ask('agents.resume', { ids: ['a1'], fleet: true }), refused);
    t.match(await ask('agents.register', { agents: [{ id: 'x', restart: { command: [CLI] } }] }), {
      error: { code: 'FORBIDDEN' },
    });
  });

  await t.test('without a supervisor', async (t) => {
    t.match(await vigil(t, ['ls'], { cwd: testFolder(t) }).finished(), { code: 5, stderr: /vigil start/ });
  });
});
