import fc from 'fast-check';
import t from 'tap';
import { coherence } from '../../src/judgement/coherence.js';
import { assess, profile } from '../../src/judgement/guardian.js';
import { minHash, similarity } from '../../src/judgement/minhash.js';
import { CoherenceReport, type Profile } from '../../src/messages/analysis.js';
import { fold, type Stream, stream } from './streams.js';

function profileOf(agent: string, session: Stream): Profile {
  const trajectory = fold(session.events, {}, agent);
  return profile(trajectory, assess(trajectory, { now: null, live: false }));
}

function worker(agent: string, goal: string, files: readonly string[] = []): Profile {
  const session = stream().user(goal);
  for (const file of files) session.edits(file);
  return profileOf(agent, session);
}

const ROUNDING = 'Fix rounding in TimeDelta serialization of marshmallow fields';
const LOGIN = 'Show initials of the logged-in user in the navigation menu of the web client';

t.test('an empty fleet is empty, and has nothing incoherent', async (t) => {
  const report = coherence([]);
  t.equal(report.status, 'empty');
  t.equal(report.coherenceScore, 1);
});

t.test('agents with one goal are duplicates, others are not', async (t) => {
  const report = coherence([worker('b', ROUNDING), worker('a', ROUNDING), worker('c', LOGIN)]);
  t.same(
    report.duplicates.map(({ agents }) => agents),
    [['a', 'b']],
  );
  t.ok((report.duplicates[0]?.similarity ?? 0) > 0.9);
  t.match(report.recommendations.join('\n'), /a and b do the same work/);
});

t.test('one prompt template for many tickets makes no duplicates', async (t) => {
  const ticket = (n: number) =>
    `Work on ticket app-${n}. Run bd show app-${n} to see details, then start with the first`;
  t.same(coherence([1, 2, 3, 4].map((n) => worker(`w${n}`, ticket(n)))).duplicates, []);
});

t.test('one ticket in both goals makes duplicates of agents that go about it differently', async (t) => {
  const goal = (ticket: string) =>
    `Validate the coupon form of the checkout module (${ticket}): totals are wrong.`;
  const fleet = (ticket: string) => [
    worker('a', `Please ${goal('APP-1200')} Write a test for it.`, [
      'src/checkout/coupon-form.ts',
      'src/checkout/total.ts',
    ]),
    worker('b', `${goal(ticket)} Keep the change small.`, [
      'src/checkout/coupon-form.ts',
      'src/checkout/form-state.ts',
    ]),
  ];
  t.same(
    coherence(fleet('APP-1200')).duplicates.map(({ agents }) => agents),
    [['a', 'b']],
  );
  t.same(coherence(fleet('APP-1201')).duplicates, []);
});

t.test('the same file edited by several unfinished agents is a conflict', async (t) => {
  const report = coherence([
    worker('a', ROUNDING, ['/home/me/p/src/fields.py']),
    worker('b', LOGIN, ['/home/me/p/src/fields.py']),
  ]);
  t.same(report.conflicts, [{ agents: ['a', 'b'], files: ['/home/me/p/src/fields.py'] }]);
});

t.test('main.py in different workspaces is no conflict; in one workspace it is', async (t) => {
  t.same(coherence([worker('a', ROUNDING, ['main.py']), worker('b', LOGIN, ['main.py'])]).conflicts, []);
  t.same(coherence([worker('a', ROUNDING, ['main.py']), worker('b', ROUNDING, ['./main.py'])]).conflicts, [
    { agents: ['a', 'b'], files: ['main.py'] },
  ]);
});

t.test("a finished agent is in nobody's way", async (t) => {
  const done = profileOf('a', stream().user(ROUNDING).edits('/p/a.ts').ended('finished'));
  t.same(coherence([done, worker('b', LOGIN, ['/p/a.ts'])]).conflicts, []);
});

t.test('stuck agents lower the score and are named', async (t) => {
  const stuck = ['a', 'b', 'c', 'd'].map((agent) =>
    profileOf(
      agent,
      stream()
        .user(`${LOGIN} ${agent}`)
        .times(8, (s) => s.does('run', `x ${agent}`, 'same')),
    ),
  );
  const report = coherence(stuck);
  t.equal(report.status, 'incoherent');
  t.match(report.recommendations[0], /4 of 4 agents need help/);
});

t.test('the report is the same for any order of the agents', async (t) => {
  const fleet = [
    worker('a', ROUNDING, ['main.py']),
    worker('b', ROUNDING, ['main.py']),
    worker('c', LOGIN, ['/p/x.ts']),
    worker('d', `${LOGIN} please`, ['/p/x.ts', 'main.py']),
    worker('e', 'Write release notes for version four'),
    profileOf(
      'f',
      stream().times(5, (s) => s.does('run', 'x', 'same')),
    ),
  ];
  const expected = JSON.stringify(coherence(fleet));
  fc.assert(
    fc.property(
      fc.shuffledSubarray(fleet, { minLength: fleet.length }),
      (order) => JSON.stringify(coherence(order)) === expected,
    ),
  );
  t.ok(CoherenceReport.safeParse(coherence(fleet)).success);
});

t.test('signatures estimate similarity', async (t) => {
  const set = (from: number, to: number) => minHash(Array.from({ length: to - from }, (_, i) => from + i));
  t.equal(similarity(set(0, 100), set(0, 100)), 1);
  t.ok(similarity(set(0, 100), set(100, 200)) < 0.1);
  t.ok(Math.abs(similarity(set(0, 300), set(100, 400)) - 0.5) < 0.2);
  t.equal(similarity([], set(0, 3)), 0);
});

t.test('five thousand agents, all different or all alike, take well under a second', async (t) => {
  const goals = [
    'alpha',
    'bravo',
    'charlie',
    'delta',
    'echoes',
    'foxtrot',
    'golfing',
    'hotel',
    'india',
    'juliet',
  ];
  const different = Array.from({ length: 5000 }, (_, n) => {
    const words = [n % 10, Math.floor(n / 10) % 10, Math.floor(n / 100) % 10, Math.floor(n / 1000)].map(
      (d, i) => `${goals[d]}${'wxyz'[i]}`,
    );
    return worker(`agent-${n}`, `Build ${words.join(' ')} in ticket-${n}`, [`src/${words[0]}/main.py`]);
  });
  const alike = different.map((one, n) => ({
    ...one,
    signature: different[0]?.signature ?? [],
    goal: 'the same',
    edited: ['main.py'],
    agent: `a${n}`,
  }));
  for (const fleet of [different, alike]) {
    const started = performance.now();
    coherence(fleet);
    const took = performance.now() - started;
    t.ok(took < 1000, `${Math.round(took)} ms`);
    t.comment(`${Math.round(took)} ms`);
  }
});
