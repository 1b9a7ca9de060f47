import t, { type Test } from 'tap';
import { LeaseWatch } from '../../src/actors/placement/leases.js';
import { Subjects } from '../../src/messages/subjects.js';
import { TestBroker } from './broker.js';
import { FakeClock } from './fake-clock.js';
import { until } from './until.js';

const LEASE_MS = 1_000;
const broker = await TestBroker.start(t);
let prefixes = 0;

type Put = (id: string, value: unknown) => Promise<number>;

async function create(t: Test, options: { prepare?: (put: Put) => Promise<void>; own?: TestBroker } = {}) {
  const { bus, connection } = await (options.own ?? broker).bus(t);
  const subjects = new Subjects(`lease${prefixes++}`);
  const bucket = await connection.jetstream().views.kv(subjects.hostBucket, { history: 1, ttl: 60_000 });
  const clock = new FakeClock();
  const log: string[] = [];
  const putRaw: Put = (id, value) =>
    bucket.put(id, typeof value === 'string' ? value : JSON.stringify(value));
  await options.prepare?.(putRaw);
  const watch = await LeaseWatch.open(bus, subjects, {
    leaseMs: LEASE_MS,
    clock,
    joined: ({ id, beat }) => log.push(`${id} joined ${beat}`),
    lost: (id, why) => log.push(`${id} lost: ${why}`),
    invalid: (key) => log.push(`${key} invalid`),
    failed: (error) => log.push(`failed: ${error.message}`),
  });
  t.teardown(() => watch.close());
  let beat = 0;
  /** Renews a lease and waits until the watch has seen it. */
  const renew = async (id: string) => {
    const entry = `${id} joined ${beat}`;
    await putRaw(id, { id, pid: 1, beat: beat++, agents: 0 });
    await until(() => log.includes(entry), entry);
    log.splice(log.indexOf(entry), 1);
  };
  return { bus, clock, log, watch, bucket, putRaw, renew, connection, subjects };
}

t.test('a host whose lease is renewed lives; one whose is not is lost', async (t) => {
  const { clock, log, renew } = await create(t);
  await renew('h1');
  await renew('h2');
  for (let i = 0; i < 4; i++) {
    await clock.advance(500);
    await renew('h1');
  }
  t.strictSame(log, ['h2 lost: lease not renewed for 1000 ms']);
  await renew('h2');
  t.equal(log.length, 1, 'and may come back');
});

t.test('a host that gives its lease back is lost at once', async (t) => {
  const { log, renew, bucket } = await create(t);
  await renew('h1');
  await bucket.delete('h1');
  await until(() => log.length > 0, 'the notice');
  t.strictSame(log, ['h1 lost: left']);
});

t.test('leases from before are of hosts that may be long dead: each counts once it is renewed', async (t) => {
  const { clock, log, renew } = await create(t, {
    prepare: async (put) => {
      for (const id of ['dead', 'alive']) await put(id, { id, pid: 1, beat: 99, agents: 0 });
    },
  });
  await renew('alive');
  await clock.advance(LEASE_MS / 4);
  t.strictSame(log, []);
});

t.test('when the watcher itself stood still, every host gets a new term', async (t) => {
  const { clock, log, renew } = await create(t);
  await renew('h1');
  clock.jump(60_000);
  await clock.advance(250);
  t.strictSame(log, [], 'its own pause is not their death');
  await clock.advance(900);
  t.strictSame(log, []);
  await clock.advance(500);
  await until(() => log.length > 0, 'the loss');
  t.strictSame(log, ['h1 lost: lease not renewed for 1000 ms'], 'but the new term ends, too');
});

t.test('while the broker is away no host is lost, and the watch goes on when it is back', async (t) => {
  const own = await TestBroker.start(t);
  const { bus, clock, log, renew } = await create(t, { own });
  await renew('h1');
  await own.kill();
  await until(() => !bus.connected, 'the loss to be seen');
  await clock.advance(60_000);
  t.strictSame(log, []);
  await own.start();
  await until(() => bus.connected, 'the connection');
  await renew('h1');
  // The new watch tells once more what it finds; that is no end.
  const lost = () => log.filter((entry) => entry.includes('lost'));
  await clock.advance(900);
  t.strictSame(lost(), []);
  await clock.advance(900);
  await until(() => lost().length > 0, 'the loss');
  t.strictSame(lost(), ['h1 lost: lease not renewed for 1000 ms']);
});

t.test('a watch that cannot be set up again after a reconnect is told, and tried again', async (t) => {
  const { bus, clock, log, bucket, connection, subjects, putRaw, renew } = await create(t);
  await renew('h1');
  await bucket.destroy();
  bus.emit('reconnect');
  await until(() => log.length > 0, 'the notice');
  t.match(log.splice(0), [/^failed: /]);
  await clock.advance(5_000);
  await until(() => log.length > 0, 'another try');
  t.notOk(
    log.some((entry) => entry.includes('lost')),
    'the watch is blind: nobody is dead for that',
  );
  log.length = 0;
  await connection.jetstream().views.kv(subjects.hostBucket, { history: 1, ttl: 60_000 });
  let beat = 100;
  const living = setInterval(() => {
    void clock.advance(250);
    putRaw('h2', { id: 'h2', pid: 1, beat: beat++, agents: 0 }).catch(() => undefined);
  }, 20);
  t.teardown(() => clearInterval(living));
  await until(() => log.some((entry) => entry.startsWith('h2 joined')), 'a lease seen by the new watch');
});

t.test('a reconnect that is overtaken by the next one does no harm', async (t) => {
  const { bus, clock, log, renew } = await create(t);
  await renew('h1');
  for (let i = 0; i < 5; i++) bus.emit('reconnect');
  await renew('h1');
  await until(async () => {
    await clock.advance(250);
    return log.length > 0;
  }, 'the loss');
  t.strictSame(log, ['h1 lost: lease not renewed for 1000 ms']);
});

t.test('a broker that hangs, or takes no leases, costs no host its life', async (t) => {
  const own = await TestBroker.start(t);
  const { bus, clock, log, renew } = await create(t, { own });
  await renew('h1');
  own.pause();
  const answers = () =>
    Promise.race([
      bus.connection.flush().then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 200, false)),
    ]);
  await until(async () => !(await answers()), 'the broker to hang');
  // Long before the client finds the connection dead.
  for (let i = 0; i < 40; i++) await clock.advance(250);
  t.ok(bus.connected);
  t.strictSame(log, []);
  own.resume();
  await renew('h1');
  await clock.advance(900);
  t.strictSame(log, []);
  await clock.advance(900);
  await until(() => log.length > 0, 'the loss');
  t.strictSame(log, ['h1 lost: lease not renewed for 1000 ms']);
});

t.test('what is no lease is told and passed over', async (t) => {
  const { log, putRaw, renew } = await create(t);
  const odd = [
    '{',
    '[]',
    { id: 'other', pid: 1, beat: 0, agents: 0 },
    { id: 'h0' },
    { id: 'h0', pid: 'x', beat: -1, agents: 0 },
  ];
  for (const value of odd) await putRaw('h0', value);
  await renew('h1');
  t.strictSame(
    log,
    odd.map(() => 'h0 invalid'),
  );
});

t.test('a watch that was closed says nothing more and leaves no timer', async (t) => {
  const { clock, log, watch, renew } = await create(t);
  await renew('h1');
  watch.close();
  await clock.advance(60_000);
  t.strictSame([log, clock.pending], [[], 0]);
});
