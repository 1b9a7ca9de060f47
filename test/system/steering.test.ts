import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect, type NatsConnection, nkeyAuthenticator } from 'nats';
import t, { type Test } from 'tap';
import { sessionId } from '../../src/discovery/session-name.js';
import { Intervention } from '../../src/messages/interventions.js';
import { testFolder } from '../folder.js';
import {
  CLI,
  cleanEnvironment,
  connectClient,
  jsonLines,
  type Running,
  run,
  until,
  vigil,
} from './processes.js';

const FAILS = { tool: 'bash', input: 'make', output: 'no rule to make target', exitCode: 2 };
const WORKS = { tool: 'bash', input: 'make all', output: 'built', exitCode: 0 };

interface Fleet {
  readonly cwd: string;
  readonly vigil: Running;
  readonly client: NatsConnection;
  /** Interventions as they were published, each step. */
  readonly told: Intervention[];
  /** `vigil.event.agent.>` */
  readonly events: { subject: string; body: Record<string, unknown> }[];
  cli(...args: string[]): ReturnType<Running['finished']>;
  write(log: string, ...records: object[]): void;
  cycle(): Promise<{ interventions: Intervention[] }>;
}

let second = 0;

/** A supervisor with agents whose logs the test writes. */
async function fleet(t: Test, agents: readonly object[], steering: object): Promise<Fleet> {
  const cwd = testFolder(t);
  const settings = { agents, steering: { pollMs: 100, ...steering }, cycle: { intervalMs: 0 } };
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify(settings));
  const write = (log: string, ...records: object[]) => {
    mkdirSync(dirname(join(cwd, log)), { recursive: true });
    const lines = records.map((fields) => {
      second += 5;
      const timestamp = new Date(Date.UTC(2026, 0, 1, 10) + second * 1_000).toISOString();
      return `${JSON.stringify({ timestamp, ...fields })}\n`;
    });
    appendFileSync(join(cwd, log), lines.join(''));
  };
  write('own.jsonl', { role: 'user', text: 'Build the project' });
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching\./);
  const client = await connectClient(t, cwd);
  const told: Intervention[] = [];
  const events: Fleet['events'] = [];
  client.subscribe('vigil.event.intervention.*', {
    callback: (_error, message) => told.push(Intervention.parse(message.json())),
  });
  client.subscribe('vigil.event.agent.*.*', {
    callback: (_error, message) => events.push({ subject: message.subject, body: message.json() }),
  });
  await client.flush();
  return {
    cwd,
    vigil: running,
    client,
    told,
    events,
    cli: (...args) => vigil(t, args, { cwd }).finished(),
    write,
    cycle: async () => (await client.request('vigil.rpc.cycle', '{}', { timeout: 30_000 })).json(),
  };
}

const failing = (count: number) => Array.from({ length: count }, () => FAILS);
const working = [1, 2, 3, 4].map((number) => ({
  ...WORKS,
  input: `make part${number}`,
  output: `part ${number} built`,
}));
const OWN = { id: 'own', logs: ['own.jsonl'] };

t.test('by default people are told, and nothing is sent', async (t) => {
  const { write, cycle, cli } = await fleet(t, [OWN], {});
  write('own.jsonl', ...failing(6));
  const { interventions } = await cycle();
  t.match(interventions, [{ agent: 'own', delivery: 'notify', state: 'notified' }]);
  const { stdout, code } = await cli('interventions', '--json');
  t.equal(code, 0);
  t.match(jsonLines(stdout), [{ id: interventions[0]?.id, state: 'notified' }]);
  write('own.jsonl', ...failing(2));
  t.same((await cycle()).interventions, [], 'not again within the cool-down');
  const emergency = await cli('interventions', 'list', '--agent', 'nobody');
  t.equal(emergency.stdout, '');
});

t.test('a managed agent is told, acknowledges, and what it did since is seen', async (t) => {
  const { cwd, cycle, told, cli } = await fleet(t, [OWN], { mode: 'auto' });
  const script = [
    ...failing(6).map((record) => `echo '${JSON.stringify(record)}'`),
    'until [ -s "$VIGIL_STEER_FILE" ]; do sleep 0.05; done',
    ...working.map((record) => `echo '${JSON.stringify(record)}'`),
    'echo over >&2; exec sleep 1000',
  ].join('\n');
  const agent = vigil(
    t,
    ['run', '--id', 'maker', '--goal', 'Build it', '--steer', 'file', '--', 'sh', '-c', script],
    { cwd },
  );
  await until('its registration', () => /watched as maker/.test(agent.stderr));
  const { interventions } = await cycle();
  t.match(interventions, [{ agent: 'maker', delivery: 'auto', state: 'queued' }]);
  const delivered = await until('its delivery', () => told.find(({ state }) => state === 'delivered'));
  t.match(delivered, { agent: 'maker', via: 'file', id: interventions[0]?.id });
  await until('the agent to go on', () => /^over$/m.test(agent.stderr));
  t.match(readFileSync(join(cwd, '.vigil/agents/maker/steer.txt'), 'utf8'), `${delivered.message}\n`);
  await cycle();
  const seen = await until('its effect', () => told.find(({ effect }) => effect !== undefined));
  t.match(seen, { id: delivered.id, effect: { outcome: 'helped' } });
  const { stdout } = await cli('interventions', '--agent', 'maker');
  t.match(stdout, /maker {2}\w+ {2}delivered, via file, helped \(/);

  const manual = await cli('steer', 'maker', 'Leave', 'the lock file alone.');
  t.equal(manual.code, 0, manual.stderr);
  t.match(manual.stdout, /manual {2}delivered, via file/);
  t.match(
    readFileSync(join(cwd, '.vigil/agents/maker/steer.txt'), 'utf8'),
    /\nLeave the lock file alone\.\n$/,
  );
  t.equal((await cli('steer', 'nobody', 'hello')).code, 4);
});

t.test('asked for: sent once a person has approved, with their words; or not', async (t) => {
  const { cwd, cycle, write, cli, told, client } = await fleet(t, [{ ...OWN, steer: 'ask' }], {
    cooldownMs: 0,
    approvalMs: 60_000,
    holdMs: 1_000,
  });
  write('own.jsonl', ...failing(6));
  const [first] = (await cycle()).interventions;
  t.match(first, { state: 'pending', delivery: 'ask' });
  const heard: unknown[] = [];
  const runner = await connectAgent(t, cwd);
  runner.subscribe('vigil.agent.own.steer', {
    callback: (_error, message) => {
      heard.push(message.json());
      message.respond(JSON.stringify({ delivered: 'stdin', at: new Date().toISOString() }));
    },
  });
  await runner.flush();
  t.same(heard, []);
  const approved = await cli(
    'interventions',
    'approve',
    first?.id ?? '',
    '--message',
    'Read the Makefile.',
    '--json',
  );
  t.equal(approved.code, 0, approved.stderr);
  t.match(JSON.parse(approved.stdout), { state: 'delivered', via: 'stdin', message: 'Read the Makefile.' });
  t.match(heard, [{ id: first?.id, message: 'Read the Makefile.' }]);
  const again = await cli('interventions', 'approve', first?.id ?? '');
  t.equal(again.code, 1);
  t.match(again.stderr, /waits for no decision: it is delivered/);

  write('own.jsonl', ...failing(2));
  const [next] = (await cycle()).interventions;
  const rejected = await cli('interventions', 'reject', next?.id ?? '');
  t.equal(rejected.code, 0);
  t.match(rejected.stdout, /rejected/);
  t.equal(heard.length, 1);
  t.equal((await cli('interventions', 'approve', 'unknown')).code, 4);
  t.ok(told.some(({ id, state }) => id === next?.id && state === 'rejected'));
  const page = await client.request('vigil.rpc.interventions.list', '{"limit": 1}');
  t.match(page.json(), { interventions: [{ id: next?.id }], next: next?.id });
});

t.test('nobody takes it: it waits for the session to show it, once', async (t) => {
  const log = 'projects/-home-me-app/01234567-89ab-4def-8123-456789abcdef.jsonl';
  const agent = sessionId(log, undefined);
  const { cwd, cli, write, told, events } = await fleet(t, [OWN, { id: agent, logs: [log] }], {
    holdMs: 60_000,
  });
  write(log, { role: 'user', text: 'Build the app' });
  const sent = await cli('steer', agent, 'Mind the tests.');
  t.equal(sent.code, 3);
  t.match(sent.stdout, /waiting, nobody takes messages for it now/);
  const hook = (event: string, dataDir = join(cwd, '.vigil')) =>
    spawnSync(process.execPath, [CLI, 'hook', 'claude-code', '--data-dir', dataDir], {
      cwd: '/',
      env: cleanEnvironment(),
      input: JSON.stringify({ session_id: 'x', transcript_path: join(cwd, log), hook_event_name: event }),
      encoding: 'utf8',
    });
  write(log, { role: 'assistant', text: 'Should I delete the old tables?' });
  t.match(hook('Stop'), { status: 0, stdout: '' });
  const waiting = await until('it to be said to wait', () =>
    events.find(({ subject }) => /waiting$/.test(subject)),
  );
  t.match(waiting.body, { agent }, 'judged when it stops, and not at the next cycle');
  const shown = hook('PostToolUse');
  t.equal(shown.status, 0);
  t.match(JSON.parse(shown.stdout), {
    hookSpecificOutput: { hookEventName: 'PostToolUse', additionalContext: /Mind the tests\./ },
  });
  await until('its delivery', () => told.find(({ state, via }) => state === 'delivered' && via === 'hook'));
  t.match(hook('UserPromptSubmit'), { status: 0, stdout: '' }, 'shown once');
  t.match(
    hook('PostToolUse', testFolder(t, { none: {} })),
    { status: 0, stdout: '', stderr: '' },
    'no supervisor',
  );
  const garbage = spawnSync(process.execPath, [CLI, 'hook', 'claude-code'], {
    cwd: '/',
    input: 'no json',
    encoding: 'utf8',
  });
  t.match(garbage, { status: 0, stdout: '', stderr: '' });
});

t.test('dry run: recorded, not sent; what waits too long is given up; undecided ones expire', async (t) => {
  const { cycle, write, cli, told } = await fleet(
    t,
    [OWN, { id: 'asked', logs: ['asked.jsonl'], steer: 'ask' }],
    { mode: 'auto', dryRun: true, holdMs: 1_000, approvalMs: 1_000 },
  );
  write('own.jsonl', ...failing(6));
  t.match((await cycle()).interventions, [
    { agent: 'own', delivery: 'auto', state: 'notified', dryRun: true },
  ]);
  const dry = await cli('steer', 'own', 'hello', '--dry-run');
  t.equal(dry.code, 0);
  t.match(dry.stdout, /dry run: not sent/);
  t.equal((await cli('steer', 'own', 'hello')).code, 3);
  const late = await until('it to be given up', () => told.find(({ state }) => state === 'undelivered'));
  t.match(late, { type: 'manual', reason: /in time/ });
});

t.test('an undecided intervention expires', async (t) => {
  const { cycle, write, told } = await fleet(t, [OWN], { mode: 'ask', approvalMs: 1_000 });
  write('own.jsonl', ...failing(6));
  t.match((await cycle()).interventions, [{ state: 'pending' }]);
  t.match(await until('its end', () => told.find(({ state }) => state === 'expired')), { agent: 'own' });
});

t.test('an agent that waits for a person is told of at once, once, and when it goes on', async (t) => {
  const { cycle, write, events, told } = await fleet(t, [OWN], { mode: 'auto', cooldownMs: 0 });
  write('own.jsonl', WORKS, { role: 'assistant', text: 'Should I delete the old tables?' });
  const { interventions } = await cycle();
  t.match(
    interventions,
    [{ type: 'waiting', delivery: 'notify', state: 'notified' }],
    'never answered for a person',
  );
  await cycle();
  write('own.jsonl', { role: 'assistant', text: 'Which of them should I keep?' });
  await cycle();
  write('own.jsonl', { role: 'user', text: 'Keep all.' }, ...working);
  await cycle();
  await until('the end of the wait', () => events.find(({ subject }) => subject.endsWith('.resumed')));
  t.match(events, [
    { subject: 'vigil.event.agent.own.waiting', body: { agent: 'own', summary: String } },
    { subject: 'vigil.event.agent.own.resumed', body: { agent: 'own', waitedMs: Number } },
  ]);
  t.equal(events.length, 2);
  t.ok(told.every(({ state }) => state === 'notified'));
});

t.test('killed between sending and the acknowledgement: sent again under the same id', async (t) => {
  const cwd = testFolder(t);
  const settings = { agents: [OWN], steering: { pollMs: 100 }, cycle: { intervalMs: 0 } };
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify(settings));
  writeFileSync(join(cwd, 'own.jsonl'), `${JSON.stringify({ role: 'user', text: 'Build' })}\n`);
  const script = new URL('./supervisor-process.js', import.meta.url).pathname;
  const begin = async () => {
    const running = run(t, script, [], { cwd });
    await running.says(/^ready$/);
    return running;
  };
  const heard: string[] = [];
  const listen = async (answer: () => boolean) => {
    const runner = await connectAgent(t, cwd);
    runner.subscribe('vigil.agent.own.steer', {
      callback: (_error, message) => {
        heard.push(message.json<{ id: string }>().id);
        if (answer()) message.respond(JSON.stringify({ delivered: 'file', at: new Date().toISOString() }));
      },
    });
    await runner.flush();
  };
  const first = await begin();
  await listen(() => false);
  const client = await connectClient(t, cwd);
  client.publish('vigil.rpc.agents.steer', JSON.stringify({ agent: 'own', message: 'Stop.' }));
  await until('it to be sent', () => heard.length > 0);
  first.child.kill('SIGKILL');
  await first.finished();
  await begin();
  await listen(() => true);
  const after = await connectClient(t, cwd);
  const list = await until('its delivery', async () => {
    const reply = await after.request('vigil.rpc.interventions.list', '{}', { timeout: 5_000 });
    const { interventions } = reply.json<{ interventions: Intervention[] }>();
    return interventions[0]?.state === 'delivered' ? interventions : undefined;
  });
  t.match(list, [{ agent: 'own', state: 'delivered', via: 'file' }]);
  t.equal(list.length, 1);
  t.same(new Set(heard), new Set([list[0]?.id]));
});

/** Connects as `vigil run` does. */
async function connectAgent(t: Test, cwd: string): Promise<NatsConnection> {
  const { url, agentNkeyFile } = JSON.parse(readFileSync(join(cwd, '.vigil/supervisor.json'), 'utf8'));
  const seed = new TextEncoder().encode(readFileSync(agentNkeyFile, 'utf8').trim());
  const connection = await connect({
    servers: url,
    authenticator: nkeyAuthenticator(seed),
    inboxPrefix: '_INBOX_agent.test',
  });
  t.teardown(() => connection.close());
  return connection;
}
