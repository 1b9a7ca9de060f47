import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkpointKey, decodeCheckpoint, encodeCheckpoint } from '../../src/actors/agent-checkpoint.js';
import { openAgentLogs } from '../../src/actors/agent-logs.js';
import { createLedger } from '../../src/cost/usage-ledger.js';
import { assess } from '../../src/judgement/guardian.js';
import { DEFAULT_THRESHOLDS } from '../../src/judgement/thresholds.js';
import { createTrajectory, observe, type Trajectory } from '../../src/judgement/trajectory.js';
import { parseChunk } from '../../src/logs/parse-chunk.js';
import { AgentSpec } from '../../src/messages/agents.js';
import { testFolder } from '../folder.js';
import { connectClient, ROOT, run, until } from '../system/processes.js';

const LOGS = ['spotter-agent-a2898e3.jsonl', 'agentcmd-nav-user-initials.jsonl', 'spotter-tool_heavy.jsonl'];
const NEVER = new AbortController().signal;
const options = {
  cwd: '/',
  parse: async (request: Parameters<typeof parseChunk>[0]) => parseChunk(request),
  limits: {},
  maxReads: 4,
};

for (const name of LOGS) {
  t.test(`${name}: gone on from anywhere, the verdict is that of an actor that was never away`, async (t) => {
    const whole = readFileSync(join(ROOT, 'fleet/logs', name));
    const path = join(testFolder(t), 'agent.jsonl');
    const spec = AgentSpec.parse({ id: 'a', logs: [path] });
    const verdictOf = (trajectory: Trajectory) =>
      assess(trajectory, { now: trajectory.lastAt, live: false, thresholds: DEFAULT_THRESHOLDS });
    writeFileSync(path, whole);
    const wanted = createTrajectory('a');
    await openAgentLogs(spec, options).read((events) => {
      for (const event of events) observe(wanted, event);
    }, NEVER);
    for (const share of [0.1, 0.37, 0.5, 0.8, 1]) {
      writeFileSync(path, whole.subarray(0, Math.floor(whole.length * share)));
      const first = openAgentLogs(spec, options);
      let trajectory = createTrajectory('a');
      await first.read((events) => {
        for (const event of events) observe(trajectory, event);
      }, NEVER);
      const text = await encodeCheckpoint({
        position: first.position(),
        trajectory,
        live: false,
        grownAt: undefined,
        recent: [],
        usage: createLedger(),
        place: {},
        last: undefined,
      });
      const kept = await decodeCheckpoint(text ?? '');
      trajectory = kept.trajectory;
      writeFileSync(path, whole);
      const second = openAgentLogs(spec, options, kept.position as never);
      const { bytes } = await second.read((events) => {
        for (const event of events) observe(trajectory, event);
      }, NEVER);
      t.ok(
        bytes <= whole.length * (1 - share) + 300_000 && (share < 1 || bytes === 0),
        `${bytes} bytes read`,
      );
      t.same(verdictOf(trajectory), verdictOf(wanted), `from ${share}`);
    }
  });
}

t.test('another goal, other logs or another rule make another key', async (t) => {
  const spec = AgentSpec.parse({ id: 'a', logs: ['x.log'], goal: 'g' });
  const keys = [
    checkpointKey(spec, DEFAULT_THRESHOLDS, '1.0.0'),
    checkpointKey({ ...spec, goal: 'h' }, DEFAULT_THRESHOLDS, '1.0.0'),
    checkpointKey({ ...spec, logs: ['y.log'] }, DEFAULT_THRESHOLDS, '1.0.0'),
    checkpointKey(spec, { ...DEFAULT_THRESHOLDS, repeatedAction: 9 }, '1.0.0'),
    checkpointKey(spec, DEFAULT_THRESHOLDS, '1.0.1'),
  ];
  t.equal(new Set(keys).size, keys.length);
  t.equal(checkpointKey({ ...spec }, DEFAULT_THRESHOLDS, '1.0.0'), keys[0]);
});

t.test('a fleet that is started again goes on where it was', async (t) => {
  const cwd = testFolder(t);
  const log = join(cwd, 'agent.jsonl');
  const line = (text: string) => `${JSON.stringify({ role: 'assistant', text })}\n`;
  const middle = line('middle '.repeat(20));
  const lines = [
    line('start '.repeat(300)),
    ...Array.from({ length: 100 }, () => middle),
    line('end '.repeat(30)),
  ];
  writeFileSync(log, lines.join(''));
  const settings = {
    agents: [{ id: 'a', logs: [log] }],
    logs: { checkpointBytes: 1_000 },
    cycle: { intervalMs: 0 },
  };
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify(settings));
  const script = join(ROOT, 'dist/test/system/supervisor-process.js');
  const analysed = async () => {
    const running = run(t, script, [], { cwd });
    await running.says(/^ready$/);
    const client = await connectClient(t, cwd);
    const results = client.subscribe('vigil.result.analysis.a');
    const reply = await client.request('vigil.rpc.analyze', '{"force": true}', { timeout: 20_000 });
    t.match(reply.json(), { failures: [] });
    let eventCount = 0;
    for await (const message of results) {
      eventCount = message.json<{ analysis: { eventCount: number } }>().analysis.eventCount;
      break;
    }
    await client.close();
    return { running, eventCount };
  };
  const first = await analysed();
  t.equal(first.eventCount, lines.length);
  const { default: Database } = await import('../../src/store/sqlite.js');
  await until('its checkpoint', () => {
    const reader = new Database(join(cwd, '.vigil/vigil.db'), { readonly: true });
    const kept = reader.prepare('select events from checkpoints').pluck().get();
    reader.close();
    return kept === lines.length || undefined;
  });
  first.running.child.kill('SIGKILL');
  await first.running.finished();
  // Read once more, the damage would show: a whole record is fewer than before.
  const damaged = lines.map((text) => (text === middle ? `${'x'.repeat(text.length - 1)}\n` : text));
  writeFileSync(log, [...damaged, line('more'), line('and more')].join(''));
  const second = await analysed();
  t.equal(second.eventCount, lines.length + 2);
});
