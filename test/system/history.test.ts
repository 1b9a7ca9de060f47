import t from 'tap';
import { type Endpoint, REQUESTS, type ReplyOf } from '../../src/messages/requests.js';
import { AnalysisResult } from '../../src/messages/results.js';
import { testFolder } from '../folder.js';
import { connectClient, vigil } from './processes.js';

t.test('what was judged over time, asked over the wire', async (t) => {
  const cwd = testFolder(t, { 'vigil.config.yaml': 'cycle: {intervalMs: 0}\n' });
  // Without a file of settings it would be the same; this one switches the schedule off.
  const running = vigil(t, ['start', '--config', 'vigil.config.yaml'], { cwd });
  await running.says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  const raw = async (endpoint: string, body: object) =>
    (await nc.request(`vigil.rpc.${endpoint}`, JSON.stringify(body), { timeout: 20_000 })).json<object>();
  const ask = async <E extends Endpoint>(endpoint: E, body: object) =>
    REQUESTS[endpoint].reply.parse(await raw(endpoint, body)) as ReplyOf<E>;

  const log = new URL('../../../fleet/logs/spotter-tool_heavy.jsonl', import.meta.url).pathname;
  const agents = ['a', 'b', 'c'].map((id) => ({ id, goal: 'g'.repeat(400), logs: [log] }));
  await ask('agents.register', { agents });
  const results = nc.subscribe('vigil.result.analysis.b', { max: 1 });
  await ask('analyze', { force: true });
  await ask('analyze', { agents: ['b'], force: true });
  await ask('coherence', {});
  let analysis: AnalysisResult['analysis'] | undefined;
  for await (const message of results) analysis = AnalysisResult.parse(message.json()).analysis;

  await t.test('of all, in pages', async (t) => {
    const first = await ask('history.fleet', { limit: 2 });
    t.same([first.agents.map(({ agent }) => agent), first.next], [['a', 'b'], 'b']);
    const second = await ask('history.fleet', { limit: 2, after: 'b' });
    t.same([second.agents.map(({ agent }) => agent), second.next], [['c'], null]);
    const b = first.agents[1];
    t.equal(b?.scores.length, 2, 'a score of each verdict');
    t.equal(first.agents[0]?.scores.length, 1);
    t.equal(b?.scores[0], Math.round((analysis?.alignmentScore ?? 0) * 1_000) / 1_000);
    t.equal(b?.goal.length, 160);
    t.equal(b?.format, 'claude-code');
    t.match(b?.lastAction, { tool: /./, text: /./, outcome: /^(?:ok|failed|open)$/ });
    t.same(b?.lastAction, analysis?.lastAction);
    t.same(b?.usage, analysis?.usage);
    t.equal((await ask('history.fleet', { points: 1 })).agents[1]?.scores.length, 1);
  });

  await t.test('of one, with its latest verdict', async (t) => {
    const { latest, points } = await ask('history.agent', { agent: 'b' });
    t.equal(points.length, 2);
    t.same(latest?.verdict.evidence, analysis?.evidence);
    t.match(await raw('history.agent', { agent: 'nobody' }), { error: { code: 'NOT_FOUND' } });
    t.match(await raw('history.agent', { agent: 'b', points: 0 }), { error: { code: 'BAD_REQUEST' } });
  });

  await t.test('of the fleet', async (t) => {
    const { latest, points } = await ask('history.coherence', {});
    t.equal(points.at(-1)?.score, latest?.report.coherenceScore);
    t.equal((await ask('history.coherence', { points: 1 })).points.length, 1);
  });
});
