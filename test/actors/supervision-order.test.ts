import t from 'tap';
import { RestartPolicy } from '../../src/actors/runtime/restart-policy.js';
import { type ChildSpec, Supervisor, subtree } from '../../src/actors/runtime/supervision.js';
import { FakeClock, settled } from './fake-clock.js';
import { ProbeChild, type ProbeOptions } from './probe-child.js';

const policy = RestartPolicy.parse({ maxRestarts: 5, periodMs: 1_000, backoffMs: 10, jitter: 0 });
const crash = new Error('boom');

async function family(
  strategy: 'one_for_one' | 'rest_for_one',
  options: Record<string, ProbeOptions> = { a: {}, b: {}, c: {} },
) {
  const clock = new FakeClock();
  const log: string[] = [];
  const gaveUp: string[] = [];
  const supervisor = new Supervisor({
    id: 'top',
    strategy,
    intensity: 'supervisor',
    policy,
    clock,
    onGiveUp: (_error, child) => gaveUp.push(child.id),
  });
  const children = Object.entries(options).map(([id, each]) => new ProbeChild(id, { log, ...each }));
  for (const child of children) await supervisor.add(child.spec);
  log.length = 0;
  const [a, b, c] = children as [ProbeChild, ProbeChild, ProbeChild];
  const states = () => supervisor.tree().children?.map(({ id, state }) => `${id} ${state}`);
  return { clock, log, supervisor, gaveUp, a, b, c, states };
}

t.test('rest for one: those started later are stopped, last first, and started again in order', async (t) => {
  const { clock, log, b, states } = await family('rest_for_one');
  b.exit(crash);
  await clock.advance(10);
  t.strictSame(log, ['stop c', 'start b', 'start c']);
  t.strictSame(states(), ['a running', 'b running', 'c running']);
});

t.test('rest for one: a crash of the first takes all along, one of the last none', async (t) => {
  const { clock, log, a, c } = await family('rest_for_one');
  c.exit(crash);
  await clock.advance(10);
  t.strictSame(log.splice(0), ['start c']);
  a.exit(crash);
  await clock.advance(20);
  t.strictSame(log, ['stop c', 'stop b', 'start a', 'start b', 'start c']);
});

t.test('rest for one: while one is not up again, those that build on it are not started', async (t) => {
  const { clock, log, a, b, c, states } = await family('rest_for_one');
  a.startMode = 'fail';
  a.exit(crash);
  await clock.advance(10);
  t.strictSame(log.splice(0), ['stop c', 'stop b', 'start a']);
  t.strictSame(states(), ['a waiting', 'b stopped', 'c stopped']);
  // Up, and at once down again, before its start is over.
  a.startMode = 'wait';
  await clock.advance(20);
  a.exit(crash);
  a.startMode = 'ok';
  a.started?.open();
  await settled();
  t.strictSame(states(), ['a waiting', 'b stopped', 'c stopped']);
  await clock.advance(40);
  t.strictSame(log, ['start a', 'start a', 'start b', 'start c']);
  t.strictSame([a.peak, b.peak, c.peak], [1, 1, 1]);
});

t.test('rest for one: a crash while later ones are still being started begins anew', async (t) => {
  const { clock, log, a, b, c, states } = await family('rest_for_one');
  b.startMode = 'wait';
  a.exit(crash);
  await clock.advance(10);
  t.strictSame(log.splice(0), ['stop c', 'stop b', 'start a', 'start b']);
  a.exit(crash);
  await clock.advance(20);
  b.startMode = 'ok';
  b.started?.open();
  await clock.advance(0);
  t.strictSame(
    log,
    ['stop b', 'stop b', 'start a', 'start b', 'start c'],
    'c is started by one of the two only',
  );
  t.strictSame(states(), ['a running', 'b running', 'c running']);
  t.strictSame([a.peak, b.peak, c.peak], [1, 1, 1]);
});

t.test('rest for one: a child that is removed meanwhile stays away', async (t) => {
  const { clock, log, supervisor, a, c } = await family('rest_for_one');
  c.stopMode = 'hang';
  a.exit(crash);
  await clock.advance(10);
  await supervisor.remove('probe', 'b');
  c.stopMode = 'ok';
  await clock.advance(100);
  t.strictSame(log, ['stop c', 'stop b', 'kill c', 'start a', 'start c']);
});

t.test('stop: the last started first, each only when the one before has ended', async (t) => {
  const { log, supervisor, states, clock } = await family('one_for_one');
  await supervisor.stop();
  t.strictSame(log, ['stop c', 'stop b', 'stop a']);
  t.strictSame(states(), ['a stopped', 'b stopped', 'c stopped']);
  t.equal(supervisor.tree().state, 'stopping');
  t.equal(clock.pending, 0);
});

t.test('stop: a child that does not stop in its time is killed, and the others still stop', async (t) => {
  const { clock, log, supervisor, a, b, c } = await family('one_for_one', {
    a: {},
    b: { shutdownMs: 500 },
    c: {},
  });
  b.stopMode = 'hang';
  c.stopMode = 'fail';
  const stopped = supervisor.stop();
  await clock.advance(499);
  t.strictSame(log, ['stop c', 'kill c', 'stop b'], 'so is one that fails to stop');
  await clock.advance(1);
  await stopped;
  t.strictSame(log, ['stop c', 'kill c', 'stop b', 'kill b', 'stop a']);
  t.strictSame([a.live, b.live, c.live], [0, 0, 0]);
  t.match(supervisor.tree().children?.at(2), { id: 'c', lastError: 'c cannot stop' });
  t.equal(clock.pending, 0);
});

t.test('stop: a restart that is pending does not come any more', async (t) => {
  const { clock, log, supervisor, b } = await family('one_for_one');
  b.exit(crash);
  await supervisor.stop();
  await clock.advance(10_000);
  t.strictSame(log, ['stop c', 'stop a']);
  t.equal(clock.pending, 0);
});

t.test('stop, told twice or beside a remove: each waits until all have ended', async (t) => {
  const { clock, log, supervisor, b } = await family('one_for_one');
  b.stopMode = 'hang';
  const ended: string[] = [];
  const note = (what: string) => () => ended.push(what);
  const all = [
    supervisor.remove('probe', 'b').then(note('remove')),
    supervisor.stop().then(note('stop')),
    supervisor.stop().then(note('stop again')),
  ];
  await clock.advance(99);
  t.strictSame(ended, []);
  await clock.advance(1);
  await Promise.all(all);
  t.strictSame(log.sort(), ['kill b', 'stop a', 'stop b', 'stop c'], 'nothing is stopped twice');
});

t.test('stop during a start: what the start still makes is ended too', async (t) => {
  for (const how of ['stop', 'remove'] as const) {
    const { clock, supervisor, gaveUp } = await family('one_for_one', {});
    const child = new ProbeChild('late');
    child.startMode = 'wait';
    const added = supervisor.add(child.spec);
    const over = how === 'stop' ? supervisor.stop() : supervisor.remove('probe', 'late');
    await settled();
    child.started?.open();
    await over;
    await t.rejects(added, /stopped while it started/);
    t.equal(child.live, 0, how);
    t.equal(clock.pending, 0);
    t.strictSame(gaveUp, []);
  }
});

t.test('a start that fails after its child was removed brings nothing back', async (t) => {
  const { clock, log, supervisor, a } = await family('one_for_one');
  a.startMode = 'wait';
  a.exit(crash);
  await clock.advance(10);
  const removed = supervisor.remove('probe', 'a');
  a.started?.fail(new Error('aborted'));
  await removed;
  await clock.advance(10_000);
  t.strictSame(log, ['start a', 'stop a']);
  t.equal(supervisor.size, 2);
});

t.test('a name that was removed can be used at once, and the old child takes nothing along', async (t) => {
  const { supervisor, a, states } = await family('one_for_one');
  await supervisor.remove('probe', 'a');
  await supervisor.remove('probe', 'a');
  await supervisor.add(new ProbeChild('a').spec);
  a.exit(crash);
  t.strictSame(states(), ['b running', 'c running', 'a running']);
});

t.test(
  'escalation: a supervisor that gives up is an exit for the one above, which restarts it whole',
  async (t) => {
    const clock = new FakeClock();
    const log: string[] = [];
    const told: string[] = [];
    const common = { strategy: 'one_for_one', intensity: 'supervisor', clock } as const;
    const top = new Supervisor({ ...common, id: 'top', policy, onGiveUp: () => told.push('top') });
    let leaf = new ProbeChild('leaf', { log });
    let below: Supervisor;
    const middle: ChildSpec = {
      kind: 'supervisor',
      id: 'middle',
      restart: 'permanent',
      shutdownMs: 1_000,
      start: async (exited) => {
        below = new Supervisor({
          ...common,
          id: 'below',
          policy: { ...policy, maxRestarts: 1 },
          onGiveUp: exited,
        });
        leaf = new ProbeChild('leaf', { log });
        await below.add(leaf.spec);
        await below.add(new ProbeChild('sibling', { log }).spec);
      },
      stop: () => below.stop(),
    };
    await top.add(middle);
    log.length = 0;
    leaf.exit(crash);
    await clock.advance(10);
    leaf.exit(crash);
    await clock.advance(10);
    t.strictSame(log, ['start leaf', 'stop sibling', 'start leaf', 'start sibling']);
    t.strictSame(told, []);
    t.match(top.tree().children, [{ id: 'middle', state: 'running', restarts: 1, lastError: 'boom' }]);
  },
);

t.test('a subtree stops with its parent and shows its own children', async (t) => {
  const { log, supervisor: below } = await family('one_for_one');
  const { supervisor: top } = await family('one_for_one', {});
  await top.add(subtree(below, 'below', 1_000));
  t.match(top.tree().children, [{ id: 'below', children: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] }]);
  await top.stop();
  t.strictSame(log, ['stop c', 'stop b', 'stop a']);
});

t.test('rest for one: a subtree that is taken along starts its children again', async (t) => {
  const { log, supervisor: below, b, clock: inner, states } = await family('one_for_one');
  const { supervisor: top, a, clock } = await family('rest_for_one', { a: {} });
  await top.add(subtree(below, 'below', 1_000));
  t.strictSame(log, [], 'they run already');
  b.startMode = 'fail';
  a.exit(crash);
  await clock.advance(10);
  t.strictSame(log, ['stop c', 'stop b', 'stop a', 'start a', 'start b', 'start c']);
  t.strictSame(states(), ['a running', 'b waiting', 'c running'], 'one that does not start holds nobody up');
  b.startMode = 'ok';
  await inner.advance(10);
  t.strictSame(states(), ['a running', 'b running', 'c running']);
  b.exit(crash);
  await inner.advance(20);
  t.equal(b.live, 1, 'and are supervised as before');
  t.match(top.tree().children, [{ state: 'running' }, { id: 'below', state: 'running' }]);
});
