import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Fleet } from '../../src/actors/placement/fleet.js';
import { choose } from '../../src/actors/placement/rendezvous.js';
import type { HostLease } from '../../src/messages/actor-protocols.js';
import type { AgentSpec } from '../../src/messages/agents.js';
import { Subjects } from '../../src/messages/subjects.js';
import { TestBroker } from './broker.js';
import { until } from './until.js';

const broker = await TestBroker.start(t);
let prefixes = 0;

const spec = (id: string, over: Partial<AgentSpec> = {}): AgentSpec => ({ id, logs: [], ...over });
const specs = (count: number) => Array.from({ length: count }, (_, i) => spec(`a${i}`));
const lease = (id: string, label?: string): HostLease => ({
  id,
  pid: 1,
  beat: 0,
  agents: 0,
  pools: [],
  label,
});

async function create(t: Test, agents: readonly AgentSpec[] = []) {
  const connection = await broker.connect(t);
  const subjects = new Subjects(`fleet${prefixes++}`);
  const errors: unknown[] = [];
  const open = (all = agents) => Fleet.open(connection, subjects, all, (error) => errors.push(error));
  const bucket = await connection.jetstream().views.kv(subjects.placementBucket, { history: 1 });
  const fleet = await open();
  t.teardown(() => fleet.close());
  /** What the bucket says: host and revision by agent. */
  const placements = async () => {
    const all = new Map<string, { host: string; epoch: number; spec: AgentSpec }>();
    const keys: string[] = [];
    for await (const key of await bucket.keys()) keys.push(key);
    for (const key of keys) {
      const entry = await bucket.get(key);
      if (entry?.operation === 'PUT')
        all.set(key, { ...entry.json<{ host: string; spec: AgentSpec }>(), epoch: entry.revision });
    }
    return all;
  };
  const where = (agentIds: readonly string[]) =>
    Object.fromEntries(agentIds.map((id) => [id, fleet.whereIs(id)]));
  return { fleet, bucket, errors, open, placements, where, connection, subjects };
}

t.test('a placement is written with the host and the spec, and its revision is the epoch', async (t) => {
  const agent = spec('a0', { goal: 'mend it' });
  const { fleet, placements } = await create(t, [agent]);
  fleet.hostJoined(lease('h1'));
  t.equal(fleet.whereIs('a0'), undefined, 'not before it is written');
  await fleet.settle();
  const placed = fleet.whereIs('a0');
  t.match(placed, { host: 'h1' });
  t.strictSame((await placements()).get('a0'), { host: 'h1', spec: agent, epoch: placed?.epoch });
  t.equal(fleet.whereIs('stranger'), undefined);
});

t.test('a host that is lost: only its agents move, each under a new revision', async (t) => {
  const all = specs(40);
  const ids = all.map(({ id }) => id);
  const { fleet, where, placements } = await create(t, all);
  for (const id of ['h1', 'h2', 'h3']) fleet.hostJoined(lease(id));
  await fleet.settle();
  for (const id of ids) fleet.hostShown(id, fleet.whereIs(id)?.epoch ?? 0);
  const before = where(ids);
  const moving = ids.filter((id) => before[id]?.host === 'h2');
  t.ok(moving.length > 0);
  t.equal(fleet.agentsOn('h2'), moving.length);
  const told: unknown[] = [];
  fleet.on('hostLost', (host, why, agents) => told.push([host.id, why, [...agents].sort()]));
  fleet.hostLost('h2', 'lease not renewed');
  fleet.hostLost('h2', 'told twice');
  t.strictSame(told, [['h2', 'lease not renewed', [...moving].sort()]]);
  t.ok(
    moving.every((id) => fleet.whereIs(id) === undefined),
    'nobody is asked there any more',
  );
  await fleet.settle();
  const after = where(ids);
  for (const id of ids) {
    if (!moving.includes(id)) t.strictSame(after[id], before[id], `${id} stays`);
    else t.ok(after[id]?.host !== 'h2' && (after[id]?.epoch ?? 0) > (before[id]?.epoch ?? 0), `${id} moves`);
    fleet.hostShown(id, before[id]?.epoch ?? 0);
    t.equal(
      fleet.whereIs(id)?.shown,
      !moving.includes(id),
      `${id}: its former host says nothing of the new one`,
    );
  }
  t.strictSame(
    [...(await placements())].map(([id, { host, epoch }]) => [id, host, epoch]).sort(),
    ids.map((id) => [id, after[id]?.host, after[id]?.epoch]).sort(),
  );
});

t.test('a host that joins takes agents only to itself, and is announced once', async (t) => {
  const all = specs(40);
  const ids = all.map(({ id }) => id);
  const { fleet, where } = await create(t, all);
  const joined: string[] = [];
  fleet.on('hostJoined', ({ id }) => joined.push(id));
  fleet.hostJoined(lease('h1'));
  await fleet.settle();
  const before = where(ids);
  fleet.hostJoined(lease('h2'));
  await fleet.settle();
  const after = where(ids);
  fleet.hostJoined({ ...lease('h1'), beat: 1 });
  await fleet.settle();
  t.strictSame(where(ids), after, 'a renewed lease changes nothing');
  t.strictSame(joined, ['h1', 'h2']);
  t.ok(ids.some((id) => after[id]?.host === 'h2'));
  for (const id of ids) if (after[id]?.host !== 'h2') t.strictSame(after[id], before[id]);
});

t.test('an agent with a label runs only on hosts with that label', async (t) => {
  const labelled = Array.from({ length: 10 }, (_, i) => spec(`m${i}`, { label: 'mac' }));
  const { fleet } = await create(t, labelled);
  fleet.hostJoined(lease('h1'));
  fleet.hostJoined(lease('h2', 'linux'));
  await fleet.settle();
  t.equal(fleet.unplaced, 10);
  fleet.hostJoined(lease('h3', 'mac'));
  await fleet.settle();
  t.strictSame([fleet.unplaced, fleet.agentsOn('h3')], [0, 10]);
  fleet.hostLost('h3', 'gone');
  await fleet.settle();
  t.equal(fleet.unplaced, 10, 'and nowhere else');
  fleet.hostJoined(lease('h4', 'mac'));
  await fleet.settle();
  t.equal(fleet.agentsOn('h4'), 10, 'taken up again');
});

t.test('without a host agents are unplaced until one joins', async (t) => {
  const { fleet, placements } = await create(t, specs(3));
  await fleet.settle();
  t.strictSame([fleet.unplaced, fleet.whereIs('a0'), (await placements()).size], [3, undefined, 0]);
  fleet.hostJoined(lease('h1'));
  await fleet.settle();
  t.strictSame([fleet.unplaced, fleet.agentsOn('h1')], [0, 3]);
});

t.test(
  'a spec that changes is written under a new revision; one that no host fits makes it unplaced',
  async (t) => {
    const { fleet, placements } = await create(t, [spec('a0'), spec('a1')]);
    fleet.hostJoined(lease('h1'));
    await fleet.settle();
    const [first, other] = [fleet.whereIs('a0'), fleet.whereIs('a1')];
    fleet.register([spec('a0', { goal: 'another' })]);
    t.equal(fleet.whereIs('a0'), undefined, 'not asked under the old one');
    await fleet.settle();
    const second = fleet.whereIs('a0');
    t.ok((second?.epoch ?? 0) > (first?.epoch ?? 0));
    t.match((await placements()).get('a0'), { spec: { goal: 'another' }, epoch: second?.epoch });
    t.strictSame(fleet.whereIs('a1'), other);
    fleet.register([spec('a0', { label: 'mac' })]);
    await fleet.settle();
    t.strictSame([fleet.whereIs('a0'), fleet.unplaced, fleet.agentsOn('h1')], [undefined, 1, 1]);
  },
);

t.test('what is removed is taken out of the bucket, also when it happened while nobody looked', async (t) => {
  const { fleet, placements, open } = await create(t, specs(3));
  fleet.hostJoined(lease('h1'));
  await fleet.settle();
  fleet.remove(['a0', 'stranger']);
  await fleet.settle();
  t.equal(fleet.whereIs('a0'), undefined);
  t.strictSame([...(await placements()).keys()].sort(), ['a1', 'a2']);
  const later = await open([spec('a2')]);
  t.teardown(() => later.close());
  t.strictSame([...(await placements()).keys()], ['a2']);
});

t.test('what changes while placements are written is taken up, at whatever moment', async (t) => {
  const { fleet } = await create(t, specs(1));
  fleet.hostJoined(lease('h1'));
  await fleet.settle();
  for (let microtasks = 0; microtasks < 25; microtasks++) {
    void fleet.settle();
    for (let i = 0; i < microtasks; i++) await null;
    fleet.register([spec(`late${microtasks}`)]);
    await until(() => fleet.whereIs(`late${microtasks}`) !== undefined, `${microtasks} microtasks later`);
  }
});

t.test('a host that is lost while agents are being placed on it keeps none of them', async (t) => {
  const all = specs(600);
  const { fleet, placements } = await create(t, all);
  fleet.hostJoined(lease('h1'));
  fleet.hostJoined(lease('h2'));
  await until(() => fleet.agentsOn('h1') > 10, 'some to be placed');
  fleet.hostLost('h1', 'gone');
  fleet.remove(['a0']);
  fleet.register([spec('a1', { goal: 'changed' })]);
  await fleet.settle();
  t.strictSame([fleet.agentsOn('h2'), fleet.unplaced], [599, 0]);
  const written = await placements();
  t.equal(written.size, 599);
  t.ok([...written].every(([id, { host, epoch }]) => host === 'h2' && fleet.whereIs(id)?.epoch === epoch));
  t.equal(written.get('a1')?.spec.goal, 'changed');
});

t.test('a write that fails is told and tried again', async (t) => {
  const { fleet, bucket, errors, connection, subjects } = await create(t, specs(2));
  await bucket.destroy();
  fleet.hostJoined(lease('h1'));
  await until(() => errors.length > 0, 'the failure');
  t.equal(fleet.whereIs('a0'), undefined);
  await connection.jetstream().views.kv(subjects.placementBucket, { history: 1 });
  await until(() => fleet.unplaced === 0, 'the next try');
  t.ok(fleet.whereIs('a0'));
});

const step = fc.oneof(
  fc.record({ do: fc.constant('register' as const), n: fc.nat(9), label: fc.constantFrom(undefined, 'mac') }),
  fc.record({ do: fc.constant('remove' as const), n: fc.nat(9) }),
  fc.record({ do: fc.constant('join' as const), n: fc.nat(3) }),
  fc.record({ do: fc.constant('lose' as const), n: fc.nat(3) }),
  fc.record({ do: fc.constant('wait' as const), n: fc.nat(4) }),
);

t.test(
  'after any changes in any rhythm the bucket says what is wanted, and the fleet knows it',
  async (t) => {
    const { fleet, placements } = await create(t);
    const wanted = new Map<string, AgentSpec>();
    const hosts = new Map<string, HostLease>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
        for (const each of steps) {
          const [agent, host] = [`a${each.n}`, `h${each.n}`];
          if (each.do === 'register') {
            const one = spec(agent, { label: each.label, goal: `g${steps.length}` });
            wanted.set(agent, one);
            fleet.register([one]);
          } else if (each.do === 'remove') {
            wanted.delete(agent);
            fleet.remove([agent]);
          } else if (each.do === 'join') {
            const one = lease(host, each.n === 3 ? 'mac' : undefined);
            hosts.set(host, one);
            fleet.hostJoined(one);
          } else if (each.do === 'lose') {
            hosts.delete(host);
            fleet.hostLost(host, 'gone');
          } else for (let i = 0; i < each.n; i++) await new Promise((resolve) => setImmediate(resolve));
        }
        await fleet.settle();
        const written = await placements();
        for (const id of written.keys()) if (!wanted.has(id)) throw new Error(`${id} was not taken out`);
        for (const [id, one] of wanted) {
          const able = [...hosts.values()].filter(
            ({ label }) => one.label === undefined || label === one.label,
          );
          const host = choose(
            id,
            able.map((each) => each.id),
          );
          const known = fleet.whereIs(id);
          if (known?.host !== host) throw new Error(`${id} is on ${known?.host}, not ${host}`);
          const { epoch, host: says, spec: has } = written.get(id) ?? {};
          if (host === undefined) continue;
          if (says !== host || epoch !== known?.epoch) throw new Error(`${id}: ${says} under ${epoch}`);
          if (has?.goal !== one.goal || has?.label !== one.label) throw new Error(`${id} has an old spec`);
        }
      }),
      { numRuns: 60 },
    );
  },
);

t.test('a bucket that was made anew has every placement again, under its own revisions', async (t) => {
  const all = specs(20);
  const ids = all.map(({ id }) => id);
  const { fleet, where, placements, connection, subjects } = await create(t, all);
  for (const id of ['h1', 'h2']) fleet.hostJoined(lease(id));
  await fleet.settle();
  // Revisions that the new bucket will not reach.
  fleet.register(all.map((each) => ({ ...each, goal: 'mend it' })));
  await fleet.settle();
  const before = where(ids);
  await fleet.bucketMayBeNew();
  await fleet.settle();
  t.strictSame(where(ids), before, 'nothing is written into one that is the same');

  const manager = await connection.jetstreamManager();
  await manager.streams.delete(`KV_${subjects.placementBucket}`);
  await connection.jetstream().views.kv(subjects.placementBucket, { history: 1 });
  await fleet.bucketMayBeNew();
  t.ok(
    ids.every((id) => fleet.whereIs(id) === undefined),
    'nobody is asked by a revision that is gone',
  );
  await fleet.settle();
  const written = await placements();
  t.strictSame(
    ids.map((id) => [written.get(id)?.host, written.get(id)?.epoch]),
    ids.map((id) => [before[id]?.host, fleet.whereIs(id)?.epoch]),
  );
  t.equal(Math.max(...ids.map((id) => fleet.whereIs(id)?.epoch ?? 0)), all.length, 'each written once');
});
