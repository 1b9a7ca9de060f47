import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import type { BrokerServer } from '../../src/broker/server.js';
import { Heartbeat, Output } from '../../src/messages/agent-wire.js';
import { REQUESTS } from '../../src/messages/requests.js';
import { connectAs, serverOn, unexpected } from '../broker/servers.js';
import { testFolder } from '../folder.js';
import { until } from '../system/processes.js';
import { Managed, node } from './agents.js';

// What these wait for is mostly other processes.
t.jobs = 4;

const SLEEP = ['sh', '-c', 'echo $$; exec sleep 1000'];
/** Tells each line that it reads. Lines, not chunks: two messages may well arrive in one chunk. */
const ECHO =
  'require("readline").createInterface(process.stdin).on("line", (line) => console.log("got " + line)); console.log("up")';

/** The supervisor's side of the wire, without a supervisor. */
class Wire {
  readonly beats: Heartbeat[] = [];
  readonly registered: Record<string, unknown>[] = [];
  readonly outputs: Output[] = [];
  readonly #connection: NatsConnection;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  static async open(t: Test, server: BrokerServer, dataDir: string): Promise<Wire> {
    const connection = await connectAs(t, server, dataDir, 'supervisor');
    const wire = new Wire(connection);
    connection.subscribe('vigil.agent.*.heartbeat', {
      callback: (_error, message) => wire.beats.push(Heartbeat.parse(message.json())),
    });
    connection.subscribe('vigil.agent.*.output', {
      callback: (_error, message) => wire.outputs.push(Output.parse(message.json())),
    });
    connection.subscribe('vigil.rpc.agents.register', {
      callback: (_error, message) => {
        const { agents } = REQUESTS['agents.register'].request.parse(message.json());
        wire.registered.push(...agents);
        message.respond(JSON.stringify({ registered: agents.map(({ id }) => id), updated: [] }));
      },
    });
    await connection.flush();
    return wire;
  }

  async ask(subject: 'steer' | 'control', body: object): Promise<Record<string, unknown>> {
    const reply = await this.#connection.request(`vigil.agent.a1.${subject}`, JSON.stringify(body), {
      timeout: 10_000,
    });
    return reply.json();
  }

  tell(subject: string, text: string): void {
    this.#connection.publish(`vigil.agent.a1.${subject}`, text);
  }

  beat(state: string): Promise<Heartbeat> {
    return until(`a heartbeat that says ${state}`, () => this.beats.findLast((beat) => beat.state === state));
  }

  get lines(): string[] {
    return this.outputs.flatMap(({ lines }) =>
      lines.filter(({ stream }) => stream === 'stdout').map(({ text }) => text),
    );
  }
}

interface Fleet {
  readonly cwd: string;
  readonly server: BrokerServer;
  readonly wire: Wire;
  /** Flags that name the broker, as on another machine. */
  readonly remote: string[];
}

async function fleet(t: Test): Promise<Fleet> {
  const cwd = testFolder(t);
  const dataDir = join(cwd, '.vigil');
  const server = await serverOn(t, dataDir);
  await server.start(unexpected);
  const wire = await Wire.open(t, server, dataDir);
  return {
    cwd,
    server,
    wire,
    remote: ['--nats-url', server.url, '--nkey-file', join(dataDir, 'keys/agent.nk')],
  };
}

/** Notes a supervisor as the command line does. */
function note({ cwd, server }: Pick<Fleet, 'cwd' | 'server'>): void {
  const agentNkeyFile = join(cwd, '.vigil/keys/agent.nk');
  const running = { pid: process.pid, url: server.url, prefix: 'vigil', agentNkeyFile };
  writeFileSync(join(cwd, '.vigil/supervisor.json'), JSON.stringify(running));
}

t.test(
  'beside a supervisor it registers its files; its heart beats with its state',
  { buffered: true },
  async (t) => {
    const { cwd, server, wire } = await fleet(t);
    note({ cwd, server });
    const agent = Managed.start(t, SLEEP, { cwd, flags: ['--goal', 'sleep well'] });
    const pid = Number(await agent.says(/^\d+$/));
    const first = await wire.beat('running');
    t.equal(first.pid, pid);
    t.ok((first.rssBytes ?? 0) > 0 && first.cpuMs !== undefined);
    await until('its registration', () => wire.registered.length > 0);
    const logs = ['stdout.jsonl', 'stderr.jsonl', 'session.jsonl'];
    t.match(wire.registered, [{ id: 'a1', goal: 'sleep well', workspace: agent.folder, logs }]);
    await until('more heartbeats', () => wire.beats.length > 5);
    t.same(
      wire.beats.map(({ seq }) => seq),
      wire.beats.map((_, i) => i),
      'numbered without a gap',
    );
    agent.child.kill('SIGTERM');
    t.equal((await agent.finished()).code, 143);
    t.match(await wire.beat('exited'), { pid: null, exitCode: 143 });
    t.ok(wire.beats.some(({ state }) => state === 'stopping'));
  },
);

t.test('control is done and acknowledged', { buffered: true }, async (t) => {
  const { cwd, wire, remote } = await fleet(t);
  const agent = Managed.start(t, SLEEP, { cwd, flags: remote });
  const pid = Number(await agent.says(/^\d+$/));
  await wire.beat('running');
  const stateOf = () => /^\d+ \(.*\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];

  t.match(await wire.ask('control', { action: 'pause' }), { action: 'pause', state: 'paused' });
  await until('the process to stand still', () => stateOf() === 'T');
  await wire.beat('paused');
  t.match(await wire.ask('control', { action: 'resume' }), { action: 'resume', state: 'running' });
  await until('the process to go on', () => stateOf() === 'S');

  process.kill(pid, 'SIGSTOP');
  await until('a pause by somebody else to be told', () => wire.beats.at(-1)?.state === 'paused');
  t.match(await wire.ask('control', { action: 'restart' }), { action: 'restart', state: 'stopping' });
  const next = await until('another process', () =>
    wire.beats.findLast((beat) => beat.pid !== null && beat.pid !== pid),
  );
  t.equal(next.restarts, 1);

  t.match(await wire.ask('control', { action: 'explode' }), {
    error: { code: 'BAD_REQUEST', message: /action/ },
  });
  wire.tell('control', 'no json');
  await until('what was not asked for to be said', () => /control refused: expected JSON/.test(agent.stderr));

  await wire.beat('running');
  t.match(await wire.ask('control', { action: 'stop' }), { action: 'stop' });
  t.equal((await agent.finished()).code, 143, 'and it is not restarted');
});

t.test('steering by standard input: one line, acknowledged, on record', { buffered: true }, async (t) => {
  const { cwd, wire, remote } = await fleet(t);
  const agent = Managed.start(t, node(ECHO), { cwd, flags: ['--steer', 'stdin', ...remote] });
  await agent.says(/^up$/);
  await wire.beat('running');
  t.match(await wire.ask('steer', { message: 'stop that,\n\n  do this' }), {
    delivered: 'stdin',
    at: String,
  });
  await agent.says(/^got stop that, do this$/);
  t.match(agent.records('session').at(-1), { role: 'user', text: 'stop that,\n\n  do this' });
  wire.tell('steer', '{"message": "quietly"}');
  await agent.says(/^got quietly$/);
  t.match(await wire.ask('steer', { message: '' }), { error: { code: 'BAD_REQUEST' } });
});

t.test(
  'a message that comes again under its id is acknowledged, and told once',
  { buffered: true },
  async (t) => {
    const { cwd, wire, remote } = await fleet(t);
    const agent = Managed.start(t, node(ECHO), { cwd, flags: ['--steer', 'stdin', ...remote] });
    await agent.says(/^up$/);
    await wire.beat('running');
    const message = { id: 'i1', message: 'once' };
    const [first, second] = await Promise.all([wire.ask('steer', message), wire.ask('steer', message)]);
    t.match(first, { delivered: 'stdin' });
    t.same(second, first);
    t.same(await wire.ask('steer', message), first);
    await wire.ask('steer', { id: 'i2', message: 'another' });
    await agent.says(/^got another$/);
    t.equal(agent.stdout.match(/got once/g)?.length, 1);
  },
);

t.test('steering by file', { buffered: true }, async (t) => {
  const { cwd, wire, remote } = await fleet(t);
  const agent = Managed.start(t, ['sh', '-c', 'echo "$VIGIL_STEER_FILE"; exec sleep 1000'], {
    cwd,
    flags: ['--steer', 'file', ...remote],
  });
  const file = await agent.says(/steer/);
  await wire.beat('running');
  t.match(await wire.ask('steer', { message: 'one' }), { delivered: 'file' });
  t.match(await wire.ask('steer', { message: 'two\nthree' }), { delivered: 'file' });
  t.equal(readFileSync(file, 'utf8'), 'one\ntwo three\n');
});

t.test('an agent that takes no steering, or does not read it, says so', { buffered: true }, async (t) => {
  const { cwd, wire, remote } = await fleet(t);
  const none = Managed.start(t, SLEEP, { cwd, flags: remote });
  await wire.beat('running');
  t.match(await wire.ask('steer', { message: 'x' }), {
    error: { code: 'CONFLICT', message: /--steer stdin/ },
  });
  none.child.kill('SIGTERM');
  await none.finished();

  const deaf = Managed.start(t, SLEEP, { cwd, flags: ['--steer', 'stdin', ...remote] });
  const pid = Number(await deaf.says(/^\d+$/));
  await until('the second agent', () => wire.beats.some((beat) => beat.pid === pid));
  const long = { message: 'x'.repeat(20_000) };
  const replies = await Promise.all(Array.from({ length: 24 }, () => wire.ask('steer', long)));
  const codes = replies.map((reply) => (reply['error'] as { code: string } | undefined)?.code ?? 'ok');
  t.ok(
    codes.includes('ok') && codes.includes('BUSY') && codes.every((code) => /ok|BUSY|TIMEOUT/.test(code)),
    String(codes),
  );
});

t.test(
  'without a broker it runs all the same, says so once, and is there when one appears',
  { buffered: true },
  async (t) => {
    const cwd = testFolder(t);
    const agent = Managed.start(t, SLEEP, { cwd, env: { VIGIL_MANAGED_RECONNECT_MS: '200' } });
    await agent.says(/^\d+$/);
    await until('the word that nobody watches', () =>
      /runs on its own, nobody watches it yet/.test(agent.stderr),
    );

    const dataDir = join(cwd, '.vigil');
    const server = await serverOn(t, dataDir);
    await server.start(unexpected);
    const wire = await Wire.open(t, server, dataDir);
    note({ cwd, server });
    await wire.beat('running');
    await until('its registration', () => wire.registered.length > 0);
    t.equal(agent.stderr.match(/nobody watches it yet/g)?.length, 1, 'once, however often it tried');

    // The broker goes away for good, and another one comes on another port.
    const { port } = new URL(server.url);
    await server.stop();
    await until('the word that it is gone', () =>
      /the broker went away; the agent goes on/.test(agent.stderr),
    );
    const again = await serverOn(t, dataDir);
    await again.start(unexpected);
    t.not(new URL(again.url).port, port);
    const second = await Wire.open(t, again, dataDir);
    note({ cwd, server: again });
    t.match(await second.beat('running'), { restarts: 0 }, 'the agent itself noticed nothing');
    await until('its registration anew', () => second.registered.length > 0);
    agent.child.kill('SIGTERM');
    t.equal((await agent.finished()).code, 143);
  },
);

t.test(
  'a broker that stops answering holds up neither the agent nor its end',
  { buffered: true },
  async (t) => {
    const { cwd, server, wire, remote } = await fleet(t);
    const script = 'let n = 0; setInterval(() => console.log(n++), 5)';
    const agent = Managed.start(t, node(script), { cwd, flags: remote });
    await wire.beat('running');
    process.kill(server.pid ?? 0, 'SIGSTOP');
    t.teardown(() => process.kill(server.pid ?? 0, 'SIGCONT'));
    const before = agent.stdout.length;
    await until('the agent to go on', () => agent.stdout.length > before + 1000);
    agent.child.kill('SIGTERM');
    t.equal((await agent.finished()).code, 143);
    process.kill(server.pid ?? 0, 'SIGCONT');
  },
);

t.test(
  'where its files cannot be read its lines go over the broker, bounded, and again when asked',
  { buffered: true },
  async (t) => {
    const { cwd, wire, remote } = await fleet(t);
    const script =
      'for (let n = 0; n < 20000; n++) console.log("line " + n); setTimeout(() => console.log("later"), 300); setInterval(() => {}, 1e6)';
    const agent = Managed.start(t, node(script), {
      cwd,
      flags: remote,
      env: { VIGIL_MANAGED_BATCH_BYTES: '8192', VIGIL_MANAGED_REPLAY_BYTES: '8192' },
    });
    await until('the last line', () => wire.lines.includes('later'));
    t.match(wire.registered[0], { id: 'a1', stream: true, logs: [] });
    const stated = wire.outputs.reduce((sum, { dropped }) => sum + dropped, 0);
    const sent = wire.lines.length;
    t.ok(stated > 0 && sent + stated >= 20_001, `${sent} sent, ${stated} left out and counted`);
    const numbers = wire.outputs.flatMap(({ lines }) => lines.map(({ seq }) => seq));
    t.same(
      numbers,
      [...numbers].sort((a, b) => a - b),
      'in order',
    );
    for (const output of wire.outputs) t.ok(JSON.stringify(output).length <= 8_192 + 64);
    t.equal(agent.texts('stdout').length, 20_001, 'the file has every one of them');

    const known = wire.outputs.length;
    wire.tell('replay', '{}');
    const replayed = () => wire.outputs.slice(known).flatMap(({ replay, lines }) => (replay ? lines : []));
    await until('the replay', () => replayed().at(-1)?.text === 'later');
    t.ok(numbers.includes(replayed()[0]?.seq ?? -1), 'the same lines with the same numbers');
  },
);

t.test('a wrong key is said, and the agent runs', { buffered: true }, async (t) => {
  const { cwd, server } = await fleet(t);
  const flags = ['--nats-url', server.url, '--nkey-file', join(cwd, '.vigil/keys/nothing.nk')];
  const agent = Managed.start(t, ['sh', '-c', 'read x; exit 5'], { cwd, flags, input: 'pipe' });
  await until('the word', () => /nothing\.nk cannot be used/.test(agent.stderr));
  agent.child.stdin?.end('\n');
  const [code] = await once(agent.child, 'exit');
  t.equal(code, 5);
});
