// Only the plain `nats` package: what any client in any language can do.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection, nkeyAuthenticator } from 'nats';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { connectClient, type Running, until, vigil } from './processes.js';

type Json = Record<string, unknown>;
interface Claimed extends Json {
  id: string;
  token: number;
}

const SETTINGS = {
  VIGIL_TASKS_EVENTS: 'all',
  VIGIL_TASKS_MAX_EVENTS: '3',
  VIGIL_TASKS_SWEEP_MS: '50',
  VIGIL_TASKS_BACKOFF_MS: '0',
};

async function start(t: Test, cwd: string): Promise<{ process: Running; nc: NatsConnection }> {
  const process = vigil(t, ['start'], { cwd, env: SETTINGS });
  await process.says(/Watching\./);
  return { process, nc: await connectClient(t, cwd) };
}

async function ask(nc: NatsConnection, endpoint: string, body: unknown): Promise<Json> {
  const reply = await nc.request(`vigil.rpc.tasks.${endpoint}`, JSON.stringify(body), { timeout: 20_000 });
  const value = reply.json<Json>();
  const status = reply.headers?.get('Nats-Service-Error-Code');
  return status === undefined ? value : { status: Number(status), ...(value['error'] as Json) };
}

const claim = async (nc: NatsConnection, body: Json) => (await ask(nc, 'claim', body))['tasks'] as Claimed[];

t.test('tasks over the wire', async (t) => {
  const cwd = testFolder(t);
  const { process, nc } = await start(t, cwd);

  t.test('are added, all or none', async (t) => {
    const tasks = [
      { id: 'test', title: 'Test it', dependsOn: ['build'], capabilities: ['node'] },
      { id: 'build', title: 'Build it', payload: { branch: 'main' }, idempotencyKey: 'k1' },
      { id: 'ship', title: 'Ship it', dependsOn: ['test'], phase: 'release' },
    ];
    t.same(await ask(nc, 'add', { tasks }), { added: ['test', 'build', 'ship'], existing: [] });
    t.same(
      await ask(nc, 'add', { tasks: [{ title: 'Build it', idempotencyKey: 'k1' }] }),
      { added: [], existing: ['build'] },
      'the same key is the same task',
    );
    t.match(await ask(nc, 'add', { tasks: [{ id: 'build', title: 'x' }] }), {
      status: 409,
      message: /build is there/,
    });
    t.match(
      await ask(nc, 'add', {
        tasks: [
          { id: 'a', title: 'x', dependsOn: ['b'] },
          { id: 'b', title: 'x', dependsOn: ['a'] },
        ],
      }),
      { status: 409, message: /a -> b -> a|b -> a -> b/ },
    );
    t.match(await ask(nc, 'add', { tasks: [{ id: 'c', title: 'x', dependsOn: ['nobody'] }] }), {
      status: 404,
      message: /c depends on nobody/,
    });
    t.match(await ask(nc, 'add', { tasks: [{ id: 'a.*.>', title: '' }] }), {
      status: 400,
      message: /tasks\.0\.id: expected 1 to 64.*tasks\.0\.title/s,
    });
    t.match(await ask(nc, 'list', {}), { tasks: { length: 3 }, next: null });
    t.match(await ask(nc, 'get', { id: 'ship' }), {
      state: 'pending',
      openDependencies: 1,
      phase: 'release',
    });
    t.match(await ask(nc, 'get', { id: 'nobody' }), { status: 404 });
  });

  t.test('are handed out to those who can do them, once, in order of their dependencies', async (t) => {
    t.same(await claim(nc, { agent: 'a1', phase: 'release', limit: 10 }), []);
    const [build, ...more] = await claim(nc, { agent: 'a1', limit: 10 });
    t.match(build, {
      id: 'build',
      state: 'claimed',
      agent: 'a1',
      payload: { branch: 'main' },
      leaseMs: 300_000,
    });
    t.same(more, []);
    t.same(await claim(nc, { agent: 'a2', limit: 10, capabilities: ['node'] }), []);
    const { id, token } = build as Claimed;
    t.match(await ask(nc, 'complete', { id, token: token + 1 }), { status: 409, code: 'FENCED' });
    t.match(await ask(nc, 'start', { id, token, leaseMs: 5_000 }), { id, leaseMs: 5_000 });
    t.same(await ask(nc, 'complete', { id, token, result: { ok: true } }), { id, ready: ['test'] });
    t.same(await ask(nc, 'complete', { id, token }), { id, ready: [] }, 'sent again it is the same');
    t.match(await ask(nc, 'fail', { id, token, reason: 'no' }), { status: 409, code: 'FENCED' });
    t.match(await ask(nc, 'get', { id }), { state: 'done', result: { ok: true } });
    t.same(await claim(nc, { agent: 'a2', limit: 10 }), [], 'it has no node');
  });

  t.test('a lease that ends gives the task to another; the first is fenced off', async (t) => {
    const [first] = await claim(nc, { agent: 'a1', capabilities: ['node'], leaseMs: 100 });
    const second = await until('the lease to end', async () => {
      const [task] = await claim(nc, { agent: 'a2', capabilities: ['node'], idempotencyKey: 'once' });
      return task;
    });
    t.equal(second.id, first?.id);
    t.ok(second.token > (first?.token ?? 0), 'the token grows');
    t.match(await ask(nc, 'complete', { id: 'test', token: first?.token }), { status: 409, code: 'FENCED' });
    t.match(
      await ask(nc, 'heartbeat', {
        tasks: [first, second].map((each) => ({ id: each?.id, token: each?.token })),
      }),
      {
        status: undefined,
        extended: ['test'],
        failures: [{ task: 'test', code: 'FENCED' }],
      },
    );
    const [again] = await claim(nc, { agent: 'a2', capabilities: ['node'], idempotencyKey: 'once' });
    t.equal(again?.token, second.token, 'the same key is the same claim');
    t.match(await ask(nc, 'assigned', { agents: ['a1', 'a2'] }), {
      agents: [
        { agent: 'a1', tasks: [] },
        { agent: 'a2', tasks: [{ id: 'test', state: 'claimed' }] },
      ],
    });
    t.match(await ask(nc, 'fail', { id: 'test', token: second.token, reason: 'red' }), { state: 'ready' });
    t.match(await ask(nc, 'get', { id: 'test' }), { failures: 2, error: 'red' });
  });

  t.test('are explained and drawn', async (t) => {
    const explained = await ask(nc, 'explain', { id: 'test' });
    t.match(explained, { waitsFor: [], unblocks: 1, terms: { length: 5 } });
    const terms = explained['terms'] as { contribution: number }[];
    const sum = terms.reduce((total, { contribution }) => total + contribution, 0);
    t.ok(Math.abs(sum - (explained['score'] as number)) < 1e-9, 'the terms add up to the score');
    t.match(await ask(nc, 'explain', { id: 'ship' }), { waitsFor: [{ id: 'test', state: 'ready' }] });
    t.same((await ask(nc, 'graph', { finished: true }))['edges'], [
      ['build', 'test'],
      ['test', 'ship'],
    ]);
    t.same((await ask(nc, 'graph', {}))['criticalPath'], ['test', 'ship']);
    t.match(await ask(nc, 'check', { ids: ['ship', 'nobody'] }), {
      tasks: [{ id: 'ship', state: 'pending', openDependencies: 1 }],
      unknown: ['nobody'],
    });
  });

  t.test('a priority changes the order; the next ones are shown with their scores', async (t) => {
    await ask(nc, 'add', {
      tasks: ['p1', 'p2', 'p3', 'p4', 'p5'].map((id) => ({ id, title: id, phase: 'p' })),
    });
    await ask(nc, 'reprioritise', { ids: ['p4'], priority: 'critical' });
    await ask(nc, 'reprioritise', { ids: ['p1'], priority: 'low' });
    const ids = (body: Json) => (body['tasks'] as Claimed[]).map(({ id }) => id);
    t.same(ids(await ask(nc, 'ready', { phase: 'p' })), ['p4', 'p2', 'p3', 'p5', 'p1']);
    t.same(
      (await claim(nc, { agent: 'a1', phase: 'p', limit: 3 })).map(({ id }) => id),
      ['p4', 'p2', 'p3'],
    );
  });

  t.test('a batch finishes and takes more at once', async (t) => {
    const held = (await ask(nc, 'list', { agent: 'a1', state: 'claimed' }))['tasks'] as Claimed[];
    t.equal(held.length, 3);
    const all = await claim(nc, { agent: 'b', phase: 'p', limit: 5 });
    const done = await ask(nc, 'batch', {
      complete: all.map(({ id, token }) => ({ id, token })),
      release: [{ id: 'p2', token: 7 }],
      claim: { agent: 'b', capabilities: ['node'], limit: 1 },
    });
    t.match(done, {
      completed: all.map(({ id }) => id),
      claimed: [{ id: 'test' }],
      failures: [{ task: 'p2', code: 'FENCED' }],
    });
  });

  t.test('cancel takes what waits along; retry opens it again', async (t) => {
    t.same((await ask(nc, 'cancel', { ids: ['test'], dependants: true, reason: 'not now' }))['changed'], [
      'test',
      'ship',
    ]);
    t.match(await ask(nc, 'cancel', { ids: ['build', 'nobody'] }), {
      changed: [],
      failures: [
        { task: 'build', code: 'CONFLICT' },
        { task: 'nobody', code: 'NOT_FOUND' },
      ],
    });
    t.same((await ask(nc, 'retry', { ids: ['test', 'ship'] }))['changed'], ['test', 'ship']);
    t.match(await ask(nc, 'get', { id: 'test' }), { state: 'ready', failures: 0 });
  });

  t.test('each state is an event; many at once share one', async (t) => {
    const one = nc.subscribe('vigil.event.task.*.*', { max: 2 });
    const many = nc.subscribe('vigil.event.tasks.ready', { max: 1 });
    await nc.flush();
    await ask(nc, 'add', { tasks: [{ id: 'e1', title: 'x', phase: 'e' }] });
    await claim(nc, { agent: 'a1', phase: 'e' });
    const subjects: string[] = [];
    for await (const message of one) subjects.push(message.subject);
    t.same(subjects, ['vigil.event.task.e1.ready', 'vigil.event.task.e1.claimed']);
    const ids = Array.from({ length: 5 }, (_, i) => `many-${i}`);
    await ask(nc, 'add', { tasks: ids.map((id) => ({ id, title: 'x', phase: 'm' })) });
    for await (const message of many) t.match(message.json(), { state: 'ready', tasks: ids });
  });

  t.test('an agent takes work with its own key, and gives none', async (t) => {
    const { url } = JSON.parse(readFileSync(join(cwd, '.vigil/supervisor.json'), 'utf8')) as { url: string };
    const seed = new TextEncoder().encode(readFileSync(join(cwd, '.vigil/keys/agent.nk'), 'utf8').trim());
    const agent = await connect({
      servers: url,
      authenticator: nkeyAuthenticator(seed),
      inboxPrefix: '_INBOX_agent.tasks',
    });
    t.teardown(() => agent.close());
    const [task] = await claim(agent, { agent: 'a9', phase: 'm' });
    t.ok(task?.token);
    t.match(await ask(agent, 'complete', { id: task?.id, token: task?.token }), { id: task?.id });
    await t.rejects(
      agent.request('vigil.rpc.tasks.add', '{"tasks": [{"title": "mine"}]}', { timeout: 1_000 }),
      { code: /PERMISSIONS_VIOLATION|TIMEOUT/ },
    );
  });

  t.test(
    'a supervisor that is killed has every task when it is back, and the leases still hold',
    async (t) => {
      const [task] = await claim(nc, { agent: 'keeper', phase: 'm' });
      const before = (await ask(nc, 'list', {}))['tasks'] as Json[];
      process.child.kill('SIGKILL');
      await process.finished();
      await nc.close();
      const { nc: again } = await start(t, cwd);
      t.same((await ask(again, 'list', {}))['tasks'], before);
      t.match(await ask(again, 'complete', { id: task?.id, token: task?.token }), { id: task?.id });
      t.same((await ask(again, 'graph', {}))['criticalPath'], ['test', 'ship'], 'the graph was read again');
    },
  );
});
