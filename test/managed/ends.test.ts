import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { testFolder } from '../folder.js';
import { isAlive, until } from '../system/processes.js';
import { Managed, node, processesOf } from './agents.js';

// What these wait for is mostly other processes.
t.jobs = 4;

/** What a run ends with, and how often it is run, by policy. */
const ENDS: readonly {
  readonly what: string;
  readonly script: string;
  readonly code: number;
  readonly runs: { readonly never: number; readonly 'on-failure': number; readonly always: number };
}[] = [
  { what: 'exits 0', script: 'exit 0', code: 0, runs: { never: 1, 'on-failure': 1, always: 3 } },
  { what: 'exits 1', script: 'exit 1', code: 1, runs: { never: 1, 'on-failure': 3, always: 3 } },
  {
    what: 'is killed with -9',
    script: 'kill -9 $$',
    code: 137,
    runs: { never: 1, 'on-failure': 3, always: 3 },
  },
];

for (const { what, script, code, runs } of ENDS) {
  t.test(`an agent that ${what}`, { buffered: true }, async (t) => {
    const folder = testFolder(t, { never: {}, 'on-failure': {}, always: {} });
    const run = async (policy: 'never' | 'on-failure' | 'always') => {
      const agent = Managed.start(t, ['sh', '-c', `echo run; ${script}`], {
        cwd: join(folder, policy),
        flags: ['--restart', policy],
        env: { VIGIL_MANAGED_RESTART_MAX_RESTARTS: '2' },
      });
      const finished = await agent.finished();
      t.equal(finished.code, code, `${policy}: its exit code is kept`);
      t.equal(finished.stdout, 'run\n'.repeat(runs[policy]), `${policy}: run ${runs[policy]} times`);
      t.equal(
        /given up: 2 restarts within 300 s/.test(finished.stderr),
        runs[policy] === 3,
        `${policy}: given up only when it was restarted in vain`,
      );
    };
    await Promise.all([run('never'), run('on-failure'), run('always')]);
  });
}

t.test(
  'a crash loop is restarted as often as its intensity allows, the wait doubling, then given up',
  { buffered: true },
  async (t) => {
    const agent = Managed.start(t, ['sh', '-c', 'echo boom >&2; exit 3'], {
      cwd: testFolder(t),
      flags: ['--restart', 'on-failure'],
      env: { VIGIL_MANAGED_RESTART_MAX_RESTARTS: '4', VIGIL_MANAGED_RESTART_MAX_BACKOFF_MS: '100' },
    });
    const { code, stderr } = await agent.finished();
    t.equal(code, 3);
    t.same(
      [...stderr.matchAll(/restart \d of 4 in (\d+) ms/g)].map((match) => Number(match[1])),
      [20, 40, 80, 100],
    );
    t.match(stderr, /exited with code 3; given up: 4 restarts within 300 s did not help/);
    const errors = agent.records('session').filter(({ level }) => level === 'error');
    t.equal(errors.length, 5, 'the judge can read it as well');
  },
);

t.test('an agent that ignores SIGTERM is killed when its grace is over', { buffered: true }, async (t) => {
  const cwd = testFolder(t);
  const agent = Managed.start(
    t,
    node('process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1e6); console.log("up")'),
    {
      cwd,
      env: { VIGIL_MANAGED_GRACE_MS: '300', TEST_CWD: cwd },
    },
  );
  await agent.says(/^up$/);
  agent.child.kill('SIGTERM');
  const { code, stdout, stderr } = await agent.finished();
  t.equal(code, 137);
  t.match(stdout, /no/, 'it was asked first');
  t.match(stderr, /ended by SIGKILL \(code 137\); stopped as asked/);
  t.same(processesOf(cwd), []);
});

t.test(
  'a signal reaches the agent as it is, and is no reason to restart it',
  { buffered: true },
  async (t) => {
    const folder = testFolder(t, { SIGINT: {}, SIGTERM: {}, SIGHUP: {} });
    const run = async (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => {
      const script = `process.on('${signal}', () => { console.log('bye'); process.exit(9) }); setInterval(() => {}, 1e6); console.log('up')`;
      const agent = Managed.start(t, node(script), {
        cwd: join(folder, signal),
        flags: ['--restart', 'always'],
      });
      await agent.says(/^up$/);
      agent.child.kill(signal);
      const { code, stdout } = await agent.finished();
      t.equal(code, 9, signal);
      t.equal(stdout, 'up\nbye\n');
    };
    await Promise.all([run('SIGINT'), run('SIGTERM'), run('SIGHUP')]);
  },
);

t.test('the second signal ends it by force, whatever the grace', { buffered: true }, async (t) => {
  const script =
    'process.on("SIGINT", () => console.log("wait")); setInterval(() => {}, 1e6); console.log("up")';
  const agent = Managed.start(t, node(script), {
    cwd: testFolder(t),
    env: { VIGIL_MANAGED_GRACE_MS: '600000' },
  });
  await agent.says(/^up$/);
  agent.child.kill('SIGINT');
  await agent.says(/^wait$/);
  agent.child.kill('SIGINT');
  t.equal((await agent.finished()).code, 137);
});

const FAMILY =
  'sleep 1000 & (trap "" TERM; while :; do sleep 0.05; done) & sh -c "sleep 1000 & wait" & echo up;';

t.test('what an agent started goes with it', { buffered: true }, async (t) => {
  for (const [how, rest] of [
    ['it ends by itself', 'exit 4'],
    ['it is stopped', 'wait'],
  ] as const) {
    const cwd = testFolder(t);
    const agent = Managed.start(t, ['sh', '-c', `${FAMILY} ${rest}`], {
      cwd,
      env: { VIGIL_MANAGED_GRACE_MS: '200', TEST_CWD: cwd },
    });
    await agent.says(/^up$/);
    if (rest === 'wait') agent.child.kill('SIGTERM');
    const { code } = await agent.finished();
    t.equal(code, rest === 'wait' ? 143 : 4, how);
    t.same(processesOf(cwd), [], `${how}: none is left`);
  }
});

t.test(
  'a process that has left the group and holds the output does not hold up the end',
  { buffered: true },
  async (t) => {
    const cwd = testFolder(t);
    const agent = Managed.start(t, ['sh', '-c', 'setsid sleep 1000 & echo $!; exit 5'], { cwd });
    const pid = Number(await agent.says(/^\d+$/));
    t.teardown(() => process.kill(pid, 'SIGKILL'));
    t.equal((await agent.finished()).code, 5);
  },
);

t.test('a stopped agent can be ended', { buffered: true }, async (t) => {
  const agent = Managed.start(t, ['sh', '-c', 'echo $$; sleep 1000'], { cwd: testFolder(t) });
  const pid = Number(await agent.says(/^\d+$/));
  process.kill(-pid, 'SIGSTOP');
  agent.child.kill('SIGTERM');
  t.equal((await agent.finished()).code, 143);
});

t.test('the one that reads its output goes away: the agent goes on', { buffered: true }, async (t) => {
  const script =
    'let n = 0; const i = setInterval(() => { console.log("line " + n++); if (n > 30) { clearInterval(i); process.exitCode = 6 } }, 10)';
  const agent = Managed.start(t, node(script), { cwd: testFolder(t) });
  await agent.says(/^line 1$/);
  agent.child.stdout?.destroy();
  const [code] = await once(agent.child, 'exit');
  t.equal(code, 6);
  t.equal(agent.texts('stdout').at(-1), 'line 30', 'and is taken down to its end');
});

t.test(
  'an agent is run once at a time; what a killed runner left is ended by its successor',
  { buffered: true },
  async (t) => {
    const cwd = testFolder(t);
    const first = Managed.start(t, ['sh', '-c', 'echo $$; sleep 1000'], { cwd });
    const left = Number(await first.says(/^\d+$/));
    const second = await Managed.start(t, ['echo', 'two'], { cwd }).finished();
    t.equal(second.code, 1);
    t.match(second.stderr, /agent a1 is run by process \d+ already; end that one first/);
    t.ok(isAlive(left), 'the first is not touched');

    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const third = await Managed.start(t, ['echo', 'three'], { cwd }).finished();
    t.equal(third.stdout, 'three\n');
    await until('the process left behind to be gone', () => !isAlive(left));
  },
);

t.test(
  'a note of a process id that another process has now is no obstacle',
  { buffered: true },
  async (t) => {
    const note = {
      runner: { pid: process.pid, startedAt: '1' },
      agent: { pid: process.pid, startedAt: '2' },
    };
    const cwd = testFolder(t, { '.vigil': { agents: { a1: { 'running.json': JSON.stringify(note) } } } });
    t.equal((await Managed.start(t, ['echo', 'mine'], { cwd }).finished()).stdout, 'mine\n');
  },
);
