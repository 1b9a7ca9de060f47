import t from 'tap';
import { assess } from '../../src/judgement/guardian.js';
import { createTrajectory, observe } from '../../src/judgement/trajectory.js';
import type { AgentEvent } from '../../src/messages/agent-event.js';
import { fold, rulesOf, type Stream, stream } from './streams.js';

/** The events of both, the first of the second marked as a new session. */
function then(first: Stream, second: Stream, session = 'second'): AgentEvent[] {
  const later = second.events.map((event, i) => ({ ...event, ...(i === 0 && { session }) }));
  return [...first.events, ...later].map((event, index) => ({
    ...event,
    index,
    ...(event.callId !== undefined && { callId: `call-${index - (event.kind === 'tool_result' ? 1 : 0)}` }),
  }));
}

const looping = () =>
  stream()
    .user('Find the flag. Do not edit config.json.')
    .times(4, (s) => s.does('run', 'submit x', 'Wrong flag'));
const verdict = (events: readonly AgentEvent[], assignment = {}) =>
  assess(fold(events, assignment), { now: null, live: false });

t.test('a new session starts afresh: nothing of the one before stands', async (t) => {
  const analysis = verdict(
    then(looping(), stream().user('Write release notes for version four').does('read', 'a')),
  );
  t.same(rulesOf(analysis), []);
  t.equal(analysis.goal, 'Write release notes for version four');
  t.same(analysis.constraints, []);
  t.match(analysis.summary, /1 calls, 0 failed/);
});

t.test('repetition does not reach over from one session into the next', async (t) => {
  const half = () => stream().times(2, (s) => s.does('run', 'x', 'same'));
  t.same(rulesOf(verdict(then(half(), half()))), []);
  t.same(
    rulesOf(verdict([...half().events, ...half().events].map((event, index) => ({ ...event, index })))),
    ['repeated-action'],
  );
});

t.test('evidence in a later session names events by their place in the whole stream', async (t) => {
  const analysis = verdict(then(stream().user('first').does('read', 'a'), looping()));
  t.equal(analysis.eventCount, 12);
  t.same(
    analysis.evidence.find(({ rule }) => rule === 'repeated-action')?.events,
    [4, 5, 6, 7, 8, 9, 10, 11],
  );
});

t.test('the assignment holds over all sessions, what was spent is counted anew', async (t) => {
  const assignment = { goal: 'Ship it', constraints: ['never run npm publish'], budget: { tokens: 1000 } };
  const within = then(stream().spends(800), stream().spends(800).does('read', 'a'));
  const analysis = verdict(within, assignment);
  t.equal(analysis.goal, 'Ship it');
  t.same(analysis.constraints, ['never run npm publish']);
  t.same(rulesOf(analysis), []);
  t.same(rulesOf(verdict([...within, ...stream().spends(300).events], assignment)), ['budget']);
});

t.test('a log read anew gives the verdict of the log, not of both readings', async (t) => {
  const log = stream()
    .user('Build it')
    .times(3, (s) => s.does('run', 'make', 'same'));
  t.same(rulesOf(verdict(then(log, log, 'the same session'))), []);
});

t.test('a session at the very start changes nothing', async (t) => {
  const marked = looping().events.map((event, i) => ({ ...event, ...(i === 0 && { session: 'first' }) }));
  t.same(verdict(marked), verdict(looping().events));
});

t.test('a session of a sub-agent is its own main line, also after one that is not', async (t) => {
  const side = looping();
  for (const event of side.events) event.sidechain = true;
  const trajectory = createTrajectory('a');
  for (const event of then(stream().user('explore'), side)) observe(trajectory, event);
  t.equal(assess(trajectory, { now: null, live: false }).steeringType, 'loop');
});
