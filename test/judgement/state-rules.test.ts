import t from 'tap';
import { fold, judge, judgeLive, rulesOf, stream } from './streams.js';

const MINUTE = 60_000;

t.test('stall: silence far beyond the own rhythm, of a live agent that owes the next step', async (t) => {
  const working = () =>
    stream()
      .user('go')
      .times(10, (s, i) => s.does('read', `f${i}`, `${i}`));
  t.same(rulesOf(judgeLive(working(), 6 * MINUTE)), ['stall']);
  t.same(rulesOf(judgeLive(working(), 4 * MINUTE)), [], 'never before five minutes');
  t.same(rulesOf(judge(working())), [], 'a log judged after the fact does not stall');
  const slow = stream().times(10, (s, i) => s.pause(4 * MINUTE).does('read', `f${i}`, `${i}`));
  t.same(rulesOf(judgeLive(slow, 20 * MINUTE)), [], 'a slow agent may take its time');
});

t.test('stall: a running call has longer, an ended or waiting agent is not silent', async (t) => {
  const working = () =>
    stream()
      .user('go')
      .times(10, (s, i) => s.does('read', `f${i}`, `${i}`));
  t.same(rulesOf(judgeLive(working().opens('run', 'npm test'), 30 * MINUTE)), []);
  t.same(rulesOf(judgeLive(working().opens('run', 'npm test'), 60 * MINUTE)), ['stall']);
  t.same(rulesOf(judgeLive(working().ended('finished'), 600 * MINUTE)), []);
  t.same(rulesOf(judgeLive(working().says('All tests pass.'), 600 * MINUTE)), []);
  t.same(rulesOf(judgeLive(working().user('[Request interrupted by user]'), 600 * MINUTE)), []);
  t.same(rulesOf(judgeLive(working().opens('ask', 'Which?'), 600 * MINUTE)), ['waiting']);
});

t.test('stall: a log of plain lines only may take as long as a running call', async (t) => {
  const lines = stream().times(9, (s, i) => s.line(`pulling layer ${i}`));
  t.same(rulesOf(judgeLive(lines, 20 * MINUTE)), []);
  t.same(rulesOf(judgeLive(lines, 50 * MINUTE)), ['stall']);
});

t.test('waiting: an open question to the person, by tool or by message', async (t) => {
  t.equal(judge(stream().user('go').opens('ask', 'Which database?')).steeringType, 'waiting');
  t.equal(
    judge(stream().user('go').says('I found two ways. Which one do you prefer?')).steeringType,
    'waiting',
  );
  t.equal(
    judge(stream().user('go').says('Here is my plan. Please confirm before I start.')).steeringType,
    'waiting',
  );
});

t.test('waiting: cleared when answered, gone on or ended', async (t) => {
  t.equal(judge(stream().user('go').does('ask', 'Which?', 'the first')).needsSteering, false);
  t.equal(judge(stream().user('go').says('Shall I proceed?').user('yes')).needsSteering, false);
  t.equal(judge(stream().user('go').says('Shall I proceed?').does('read', 'a')).needsSteering, false);
  t.equal(judge(stream().user('go').says('Shall I proceed?').ended('finished')).needsSteering, false);
});

t.test("waiting: a refused call is the person's move, a question after it is waiting", async (t) => {
  const refused = () => stream().user('go').does('run', 'rm x', 'refused', { isError: true, rejected: true });
  t.same(rulesOf(judgeLive(refused(), 600 * MINUTE)), []);
  t.same(rulesOf(judge(refused().says('What should I do instead?'))), ['waiting']);
});

t.test('waiting: courtesies at the end of finished work ask nothing', async (t) => {
  for (const text of [
    'All tests pass. Let me know if you have any questions!',
    "I've successfully added the button. Would you like me to also add a test?",
    'Done. Is there anything else?',
    'Why does it fail? Because the path is wrong.',
  ]) {
    t.equal(judge(stream().user('go').says(text)).needsSteering, false, text);
  }
});

t.test('budget: only against a given budget', async (t) => {
  const spent = stream().spends(900_000, 12).spends(200_000, 1);
  t.same(rulesOf(judge(spent)), []);
  t.same(rulesOf(judge(spent, { budget: { tokens: 1_000_000 } })), ['budget']);
  t.same(rulesOf(judge(spent, { budget: { cost: 5 } })), ['budget']);
  t.same(rulesOf(judge(spent, { budget: { tokens: 2_000_000, cost: 20 } })), []);
});

t.test('constraint: an edit of a path that must not be touched', async (t) => {
  const told = () => stream().user('Fix the parser. Do not modify anything in `src/generated/`.');
  t.equal(judge(told().edits('/w/src/generated/a.ts')).steeringType, 'constraint');
  t.same(judge(told().edits('/w/src/parser.ts')).evidence, []);
  t.same(judge(told().does('read', 'a', 'x', { paths: ['/w/src/generated/a.ts'] })).evidence, []);
  t.same(
    judge(told().fails('edit', 'x', 'refused', ['/w/src/generated/a.ts'])).evidence,
    [],
    'a failed edit broke nothing',
  );
});

t.test('constraint: a command that must not be run', async (t) => {
  const told = () => stream().user('Clean up the history, but never run `git push`.');
  t.equal(judge(told().does('run', 'cd repo && git push --force')).steeringType, 'constraint');
  t.same(judge(told().does('run', 'git status')).evidence, []);
  t.same(judge(told().does('run', 'echo "remember git push"')).evidence, []);
});

t.test('constraint: holds until lifted', async (t) => {
  const lifted = stream()
    .user('Do not edit config.json.')
    .user('You may now edit config.json.')
    .edits('config.json');
  t.same(judge(lifted).evidence, []);
  t.same(judge(lifted).constraints, []);
  t.equal(judge(stream().user('Go'), { constraints: ['never run npm publish'] }).constraints.length, 1);
});

const GOAL =
  'Fix rounding in the TimeDelta serialization of marshmallow fields, milliseconds precision is wrong';

t.test('drift: many steps in a row away from everything the goal is about', async (t) => {
  const started = () =>
    stream()
      .user(GOAL)
      .times(4, (s) => s.does('read', 'src/marshmallow/fields.py', 'class TimeDelta'));
  const away = (n: number) =>
    started().times(n, (s, i) =>
      s.does('run', `deploy kubernetes ingress-${'abcdefghijklmnopqrstuvwxyz'[i]}`, `${i}`),
    );
  t.equal(judge(away(20)).steeringType, 'drift');
  t.same(judge(away(19)).evidence, []);
  t.same(judge(away(26).user('deploy the ingress too')).evidence, [], 'a new order is no drift');
});

t.test('drift: work on files met on the way to the goal belongs to it', async (t) => {
  const analysis = judge(
    stream()
      .user(GOAL)
      .times(3, (s) => s.does('search', 'grep TimeDelta', 'src/serializers/duration.py'))
      .times(30, (s, i) =>
        s.does('run', `pytest duration case${'abcdefghijklmnopqrstuvwxyzabcd'[i]}`, `${i}`),
      ),
  );
  t.same(analysis.evidence, []);
});

t.test('drift: never against a goal of a few words, nor for commands that name nothing', async (t) => {
  t.same(
    judge(
      stream()
        .user('Fix bug')
        .times(30, (s, i) => s.does('run', `deploy x${i}`, `${i}`)),
    ).evidence,
    [],
  );
  t.same(
    judge(
      stream()
        .user(GOAL)
        .times(30, (s, i) => s.does('run', 'ls', `${i}`)),
    ).evidence,
    [],
  );
});

t.test('an empty trajectory is judged without complaint', async (t) => {
  const analysis = judge(stream());
  t.equal(analysis.phase, 'starting');
  t.equal(analysis.alignmentScore, 1);
  t.equal(fold([]).steps.length, 0);
});
