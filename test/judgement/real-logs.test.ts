import { fileURLToPath } from 'node:url';
import t from 'tap';
import { coherence } from '../../src/judgement/coherence.js';
import { assess, profile } from '../../src/judgement/guardian.js';
import type { Trajectory } from '../../src/judgement/trajectory.js';
import { readLog } from '../../src/logs/read-log.js';
import type { AgentEvent } from '../../src/messages/agent-event.js';
import { fold, rulesOf } from './streams.js';

const LOGS = new URL('../../../fleet/logs/', import.meta.url);

async function eventsOf(file: string): Promise<readonly AgentEvent[]> {
  return (await readLog(fileURLToPath(new URL(file, LOGS)))).events;
}

async function read(file: string): Promise<Trajectory> {
  return fold(await eventsOf(file), {}, file.replace(/\W/g, '-'));
}

function verdict(trajectory: Trajectory) {
  return assess(trajectory, { now: null, live: false });
}

const WORKING = [
  'BabyEncryption.traj', // runs the same script four times, with edits between
  'marshmallow-1867-default.traj',
  'marshmallow-1867-function-calling.traj',
  'agentcmd-nav-user-initials.jsonl',
  'spotter-tool_heavy.jsonl',
  'spotter-agent-a2898e3.jsonl', // eight calls sent together fail for one wrong path
];

for (const file of WORKING) {
  t.test(`${file}: works, at its end and at every moment before`, async (t) => {
    const events = await eventsOf(file);
    const analysis = verdict(fold(events));
    t.equal(analysis.needsSteering, false, JSON.stringify(analysis.evidence));
    t.equal(analysis.aligned, true);
    t.ok(analysis.alignmentScore > 0.9);
    for (let end = 1; end < events.length; end++) {
      const moment = assess(fold(events.slice(0, end)), { now: events[end]?.at ?? null, live: true });
      const bad = moment.evidence.filter(({ type }) => type !== 'waiting');
      if (bad.length > 0) t.fail(`after event ${end - 1}: ${JSON.stringify(bad)}`);
    }
  });
}

t.test(
  'eps.traj: the same refused answer four times is a loop, which a fifth in other quotes does not clear',
  async (t) => {
    const events = await eventsOf('eps.traj');
    const analysis = verdict(fold(events));
    t.equal(analysis.steeringType, 'loop');
    t.equal(analysis.needsSteering, true);
    const found = analysis.evidence.find(({ rule }) => rule === 'repeated-action');
    const calls = (found?.events ?? [])
      .map((index) => events[index])
      .filter((event) => event?.kind === 'tool_call');
    t.equal(calls.length, 4);
    t.equal(new Set(calls.map((event) => event?.input)).size, 1);
    t.match(analysis.recommendation, /submit flag.*Wrong flag/);
  },
);

t.test('the log of a refused sandbox: the same error again and again, then out of steps', async (t) => {
  const analysis = verdict(await read('openhands-cfn-lint-3561-docker-denied.log'));
  t.equal(analysis.steeringType, 'errors');
  t.same(rulesOf(analysis), ['repeated-error', 'gave-up']);
});

t.test('goals are told without what the harness wraps around them', async (t) => {
  t.match(verdict(await read('marshmallow-1867-default.traj')).goal, /^TimeDelta serialization precision/);
  t.match(
    verdict(await read('agentcmd-nav-user-initials.jsonl')).goal,
    /^Can you add the first two initials/,
  );
  t.match(
    verdict(await read('spotter-tool_heavy.jsonl')).goal,
    /^scrolling back in xterm\.js/,
    'the latest task',
  );
});

t.test('two agents on one issue are duplicates, the others are not', async (t) => {
  const profiles = [];
  for (const file of [...WORKING, 'eps.traj']) {
    const trajectory = await read(file);
    profiles.push(profile(trajectory, verdict(trajectory)));
  }
  const report = coherence(profiles);
  t.same(
    report.duplicates.map(({ agents }) => agents),
    [['marshmallow-1867-default-traj', 'marshmallow-1867-function-calling-traj']],
  );
  t.same(report.conflicts, []);
  t.ok(report.coherenceScore > 0.75);
});

/** The same events with a stretch of them repeated at `at`, indexes and call ids made anew. */
function withLoop(events: readonly AgentEvent[], from: number, to: number, rounds: number): AgentEvent[] {
  const loop = events.slice(from, to);
  const spliced = [...events.slice(0, to)];
  for (let round = 0; round < rounds; round++) {
    spliced.push(...loop.map((event) => ({ ...event, callId: event.callId && `${event.callId}-${round}` })));
  }
  return spliced.map((event, index) => ({ ...event, index }));
}

t.test('a working log in which a stretch repeats is a loop from then on', async (t) => {
  for (const file of WORKING) {
    const events = await eventsOf(file);
    const call = events.findIndex((event, i) => event.kind === 'tool_call' && i > events.length / 2);
    const result = events.findIndex(
      (event) => event.kind === 'tool_result' && event.callId === events[call]?.callId,
    );
    t.equal(
      verdict(fold(withLoop(events, call, result + 1, 3))).steeringType,
      'loop',
      `${file}: one step, four times`,
    );
  }
});
