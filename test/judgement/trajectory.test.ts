import fc from 'fast-check';
import t from 'tap';
import { assess, profile } from '../../src/judgement/guardian.js';
import { DEFAULT_THRESHOLDS, Thresholds, windowFor } from '../../src/judgement/thresholds.js';
import { createTrajectory, observe } from '../../src/judgement/trajectory.js';
import { ActionClass, AgentEvent } from '../../src/messages/agent-event.js';
import { Profile, TrajectoryAnalysis } from '../../src/messages/analysis.js';
import { fold, judge, rulesOf, stream } from './streams.js';

const text = fc.oneof(
  fc.constantFrom(
    '',
    '\n',
    'Done.',
    'Shall I proceed?',
    'do not edit `a/b.ts`',
    'you may now edit a/b.ts',
    '{"a":1}',
  ),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
);
const key = fc.constantFrom('k1', 'k2', 'k3');
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Any sequence of events that the schema allows, with few enough keys that repetitions occur. */
const events: fc.Arbitrary<AgentEvent[]> = fc
  .array(
    fc.record({
      at: fc.option(fc.integer({ min: 0, max: 10 ** 7 }), { nil: null }),
      role: fc.constantFrom('user', 'assistant', 'tool', 'system'),
      kind: fc.constantFrom('message', 'thought', 'tool_call', 'tool_result', 'error', 'usage', 'system'),
      text: optional(text),
      tool: optional(fc.constantFrom('bash', 'Edit')),
      callId: optional(fc.constantFrom('c1', 'c2')),
      action: optional(fc.constantFrom(...ActionClass.options)),
      input: optional(text),
      paths: optional(fc.array(text, { maxLength: 3 })),
      output: optional(text),
      isError: optional(fc.boolean()),
      rejected: optional(fc.boolean()),
      exitCode: optional(fc.integer({ min: -1, max: 255 })),
      tokens: optional(fc.constant({ input: 3, output: 4 })),
      actionKey: optional(key),
      outcomeKey: optional(key),
      ended: optional(fc.constantFrom('submitted', 'exit_cost')),
      sidechain: optional(fc.boolean()),
    }),
    { maxLength: 400 },
  )
  .map((list) =>
    list.map((event, index) => AgentEvent.parse(JSON.parse(JSON.stringify({ ...event, index })))),
  );

t.test('any valid events are folded and judged: bounded, valid, deterministic', async (t) => {
  fc.assert(
    fc.property(events, fc.boolean(), fc.integer({ min: 0, max: 10 ** 9 }), (list, live, now) => {
      const trajectory = fold(list, { budget: { tokens: 100 } });
      const first = assess(trajectory, { now, live });
      const second = assess(trajectory, { now, live });
      const parsed = TrajectoryAnalysis.parse(first);
      Profile.parse(profile(trajectory, first));
      const indexes = parsed.evidence.every(
        ({ events: found }) =>
          found.length > 0 &&
          found.length <= 32 &&
          found.every((index, i) => index < list.length && (i === 0 || index > (found[i - 1] ?? 0))),
      );
      return (
        JSON.stringify(first) === JSON.stringify(second) &&
        trajectory.steps.length <= trajectory.window &&
        trajectory.rhythm.gaps.length <= 64 &&
        trajectory.focus.known.size <= 384 &&
        trajectory.context.constraints.length <= 20 &&
        indexes &&
        parsed.needsSteering === (parsed.recommendation !== undefined)
      );
    }),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('folding in pieces, judged in between, equals folding at once', async (t) => {
  fc.assert(
    fc.property(events, fc.nat(400), (list, cut) => {
      const pieces = createTrajectory('a');
      for (const event of list.slice(0, cut)) observe(pieces, event);
      assess(pieces, { now: 5, live: true });
      for (const event of list.slice(cut)) observe(pieces, event);
      const verdict = (trajectory: typeof pieces) =>
        JSON.stringify(assess(trajectory, { now: null, live: false }));
      return verdict(pieces) === verdict(fold(list));
    }),
    { numRuns: 200 },
  );
  t.pass();
});

t.test('a poll whose output changes is never a loop, whatever runs between', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 4 }), (polls, between) => {
      const waits = stream().user('build it');
      for (let poll = 0; poll < polls; poll++) {
        waits.does('poll', 'output of build', `${poll} % done`);
        for (let i = 0; i < between; i++) waits.does('run', `sleep ${i}`, 'ok');
      }
      return between >= 4 || judge(waits).evidence.every(({ type }) => type !== 'loop');
    }),
  );
  t.pass();
});

t.test('batch work over different files is never a loop', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 80 }), (files) => {
      const batch = stream().user('Add a licence header to each file');
      for (let i = 0; i < files; i++) {
        batch
          .does('read', `src/f${i}.ts`, 'same content')
          .does('edit', `header f${i}`, 'ok', { paths: [`src/f${i}.ts`] });
      }
      return judge(batch).evidence.length === 0;
    }),
  );
  t.pass();
});

t.test('memory stays bounded over a long log with long texts', async (t) => {
  const long = 'lorem ipsum dolor '.repeat(1000);
  const trajectory = createTrajectory('a');
  const session = stream().user(long);
  for (let i = 0; i < 400; i++) session.does('run', `${i} ${long}`, `${long} ${i}`).says(`${i} ${long}`);
  for (const event of session.events) observe(trajectory, event);
  const size = JSON.stringify(trajectory, (_, value) => (value instanceof Set ? [...value] : value)).length;
  t.ok(size < 120_000, `${size} characters`);
});

t.test('steps of sub-agents that run side by side are not a loop of the main line', async (t) => {
  const session = stream().user('explore').does('delegate', 'four agents', 'started');
  const before = session.events.length;
  session.times(4, (s) => s.does('read', 'README.md', 'same text'));
  for (const event of session.events.slice(before)) event.sidechain = true;
  t.same(rulesOf(judge(session)), []);
});

t.test('the window is wider than any threshold that can be set', async (t) => {
  t.ok(windowFor(DEFAULT_THRESHOLDS) >= 64);
  t.ok(windowFor(Thresholds.parse({ repeatedPoll: 500 })) >= 1000);
  t.throws(() => Thresholds.parse({ repeatedActoin: 5 }), 'an unknown setting is refused');
});
