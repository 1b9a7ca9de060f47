import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { until, vigil } from '../system/processes.js';

async function fleet(t: Test) {
  const cwd = testFolder(t, { 'vigil.config.yaml': 'cycle: {intervalMs: 0}\ntasks: {backoffMs: 0}\n' });
  await vigil(t, ['start'], { cwd }).says(/^Watching\./);
  return { cwd, tasks: (...args: string[]) => vigil(t, ['tasks', ...args], { cwd }).finished() };
}

t.test('vigil tasks', async (t) => {
  const { tasks } = await fleet(t);
  await Promise.all([
    tasks('add', 'Port the parser', '--id', 'parser', '--priority', 'high'),
    tasks('add', 'One', '--id', 's1'),
    tasks('add', 'One', '--id', 'y1'),
  ]);
  await Promise.all([
    tasks('add', 'Test it', '--id', 'test', '--depends-on', 'parser'),
    tasks('add', 'Two', '--id', 'y2', '--depends-on', 'y1'),
  ]);

  await t.test('claim, start, heartbeat, fail, release, complete', async (t) => {
    const claim = async () => {
      const { stdout } = await tasks('claim', '--agent', 'a1', '--json');
      return JSON.parse(stdout) as { id: string; token: number };
    };
    const { id, token } = await claim();
    t.equal(id, 'parser', 'the most urgent one');
    t.match(await tasks('start', id, '--token', String(token), '--lease', '60'), { code: 0, stdout: /60 s/ });
    t.match(await tasks('heartbeat', id, '--token', String(token)), {
      code: 0,
      stdout: 'parser is still yours\n',
    });
    t.match(await tasks('complete', id, '--token', '1'), { code: 1, stderr: /parser: the token is not/ });
    t.match(await tasks('fail', id, '--token', String(token), '--reason', 'red'), {
      code: 0,
      stdout: /is ready/,
    });
    t.match(await tasks('heartbeat', id, '--token', String(token)), { code: 1, stderr: /parser/ });
    const second = await claim();
    t.match(await tasks('release', id, '--token', String(second.token)), { code: 0 });
    const third = await claim();
    t.match(await tasks('complete', id, '--token', String(third.token), '--result', '{"ok": true}'), {
      code: 0,
      stdout: 'parser is done; ready now: test\n',
    });
    t.match(await tasks('claim', '--agent', 'a2', '--phase', 'none'), {
      code: 4,
      stderr: /nothing to claim/,
    });
    t.match(await tasks('claim', '--agent', 'a2', '--limit', '2'), {
      code: 0,
      stdout: /^\w+ \d+ \w+\n\w+ \d+ \w+/,
    });
    t.match(await tasks('claim'), { code: 2, stderr: /--agent/ });
  });

  await t.test('reprioritise, explain', async (t) => {
    t.match(
      await tasks('reprioritise', 's1', '--priority', 'critical', '--deadline', '2020-01-01T00:00:00Z'),
      {
        code: 0,
        stdout: 's1 is changed\n',
      },
    );
    const { stdout } = await tasks('explain', 's1');
    t.match(stdout, /s1 ready: score 0\.\d+/);
    t.match(stdout, /priority +0\.450 = 0\.45 x 1\.00 +critical/);
    t.match(stdout, /urgent: times 1\.25/);
    t.match(await tasks('reprioritise', 's1', '--no-deadline'), { code: 0 });
    t.equal(JSON.parse((await tasks('get', 's1', '--json')).stdout).deadline, undefined);
    t.match(await tasks('reprioritise', 's1'), { code: 2, stderr: /priority or a deadline/ });
    t.match(JSON.parse((await tasks('explain', 'y2', '--json')).stdout), { waitsFor: [{ id: 'y1' }] });
  });

  await t.test('graph: in each format', async (t) => {
    const graph = async (format: string) =>
      (await tasks('graph', '--around', 'y1', '--format', format)).stdout;
    t.match(await graph('mermaid'), /^(flowchart|graph) /);
    t.match(await graph('dot'), /^digraph /);
    t.match(await graph('svg'), /^<svg[\s\S]*<\/svg>\s*$/);
    t.match(JSON.parse(await graph('json')), { edges: [['y1', 'y2']], criticalPath: ['y1', 'y2'] });
    t.match(await tasks('graph', '--format', 'png'), { code: 2, stderr: /mermaid, dot, json, svg/ });
  });

  await t.test('cancel and retry', async (t) => {
    t.match(await tasks('cancel', 'y1', '--dependants'), {
      code: 0,
      stdout: 'y1 is cancelled\ny2 is cancelled\n',
    });
    t.match(await tasks('cancel', 'y1'), { code: 1, stderr: /y1 is finished already: it is cancelled/ });
    t.match(await tasks('cancel', 'nobody'), { code: 4 });
    t.match(await tasks('retry', 'y1', 'y2', '--json'), {
      code: 0,
      stdout: '{"changed":["y1","y2"],"failures":[]}\n',
    });
  });

  await t.test('list: who holds a task, not who held it', async (t) => {
    const row = async () =>
      (await tasks('list', '--phase', 'held')).stdout.trimEnd().split('\n').at(-1) ?? '';
    await tasks('add', 'Hold it', '--id', 'held', '--phase', 'held');
    const claimed = await tasks('claim', '--agent', 'holder', '--phase', 'held', '--lease', '60', '--json');
    t.match(await row(), /^held +claimed .* holder +held +Hold it/);
    const { token } = JSON.parse(claimed.stdout);
    await tasks('start', 'held', '--token', String(token), '--lease', '0.1');
    await until('the lease has run out', async () => {
      const { stdout } = await tasks('get', 'held', '--json');
      return JSON.parse(stdout).state === 'ready';
    });
    t.match(await row(), /^held +ready .* - +held +Hold it/);
    t.match(
      (await tasks('get', 'held')).stdout,
      /^agent +holder$/m,
      'the task in full still names the last one',
    );
  });
});
