import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import type { AgentRecord } from '../../src/messages/agents.js';
import type { AgentStatus, AgentStatusChanged } from '../../src/messages/health.js';
import { testFolder } from '../folder.js';
import { Managed } from '../managed/agents.js';
import { connectClient, jsonLines, until, vigil } from './processes.js';

// What these wait for is mostly other processes.
t.jobs = 2;

/** No cycle ever runs here: what shows, shows because the hosts follow the logs. */
const SETTINGS = {
  cycle: { intervalMs: 0 },
  logs: { followMs: 200 },
  health: {
    statusMs: 100,
    checkMs: 100,
    expectedMs: { starting: 400, running: 400, paused: 400, restarting: 400, stopping: 400 },
    restart: 'off',
  },
};

const record = (type: string, message: object, more: object = {}) =>
  `${JSON.stringify({ type, timestamp: new Date().toISOString(), sessionId: 's', message, ...more })}\n`;
const person = (content: unknown) => record('user', { role: 'user', content });
const says = (text: string) => record('assistant', { role: 'assistant', content: [{ type: 'text', text }] });
const calls = (id: string, name: string, input: object) =>
  record('assistant', { role: 'assistant', content: [{ type: 'tool_use', id, name, input }] });
const answers = (id: string, content: string, isError = false) =>
  person([{ type: 'tool_result', tool_use_id: id, content, is_error: isError }]);

const later = (line: string) =>
  line.replace(
    /"timestamp":"([^"]+)"/,
    (_all, at) => `"timestamp":"${new Date(Date.parse(at) + 2_000).toISOString()}"`,
  );

interface Fleet {
  readonly cwd: string;
  readonly nc: NatsConnection;
  readonly subjects: string[];
  readonly crashes: AgentStatusChanged[];
  write(...lines: string[]): void;
  until(state: AgentStatus['state'], more?: Partial<AgentStatus>): Promise<AgentRecord>;
}

/** A supervisor with one agent, `a1`, that writes a Claude Code session. */
async function fleet(t: Test, settings: object = {}): Promise<Fleet> {
  const cwd = testFolder(t);
  const log = join(cwd, 'session.jsonl');
  writeFileSync(log, person('Set up the database.'));
  const all = { ...SETTINGS, agents: [{ id: 'a1', logs: [log] }], ...settings };
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify(all));
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  const subjects: string[] = [];
  const crashes: AgentStatusChanged[] = [];
  nc.subscribe('vigil.event.agent.>', {
    callback: (_error, message) => {
      subjects.push(message.subject);
      if (message.subject.endsWith('.crashed')) crashes.push(message.json());
    },
  });
  await nc.flush();
  return {
    cwd,
    nc,
    subjects,
    crashes,
    write: (...lines) => appendFileSync(log, lines.join('')),
    until: (state, more = {}) =>
      until(`a1 to be ${state}`, async () => {
        const found = (await nc.request('vigil.rpc.agents.get', '{"id": "a1"}')).json<AgentRecord>();
        const { status } = found;
        if (status === undefined) return undefined; // not on record yet
        const fits = Object.entries(more).every(([key, value]) => status[key as keyof AgentStatus] === value);
        return status.state === state && fits ? found : undefined;
      }),
  };
}

const told = (subjects: readonly string[], what: string) =>
  subjects.filter((subject) => subject === `vigil.event.agent.a1.${what}`).length;

t.test(
  'a log tells: running, waiting for an answer, going on, done and unseen, seen',
  { buffered: true },
  async (t) => {
    const { cwd, nc, subjects, write, until: untilState } = await fleet(t);
    write(calls('t1', 'Bash', { command: 'ls' }), answers('t1', 'schema.sql'));
    const running = await untilState('running', { source: 'log' });
    t.type(running.status.ageMs, 'number');

    write(calls('t2', 'AskUserQuestion', { questions: [{ question: 'Which database?' }] }));
    t.match(await untilState('waiting_input', { source: 'log' }), { status: { unseen: false } });
    await until('the word of it', () => told(subjects, 'waiting') === 1);
    write(answers('t2', 'SQLite'), calls('t3', 'Bash', { command: 'sqlite3 app.db < schema.sql' }));
    await untilState('running', { source: 'log' });
    await until('the word that it goes on', () => told(subjects, 'resumed') === 1);

    write(answers('t3', 'ok'), says('The database is set up.'));
    write(record('system', {}, { subtype: 'turn_duration', durationMs: 1200 }));
    await untilState('finished', { source: 'log', unseen: true });
    const table = (await vigil(t, ['ls', '--unseen'], { cwd }).finished()).stdout;
    t.match(table, /^a1 +finished, unseen +\d/m);
    t.match(await vigil(t, ['ack', 'a1', 'nobody'], { cwd }).finished(), {
      code: 4,
      stdout: 'a1 acknowledged\n',
      stderr: /no agent nobody/,
    });
    t.match(await untilState('finished'), { status: { unseen: false } });
    await until('the word of that', () => told(subjects, 'acknowledged') === 1);
    t.match(await vigil(t, ['ls', '--unseen'], { cwd }).finished(), { stderr: /no agent has ended unseen/ });

    // A verdict that comes now is of the same log, and takes nothing back.
    await nc.request('vigil.rpc.analyze', '{}', { timeout: 30_000 });
    t.match(await untilState('finished'), { status: { unseen: false } });
    t.equal(told(subjects, 'waiting') + told(subjects, 'resumed'), 2, 'said once each');

    write(person('Now add an index.'), calls('t4', 'Bash', { command: 'sqlite3 app.db' }));
    await untilState('running');
    write(answers('t4', 'ok'), says('May I delete the old one? Please confirm.'));
    await untilState('waiting_input');
  },
);

t.test('a permission that the client asks for, and a loop', { buffered: true }, async (t) => {
  const { nc, write, until: untilState } = await fleet(t);
  write(calls('t1', 'Bash', { command: 'ls' }), answers('t1', 'x'));
  await untilState('running');
  write(record('system', {}, { content: 'Do you want to proceed?', subtype: 'informational' }));
  await untilState('waiting_permission', { source: 'log' });
  for (let i = 0; i < 12; i++)
    write(
      calls(`l${i}`, 'Bash', { command: 'make test' }),
      answers(`l${i}`, 'Error: no rule to make target', true),
    );
  await nc.request('vigil.rpc.analyze', '{}', { timeout: 30_000 });
  const stuck = await untilState('stuck', { source: 'verdict' });
  t.type(stuck.status.ageMs, 'number');
});

t.test(
  'a hook tells of a permission that stands in no log, until the log goes on',
  { buffered: true },
  async (t) => {
    const { cwd, nc, subjects, write, until: untilState } = await fleet(t);
    write(calls('t1', 'Bash', { command: 'rm -r build' }));
    await untilState('running');
    const hook = vigil(t, ['hook', 'claude-code'], {
      cwd,
      env: { VIGIL_AGENT_ID: 'a1' },
      input: JSON.stringify({
        hook_event_name: 'Notification',
        transcript_path: join(cwd, 'session.jsonl'),
        notification_type: 'permission_prompt',
        message: 'Claude needs your permission to use Bash',
      }),
    });
    t.match(await hook.finished(), { code: 0, stdout: '' });
    await untilState('waiting_permission', { source: 'hook' });
    await until('the word of it', () => told(subjects, 'waiting') === 1);
    await nc.request('vigil.rpc.analyze', '{"force": true}', { timeout: 30_000 });
    await untilState('waiting_permission', { source: 'hook' });
    t.equal(told(subjects, 'resumed'), 0, 'a verdict on the same log takes nothing back');
    // What a session writes right after its own question is no answer to it.
    write(later(answers('t1', 'done')), later(calls('t2', 'Bash', { command: 'make' })));
    await nc.request('vigil.rpc.analyze', '{}', { timeout: 30_000 });
    await untilState('running');
    await until('the word that it goes on', () => told(subjects, 'resumed') === 1);
  },
);

t.test(
  'a process tells: running, idle while it stands still, never running once it is dead',
  { buffered: true },
  async (t) => {
    const { cwd, until: untilState } = await fleet(t, { agents: [] });
    const agent = Managed.start(t, ['sh', '-c', 'echo up $$; while sleep 0.1; do :; done'], { cwd });
    const pid = Number(/\d+/.exec(await agent.says(/^up/))?.[0]);
    t.match(await untilState('running'), { status: { source: 'heartbeat', unseen: false } });
    process.kill(pid, 'SIGSTOP');
    await untilState('idle', { source: 'heartbeat' });
    process.kill(pid, 'SIGCONT');
    await untilState('running', { source: 'heartbeat' });
    agent.child.kill('SIGKILL');
    const gone = await untilState('unknown', { source: 'heartbeat' });
    t.type(gone.status.ageMs, 'number', 'the age of its last sign is told');
    process.kill(pid, 'SIGKILL');
  },
);

t.test(
  'a program that fails is crashed and unseen until somebody says so, over a restart of Vigil',
  { buffered: true },
  async (t) => {
    const { crashes, cwd, nc, until: untilState } = await fleet(t, { agents: [] });
    const agent = Managed.start(
      t,
      [
        'sh',
        '-c',
        'echo up; sleep 0.5; echo config.toml: no such key >&2; echo api_key=hunter2hunter2 >&2; exit 3',
      ],
      { cwd },
    );
    t.equal((await agent.finished()).code, 3);
    await untilState('crashed', { source: 'process', unseen: true });
    const listed = jsonLines((await vigil(t, ['ls', '--json', '--unseen'], { cwd }).finished()).stdout);
    t.match(listed, [{ id: 'a1', status: { state: 'crashed', unseen: true } }]);
    const shown = (await vigil(t, ['agents', 'show', 'a1'], { cwd }).finished()).stdout;
    t.match(
      shown,
      /^failed +exit code 3\n +\| config\.toml: no such key\n +\| api_key=\[secret\]\nnext +vigil logs a1/m,
    );
    await until('the word of it', () => crashes.length > 0);
    t.match(crashes[0], {
      failure: { exitCode: 3, lines: ['config.toml: no such key', 'api_key=[secret]'] },
    });
    await nc.request('vigil.rpc.agents.ack', '{"fleet": true}');
    await untilState('crashed', { unseen: false });
  },
);

t.test('what had ended before it was watched is news to nobody', { buffered: true }, async (t) => {
  const { cwd, nc } = await fleet(t);
  const log = join(cwd, 'old.jsonl');
  writeFileSync(
    log,
    person('List it.') + calls('t1', 'Bash', { command: 'ls' }) + answers('t1', 'x') + says('Done.'),
  );
  await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents: [{ id: 'old', logs: [log] }] }));
  await nc.request('vigil.rpc.analyze', '{}', { timeout: 30_000 });
  const get = async () => (await nc.request('vigil.rpc.agents.get', '{"id": "old"}')).json<AgentRecord>();
  const { status } = await until('it to be finished', async () => {
    const found = await get();
    return found.status.state === 'finished' ? found : undefined;
  });
  t.match(status, { unseen: false, source: 'log' });
});
