import t from 'tap';
import { testFolder } from '../folder.js';
import { vigil } from '../system/processes.js';

t.setTimeout(120_000);

t.test('vigil status and vigil tree: how the supervisor is, and what runs where', async (t) => {
  const cwd = testFolder(t, {
    'vigil.config.yaml': 'cycle: {intervalMs: 0}\nagents: [{id: a1, logs: []}]\n',
  });
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching/);
  const run = (...args: string[]) => vigil(t, args, { cwd }).finished();

  const { code, stdout } = await run('status');
  t.equal(code, 0);
  t.match(stdout, new RegExp(`^vigil \\d+\\.\\d+\\.\\d+, pid ${running.child.pid}, since `));
  t.match(stdout, /^agents +1 active, 0 inactive/m);
  t.match(stdout, /^broker +connected, lost 0 times/m);
  t.match(stdout, /^host +h0-\w+ +pid \d+ +1 agents/m);
  t.match(JSON.parse((await run('status', '--json')).stdout), {
    pid: running.child.pid,
    agents: { active: 1 },
    hosts: [{ agents: 1 }],
    broker: { connected: true },
  });

  const tree = await run('tree');
  t.equal(tree.code, 0);
  const [root, ...rows] = tree.stdout.trimEnd().split('\n');
  t.match(root, /^supervisor vigil {2}\(running\)/);
  t.ok(
    rows.every((row) => /^(│ {2}| {3})*(├─|└─) \S+ \S+ {2}\(\w+/.test(row)),
    tree.stdout,
  );
  for (const part of [/broker nats-server/, /service outbox/, /agent a1/]) t.match(tree.stdout, part);
  t.match(JSON.parse((await run('tree', '--json')).stdout), {
    kind: 'supervisor',
    id: 'vigil',
    children: Array,
  });
});
