import t from 'tap';
import { RestartPolicy } from '../../src/actors/runtime/restart-policy.js';
import { Supervisor, type SupervisorOptions } from '../../src/actors/runtime/supervision.js';
import { FakeClock, settled } from './fake-clock.js';
import { ProbeChild } from './probe-child.js';

const policy = RestartPolicy.parse({ maxRestarts: 2, periodMs: 1_000, backoffMs: 10, jitter: 0 });
const crash = new Error('boom');

function create(options: Partial<SupervisorOptions> = {}) {
  const clock = new FakeClock();
  const gaveUp: { id: string; message: string }[] = [];
  const crashes: string[] = [];
  const supervisor = new Supervisor({
    id: 'top',
    strategy: 'one_for_one',
    intensity: 'supervisor',
    policy,
    clock,
    onGiveUp: (error, child) => gaveUp.push({ id: child.id, message: error.message }),
    onCrash: (child, error) => crashes.push(`${child.id}: ${error.message}`),
    ...options,
  });
  return { clock, supervisor, gaveUp, crashes };
}

async function addAll(supervisor: Supervisor, ...children: ProbeChild[]): Promise<void> {
  for (const child of children) await supervisor.add(child.spec);
}

function nodeOf(supervisor: Supervisor, id: string) {
  return supervisor.tree().children?.find((child) => child.id === id);
}

t.test('what is restarted when it ends', async (t) => {
  const cases = [
    { restart: 'permanent', error: undefined, restarted: true },
    { restart: 'permanent', error: crash, restarted: true },
    { restart: 'transient', error: undefined, restarted: false },
    { restart: 'transient', error: crash, restarted: true },
    { restart: 'temporary', error: undefined, restarted: false },
    { restart: 'temporary', error: crash, restarted: false },
  ] as const;
  for (const { restart, error, restarted } of cases) {
    await t.test(`${restart}, ended ${error ? 'with an error' : 'in order'}`, async (t) => {
      const { clock, supervisor, crashes } = create();
      const log: string[] = [];
      const [child, sibling] = [new ProbeChild('a', { restart, log }), new ProbeChild('b', { log })];
      await addAll(supervisor, child, sibling);
      child.exit(error);
      await clock.advance(10);
      t.strictSame(
        log,
        ['start a', 'start b', ...(restarted ? ['start a'] : [])],
        'the sibling is left alone',
      );
      t.equal(nodeOf(supervisor, 'a')?.state, restarted ? 'running' : undefined);
      t.strictSame(crashes, error ? ['a: boom'] : [], 'only an error is a crash');
      t.equal(clock.pending, 0);
    });
  }
});

t.test('a restart comes after its backoff, which doubles', async (t) => {
  const { clock, supervisor } = create();
  const child = new ProbeChild('a');
  await supervisor.add(child.spec);
  for (const [wait, starts] of [
    [10, 2],
    [20, 3],
  ] as const) {
    child.exit(crash);
    await clock.advance(wait - 1);
    t.equal(child.starts, starts - 1, 'not before its time');
    t.match(nodeOf(supervisor, 'a'), { state: 'waiting', lastError: 'boom' });
    await clock.advance(1);
    t.equal(child.starts, starts);
    t.match(nodeOf(supervisor, 'a'), { state: 'running', restarts: starts - 1, lastError: 'boom' });
  }
  t.equal(supervisor.tree().restarts, 2);
});

t.test('intensity of the supervisor: all are stopped, the last first, then it gives up, once', async (t) => {
  const { clock, supervisor, gaveUp } = create();
  const log: string[] = [];
  const children = ['a', 'b', 'c'].map((id) => new ProbeChild(id, { log }));
  await addAll(supervisor, ...children);
  const [a, b, c] = children as [ProbeChild, ProbeChild, ProbeChild];
  // Restarts of different children count together.
  a.exit(crash);
  await clock.advance(50);
  b.exit(crash);
  await clock.advance(50);
  log.length = 0;
  b.exit(new Error('once too often'));
  t.strictSame(gaveUp, [], 'not told before all have stopped');
  c.exit(crash);
  await clock.advance(0);
  t.strictSame(log, ['stop c', 'stop a'], 'b is down already');
  t.strictSame(gaveUp, [{ id: 'b', message: 'once too often' }]);
  await clock.advance(10_000);
  t.equal(gaveUp.length, 1);
  t.strictSame(log, ['stop c', 'stop a'], 'nothing comes back');
  t.match(nodeOf(supervisor, 'b'), { state: 'failed', lastError: 'once too often' });
  await t.rejects(supervisor.add(new ProbeChild('d').spec), /top is stopping/);
});

t.test('intensity of a child: that one alone is given up', async (t) => {
  const { clock, supervisor, gaveUp } = create({ intensity: 'child' });
  const [a, b] = [new ProbeChild('a'), new ProbeChild('b')];
  await addAll(supervisor, a, b);
  for (let i = 0; i < 3; i++) {
    a.exit(crash);
    b.exit(crash);
    if (i === 1) await clock.advance(1_000);
    await clock.advance(50);
    if (i === 1) b.exit(crash);
    await clock.advance(50);
  }
  t.strictSame(gaveUp, [], 'each has an intensity of its own, and the period was over');
  a.exit(crash);
  await clock.advance(100);
  a.exit(crash);
  await clock.advance(2_000);
  t.strictSame(gaveUp, [{ id: 'a', message: 'boom' }]);
  t.equal(nodeOf(supervisor, 'a')?.state, 'failed');
  t.equal(nodeOf(supervisor, 'b')?.state, 'running');
  t.equal(a.live, 0);
  t.equal(clock.pending, 0, 'idle afterwards');
});

t.test('once the period is over, restarts count anew', async (t) => {
  const { clock, supervisor, gaveUp } = create();
  const child = new ProbeChild('a');
  await supervisor.add(child.spec);
  for (let i = 0; i < 20; i++) {
    child.exit(crash);
    await clock.advance(600);
  }
  t.equal(child.starts, 21);
  t.strictSame(gaveUp, []);
});

t.test('a first start that fails rejects and leaves nothing behind', async (t) => {
  const { clock, supervisor, gaveUp } = create();
  const child = new ProbeChild('a');
  child.startMode = 'fail';
  await t.rejects(supervisor.add(child.spec), { message: 'a cannot start' });
  t.equal(supervisor.size, 0);
  t.equal(clock.pending, 0);
  t.strictSame(gaveUp, []);
  child.startMode = 'ok';
  await supervisor.add(child.spec);
  t.equal(nodeOf(supervisor, 'a')?.state, 'running', 'its place is free');
});

t.test('a restart that fails counts as one more', async (t) => {
  const { clock, supervisor, gaveUp } = create();
  const child = new ProbeChild('a');
  await supervisor.add(child.spec);
  child.startMode = 'fail';
  child.exit(crash);
  await clock.advance(1_000);
  t.equal(child.starts, 3, 'the first and two restarts');
  t.strictSame(gaveUp, [{ id: 'a', message: 'a cannot start' }]);
});

t.test('a child that ends during its start is restarted like any other', async (t) => {
  const { clock, supervisor } = create();
  const child = new ProbeChild('a');
  child.startMode = 'wait';
  const added = supervisor.add(child.spec);
  child.exit(crash);
  t.equal(nodeOf(supervisor, 'a')?.state, 'starting', 'its start is not over');
  child.startMode = 'ok';
  child.started?.open();
  await added;
  t.match(nodeOf(supervisor, 'a'), { state: 'waiting', lastError: 'boom' });
  await clock.advance(10);
  t.equal(nodeOf(supervisor, 'a')?.state, 'running');
});

t.test('an exit that an old incarnation tells late is ignored', async (t) => {
  const { clock, supervisor, crashes } = create();
  const exits: ((error?: Error) => void)[] = [];
  await supervisor.add({
    kind: 'probe',
    id: 'a',
    restart: 'permanent',
    shutdownMs: 100,
    start: async (exited) => {
      exits.push(exited);
    },
    stop: async () => {},
  });
  exits[0]?.(crash);
  exits[0]?.(new Error('told twice'));
  await clock.advance(10);
  t.equal(exits.length, 2);
  exits[0]?.(new Error('late'));
  await clock.advance(100);
  t.equal(exits.length, 2, 'the new one goes on');
  t.strictSame(crashes, ['a: boom']);
  t.equal(nodeOf(supervisor, 'a')?.restarts, 1);
});

t.test('two children of one name are refused', async (t) => {
  const { supervisor } = create();
  await supervisor.add(new ProbeChild('a').spec);
  await t.rejects(supervisor.add(new ProbeChild('a').spec), /probe.a is supervised already/);
});

t.test('the tree shows what a child says of itself', async (t) => {
  const { supervisor } = create();
  await supervisor.add({ ...new ProbeChild('a').spec, describe: () => ({ mailbox: 7, host: 'h1' }) });
  await settled();
  t.strictSame(supervisor.tree(), {
    kind: 'supervisor',
    id: 'top',
    state: 'running',
    restarts: 0,
    children: [{ kind: 'probe', id: 'a', state: 'running', restarts: 0, mailbox: 7, host: 'h1' }],
  });
});
