import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import type { AgentRecord } from '../../src/messages/agents.js';
import type { AgentStatusChanged, RestartEvent } from '../../src/messages/health.js';
import type { Status } from '../../src/messages/requests.js';
import { testFolder } from '../folder.js';
import { Managed } from '../managed/agents.js';
import { CLI, connectClient, isAlive, type Running, until, vigil } from './processes.js';

// What these wait for is mostly other processes.
t.jobs = 3;

/** Fast enough for tests, slow enough for a busy machine. */
const HEALTH = {
  VIGIL_CYCLE_INTERVAL_MS: '0',
  VIGIL_HEALTH_CHECK_MS: '100',
  VIGIL_HEALTH_CONTROL_MS: '1000',
  VIGIL_HEALTH_COOL_DOWN_MS: '1000',
  VIGIL_HEALTH_STATUS_MS: '100',
};
const EXPECTED = 'expectedMs: {starting: 400, running: 400, paused: 400, restarting: 400, stopping: 400}';

interface Fleet {
  readonly cwd: string;
  readonly nc: NatsConnection;
  readonly supervisor: Running;
  readonly events: Told[];
}

type Told = { readonly subject: string; readonly body: RestartEvent & AgentStatusChanged };

/** A supervisor of its own, with what it tells. */
async function fleet(t: Test, agents = '[]'): Promise<Fleet> {
  const cwd = testFolder(t, {
    'vigil.config.yaml': `health: {${EXPECTED}}\nagents: ${agents}\n`,
    elsewhere: {},
  });
  const supervisor = vigil(t, ['start'], { cwd, env: HEALTH });
  await supervisor.says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  const events: Told[] = [];
  nc.subscribe('vigil.event.>', {
    callback: (_error, message) => {
      events.push({ subject: message.subject, body: message.json() });
    },
  });
  await nc.flush();
  return { cwd, nc, supervisor, events };
}

/** Ends a runner that a restart command has started with the test: it is no child of it. */
function endWith(t: Test, cwd: string): void {
  const { runner } = JSON.parse(readFileSync(join(cwd, '.vigil/agents/a1/running.json'), 'utf8')) as {
    runner: { pid: number };
  };
  t.teardown(async () => {
    if (isAlive(runner.pid)) process.kill(runner.pid, 'SIGTERM');
    await until('its runner to end', () => !isAlive(runner.pid));
  });
}

function start(t: Test, cwd: string, flags: readonly string[], script: string): Managed {
  const env = { VIGIL_MANAGED_HEARTBEAT_MS: '200' };
  return Managed.start(t, ['sh', '-c', script], { cwd, flags, env });
}

const SLEEP = 'echo up $$; exec sleep 1000';

async function ask<T>(nc: NatsConnection, endpoint: string, body: object = {}): Promise<T> {
  const reply = await nc.request(`vigil.rpc.${endpoint}`, JSON.stringify(body), { timeout: 30_000 });
  return reply.json<T>();
}

async function untilState(nc: NatsConnection, agent: string, state: string): Promise<AgentRecord> {
  return until(`${agent} to be ${state}`, async () => {
    const record = await ask<AgentRecord>(nc, 'agents.get', { id: agent });
    return record.status?.state === state ? record : undefined;
  });
}

const restartsIn = (events: readonly Told[]) =>
  events.filter(({ subject }) => subject.startsWith('vigil.event.restart.')).map(({ body }) => body);

const pidOf = (line: string) => Number(/\d+/.exec(line)?.[0]);

t.test(
  'kill -9 of an agent: its runner starts it once more, and nobody else notices',
  { buffered: true },
  async (t) => {
    const { cwd, nc, events } = await fleet(t);
    const agent = start(t, cwd, ['--restart', 'on-failure'], SLEEP);
    const pid = pidOf(await agent.says(/^up/));
    const sibling = start(t, cwd, ['--id', 'a2', '--restart', 'on-failure'], SLEEP);
    const siblingPid = pidOf(await sibling.says(/^up/));
    t.match(await untilState(nc, 'a1', 'running'), { managed: true, status: { source: 'heartbeat' } });
    const { health: before } = await untilState(nc, 'a2', 'running');
    process.kill(pid, 'SIGKILL');
    await until('another process', () => agent.stdout.match(/^up/gm)?.length === 2);
    t.equal((await untilState(nc, 'a1', 'running')).health.lost, 0);
    t.same(restartsIn(events), [], 'the supervisor has nothing to do with it');
    const { health: after } = await untilState(nc, 'a2', 'running');
    t.match(after, { instance: before.instance, level: 'ok', lost: 0, duplicates: 0 }, 'nor has its sibling');
    t.ok(isAlive(siblingPid));
    t.equal(sibling.stdout.match(/^up/gm)?.length, 1);
  },
);

t.test(
  'kill -9 of a runner: missed, and started anew by its restart command, once',
  { buffered: true },
  async (t) => {
    const command = [process.execPath, CLI, 'run', '--id', 'a1', '--', 'sh', '-c', SLEEP];
    const { cwd, nc, events } = await fleet(
      t,
      JSON.stringify([{ id: 'a1', restart: { command, cwd: '.' } }]),
    );
    const agent = start(t, cwd, [], SLEEP);
    const orphan = pidOf(await agent.says(/^up/));
    const before = await untilState(nc, 'a1', 'running');
    agent.child.kill('SIGKILL');
    await until('the restart', () => restartsIn(events).length > 0);
    endWith(t, cwd);
    t.match(restartsIn(events), [
      { agent: 'a1', by: 'ladder', outcome: 'restarted', way: 'command', attempt: 1 },
    ]);
    const after = await untilState(nc, 'a1', 'running');
    t.not(after.health.instance, before.health.instance);
    t.equal(isAlive(orphan), false, 'what the dead runner left is ended');
    t.equal(restartsIn(events).length, 1);
  },
);

t.test(
  'an agent that ends at its start: bounded, quarantined by its runner, told, then quiet',
  { buffered: true },
  async (t) => {
    const { cwd, nc, events } = await fleet(t);
    const agent = start(t, cwd, ['--restart', 'on-failure'], 'echo up; exit 3');
    t.equal((await agent.finished()).code, 3);
    t.equal(agent.stdout.match(/^up/gm)?.length, 6, 'once, and five times more');
    t.match(await untilState(nc, 'a1', 'crashed'), { status: { source: 'process' } });
    await until('the word of it', () =>
      events.some(({ subject }) => subject === 'vigil.event.agent.a1.crashed'),
    );
    const { health } = await ask<Status>(nc, 'status');
    t.match(health, { restarts: 0, unresponsive: 0, watched: 0 });
  },
);

t.test(
  'SIGSTOP of an agent: seen through its own heartbeat, restarted; what was stopped is gone',
  { buffered: true },
  async (t) => {
    const { cwd, nc, events } = await fleet(t);
    const agent = start(t, cwd, [], SLEEP);
    const pid = pidOf(await agent.says(/^up/));
    await untilState(nc, 'a1', 'running');
    process.kill(-pid, 'SIGSTOP');
    await until('the restart', () => restartsIn(events).length > 0);
    t.match(restartsIn(events), [{ outcome: 'restarted', way: 'control', reason: /stopped by a signal/ }]);
    t.equal(isAlive(pid), false, 'there is nothing left to continue');
    await untilState(nc, 'a1', 'running');
  },
);

t.test(
  'SIGSTOP of a runner: another takes its place, and SIGCONT wakes nobody',
  { buffered: true },
  async (t) => {
    const command = [process.execPath, CLI, 'run', '--id', 'a1', '--take-over', '--', 'sh', '-c', SLEEP];
    const { cwd, nc, events } = await fleet(
      t,
      JSON.stringify([{ id: 'a1', restart: { command, cwd: '.' } }]),
    );
    const agent = start(t, cwd, [], SLEEP);
    const old = pidOf(await agent.says(/^up/));
    await untilState(nc, 'a1', 'running');
    agent.child.kill('SIGSTOP');
    await until('the restart', () => restartsIn(events).length > 0);
    endWith(t, cwd);
    t.match(restartsIn(events), [{ outcome: 'restarted', way: 'command' }]);
    await agent.finished();
    t.equal(agent.child.signalCode, 'SIGKILL');
    t.equal(isAlive(old), false, 'one live owner');
    await untilState(nc, 'a1', 'running');
  },
);

t.test(
  'a runner that was replaced from elsewhere and wakes up is told to end',
  { buffered: true },
  async (t) => {
    const { cwd, nc } = await fleet(t);
    const old = start(t, cwd, [], SLEEP);
    const oldPid = pidOf(await old.says(/^up/));
    const before = await untilState(nc, 'a1', 'running');
    old.child.kill('SIGSTOP');
    const next = start(t, cwd, ['--log-dir', join(cwd, 'elsewhere')], SLEEP);
    await next.says(/^up/);
    await until('the other instance', async () => {
      const { health } = await ask<AgentRecord>(nc, 'agents.get', { id: 'a1' });
      return health.instance !== before.health.instance;
    });
    old.child.kill('SIGCONT');
    await old.finished();
    t.equal(isAlive(oldPid), false, 'with its whole group');
    t.match(await untilState(nc, 'a1', 'running'), { health: { instances: 2 } });
  },
);

t.test(
  'SIGSTOP of the supervisor for many intervals, then SIGCONT: no restart',
  { buffered: true },
  async (t) => {
    const { cwd, nc, supervisor, events } = await fleet(t);
    const agent = start(t, cwd, [], SLEEP);
    await agent.says(/^up/);
    await untilState(nc, 'a1', 'running');
    supervisor.child.kill('SIGSTOP');
    const stoppedAt = performance.now();
    // Fifteen intervals: as a minute is to the four seconds in which an agent is missed by default.
    await until('time to pass', () => performance.now() - stoppedAt > 6_000);
    supervisor.child.kill('SIGCONT');
    const { health } = await until('an answer, and heartbeats after it', async () => {
      const status = await ask<Status>(nc, 'status');
      return status.health.pauses > 0 && status.health.heartbeats > 40 ? status : undefined;
    });
    t.match(health, { restarts: 0, unresponsive: 0, held: false });
    t.same(restartsIn(events), []);
    t.same(
      events.filter(({ subject }) => /a1\.(health|crashed|unknown)$/.test(subject)),
      [],
      'and nobody was even suspected',
    );
  },
);

t.test(
  'agents that end say how: stopped is finished, and is not restarted',
  { buffered: true },
  async (t) => {
    const { cwd, nc, events } = await fleet(t);
    const agent = start(t, cwd, ['--restart', 'always'], SLEEP);
    await agent.says(/^up/);
    await untilState(nc, 'a1', 'running');
    agent.child.kill('SIGTERM');
    await agent.finished();
    t.match(await untilState(nc, 'a1', 'finished'), { status: { source: 'process' } });
    t.same(restartsIn(events), []);
    t.match(await ask(nc, 'agents.restart', { ids: ['a1', 'nobody'] }), {
      restarts: [{ agent: 'a1', by: 'person', outcome: 'failed' }],
      failures: [
        { agent: 'nobody', code: 'NOT_FOUND' },
        { agent: 'a1', code: 'UNAVAILABLE' },
      ],
    });
    t.match(await ask(nc, 'agents.register', { agents: [{ id: 'evil', restart: { command: ['sh'] } }] }), {
      error: { code: 'FORBIDDEN', message: /settings only/ },
    });
  },
);
