import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { after, FINE, OpenAiServer, says, status } from '../model/openai-server.js';
import { connectClient, jsonLines, vigil } from './processes.js';

interface Analysis {
  agent: string;
  judge: string;
  needsSteering: boolean;
  steeringType?: string;
  judgeUsage?: { input: number };
  notes?: string[];
}

const KEY = 'canary-key-that-must-not-show';

async function analyses(test: Test, env: Record<string, string>) {
  const cwd = testFolder(test);
  const { code, stdout, stderr } = await vigil(test, ['start', '--once', '--json'], { cwd, env }).finished();
  return {
    code,
    stderr,
    stdout,
    found: jsonLines(stdout).flatMap((line) =>
      line['analysis'] === undefined ? [] : [line['analysis'] as Analysis],
    ),
  };
}

t.test(
  'the model reviews every agent of the fleet, three at a time over all hosts, and what it costs is told',
  async (t) => {
    const server = await OpenAiServer.start(t);
    server.always(after(100, says(JSON.stringify(FINE))));
    const { code, found, stdout, stderr } = await analyses(t, {
      VIGIL_JUDGE_KIND: 'llm',
      VIGIL_JUDGE_BASE_URL: server.url,
      VIGIL_HOSTS_COUNT: '2',
      VIGIL_ANALYSIS_MAX_CONCURRENT: '8',
      OPENAI_API_KEY: KEY,
    });
    t.equal(code, 0, stderr);
    t.equal(found.length, 8);
    t.equal(server.requests.length, 8);
    t.equal(server.peak, 3, 'measured at the server');
    t.ok(found.every(({ judge, judgeUsage }) => judge === 'llm' && judgeUsage?.input === 100));
    t.equal(
      found.find(({ agent }) => agent === 'ctf-eps')?.steeringType,
      'loop',
      'the model cannot talk a loop away',
    );
    t.notOk(JSON.stringify(server.requests).includes(KEY));
    t.notOk((stdout + stderr).includes(KEY));
  },
);

t.test('a model that fails leaves every verdict to the rules, and each says so', async (t) => {
  const server = await OpenAiServer.start(t);
  server.always(status(500));
  const { code, found } = await analyses(t, {
    VIGIL_JUDGE_KIND: 'llm',
    VIGIL_JUDGE_BASE_URL: server.url,
    VIGIL_JUDGE_BACKOFF_MS: '10',
    OPENAI_API_KEY: KEY,
  });
  t.equal(code, 0);
  t.equal(found.length, 8);
  t.ok(
    found.every(
      ({ judge, notes }) =>
        judge === 'rules' && notes?.some((note) => note.startsWith('judged by the rules alone')),
    ),
  );
  t.ok(server.requests.length < 24, 'the open circuit spares the server');
});

t.test('an answer that does not fit its schema is said, and the rules judge', async (t) => {
  const server = await OpenAiServer.start(t);
  server.always(says(JSON.stringify({ ...FINE, alignmentScore: 7 })));
  const { code, found } = await analyses(t, {
    VIGIL_JUDGE_KIND: 'llm',
    VIGIL_JUDGE_BASE_URL: server.url,
    OPENAI_API_KEY: KEY,
  });
  t.equal(code, 0);
  t.equal(found.length, 8);
  for (const { agent, judge, notes } of found) {
    t.equal(judge, 'rules', agent);
    t.match(notes, [/alignmentScore/], agent);
  }
});

t.test(
  'an unchanged fleet costs nothing, and the budget of the day is told when it is used up',
  async (t) => {
    const server = await OpenAiServer.start(t);
    const cwd = testFolder(t);
    const env = {
      VIGIL_JUDGE_KIND: 'llm',
      VIGIL_JUDGE_BASE_URL: server.url,
      VIGIL_JUDGE_TOKENS_PER_DAY: '960',
      VIGIL_CYCLE_INTERVAL_MS: '0',
      OPENAI_API_KEY: KEY,
    };
    const running = vigil(t, ['start'], { cwd, env });
    await running.says(/^Watching\./);
    t.equal(server.requests.length, 8);
    const nc = await connectClient(t, cwd);
    const told = nc.subscribe('vigil.event.judge.budget', { max: 1 });
    await nc.request('vigil.rpc.cycle', '{}', { timeout: 10_000 });
    t.equal(server.requests.length, 8, 'the cycle asked nobody');
    const log = new URL('../../../fleet/logs/eps.traj', import.meta.url).pathname;
    await nc.request(
      'vigil.rpc.agents.register',
      JSON.stringify({ agents: [{ id: 'new', goal: 'another goal', logs: [log] }] }),
    );
    const reply = await nc.request('vigil.rpc.analyze', '{"agents": ["new"]}', { timeout: 10_000 });
    t.match(reply.json(), { items: [{ agent: 'new', steeringType: 'loop' }] });
    for await (const message of told) t.match(message.json(), { spent: 960, budget: 960 });
    const status = await nc.request('vigil.rpc.status', '{}');
    t.match(status.json(), { judge: { kind: 'llm', tokensToday: 960, tokensPerDay: 960 } });
    t.equal(server.requests.length, 8);
  },
);

t.test('without a key and without a server of its own it says so at once', async (t) => {
  const { code, stderr } = await analyses(t, {
    VIGIL_JUDGE_KIND: 'llm',
    OPENAI_API_KEY: '',
    OPENAI_BASE_URL: '',
  });
  t.equal(code, 2);
  t.match(stderr, /judge\.kind is llm, but OPENAI_API_KEY is not set/);
});
