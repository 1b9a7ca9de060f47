import t from 'tap';
import { judge, rulesOf, type Stream, stream } from './streams.js';

const work = (s: Stream) =>
  s.does('read', 'src/a.ts', 'file a').edits('src/a.ts').does('run', 'npm test', '3 passed');

t.test('repeated-action: four times the same action and outcome is a loop', async (t) => {
  const analysis = judge(
    stream()
      .user('Find the flag')
      .times(4, (s) => s.does('run', 'submit x', 'Wrong flag')),
  );
  t.equal(analysis.steeringType, 'loop');
  const found = analysis.evidence.find(({ rule }) => rule === 'repeated-action');
  t.equal(found?.count, 4);
  t.same(found?.events, [1, 2, 3, 4, 5, 6, 7, 8], 'calls and results of the repeats');
  t.match(analysis.recommendation, /4 times.*submit x.*Wrong flag/);
});

t.test(
  'repeated-action: three times is not yet a loop, nor are four with another action between',
  async (t) => {
    t.equal(judge(stream().times(3, (s) => s.does('run', 'submit x', 'Wrong flag'))).needsSteering, false);
    const between = stream().times(4, (s, i) => s.does('run', 'make', 'same').edits(`src/f${i}.ts`));
    t.equal(judge(between).needsSteering, false);
  },
);

t.test('repeated-action: a new outcome each time is work', async (t) => {
  t.same(judge(stream().times(20, (s, i) => s.does('run', 'npm test', `${i} passed`))).evidence, []);
});

t.test('repeated-action: an unchanged poll is waiting until it has been asked very often', async (t) => {
  t.same(judge(stream().times(11, (s) => s.does('poll', 'output 1', 'running'))).evidence, []);
  t.same(rulesOf(judge(stream().times(12, (s) => s.does('poll', 'output 1', 'running')))), [
    'repeated-action',
  ]);
});

t.test('repeated-action: plans written again are no loop, and do not hide one', async (t) => {
  t.same(judge(stream().times(9, (s) => s.does('plan', '{"todos":1}', 'ok'))).evidence, []);
  const hidden = stream().times(4, (s) => s.does('run', 'x', 'same').does('plan', '{"todos":1}', 'ok'));
  t.same(rulesOf(judge(hidden)), ['repeated-action']);
});

t.test('a loop stands until real progress breaks it', async (t) => {
  const loop = () => stream().times(4, (s) => s.does('run', 'submit x', 'Wrong flag'));
  t.equal(
    judge(loop().does('finish', "submit 'x'", '').ended('submitted')).steeringType,
    'loop',
    'not by ending',
  );
  t.equal(judge(loop().does('read', 'notes', 'hint')).steeringType, 'loop', 'not by one step');
  t.equal(judge(loop().times(5, (s) => s.does('read', 'notes', 'hint'))).steeringType, 'loop');
  t.equal(judge(work(loop())).needsSteering, false, 'by work');
});

t.test('what a person says resets a streak; an automatic "continue" does not', async (t) => {
  const spoken = stream().times(4, (s, i) => s.user(`try ${i}`).does('run', 'x', 'same'));
  t.equal(judge(spoken).needsSteering, false);
  const nudged = stream().times(5, (s) => s.user('continue').does('run', 'x', 'same'));
  t.equal(judge(nudged).steeringType, 'loop');
});

t.test('what a person refuses is not repeated by the agent', async (t) => {
  const refused = stream().times(5, (s) =>
    s.does('run', 'rm x', 'refused', { isError: true, rejected: true }),
  );
  t.same(judge(refused).evidence, []);
});

t.test('repeated-failing-action: three failures in a row, new errors not counted', async (t) => {
  t.same(rulesOf(judge(stream().times(3, (s) => s.fails('run', 'make', 'E1')))), ['repeated-failing-action']);
  t.same(rulesOf(judge(stream().times(2, (s) => s.fails('run', 'make', 'E1')))), []);
  t.same(rulesOf(judge(stream().times(6, (s, i) => s.fails('run', 'make', `E${i}`)))), []);
});

t.test('repeated-failing-action: edits between the attempts are work', async (t) => {
  const analysis = judge(
    stream().times(6, (s, i) => s.fails('run', 'python decrypt.py', `E${i}`).edits('decrypt.py')),
  );
  t.same(analysis.evidence, []);
});

t.test(
  'repeated-failing-action, failing-rerun: the dress of a command does not make it another',
  async (t) => {
    const dressed = ['npm test', 'npm test 2>&1', 'npm test | tail -20', 'cd . && npm test', 'CI=1 npm test'];
    const analysis = judge(
      stream().times(5, (s, i) => s.fails('run', dressed[i] ?? '', `${i} lines\n1 failed`)),
    );
    t.equal(analysis.steeringType, 'loop');
    t.ok(rulesOf(analysis).includes('failing-rerun'));
    const others = ['npm test', 'npm run lint', 'npm ci', 'npm audit', 'npm ls'];
    t.equal(
      judge(stream().times(5, (s, i) => s.fails('run', others[i] ?? '', `${i} lines\n1 failed`)))
        .needsSteering,
      false,
    );
  },
);

t.test('failing-rerun: only looking around between four equal failures', async (t) => {
  const rerun = (n: number) =>
    stream().times(n, (s, i) => s.fails('run', 'npm test', 'E').does('read', `f${i}`, `${i}`));
  // The reads are news, so the loop stands only as long as fewer than three of them follow.
  t.same(rulesOf(judge(rerun(4))), ['failing-rerun', 'same-failure']);
  t.same(rulesOf(judge(rerun(3))), []);
});

t.test('failing-rerun: anything that may have changed something starts the count again', async (t) => {
  const analysis = judge(
    stream().times(6, (s, i) => s.fails('run', 'npm test', 'E').does('run', `npm i p${i}`, `${i}`)),
  );
  t.same(
    analysis.evidence.filter(({ type }) => type === 'loop'),
    [],
  );
});

t.test('monologue: three identical or blank messages without an action', async (t) => {
  t.same(
    rulesOf(
      judge(
        stream()
          .user('go')
          .times(3, (s) => s.says('I am done.')),
      ),
    ),
    ['monologue'],
  );
  t.same(
    rulesOf(
      judge(
        stream()
          .user('go')
          .times(3, (s) => s.says(' \n')),
      ),
    ),
    ['monologue'],
  );
  t.same(rulesOf(judge(stream().times(3, (s) => s.user('continue').says('I am done.')))), ['monologue']);
});

t.test('monologue: different messages, or actions between, are none', async (t) => {
  t.same(judge(stream().times(5, (s, i) => s.says(`Part ${i}.`))).evidence, []);
  t.same(judge(stream().times(5, (s, i) => s.says('Next file.').does('read', `f${i}`, `${i}`))).evidence, []);
});

t.test('monologue: lines of plain output are no messages until they are many', async (t) => {
  t.same(judge(stream().times(8, (s) => s.says('waiting for the server'))).evidence, []);
  t.same(judge(stream().times(40, (s) => s.says('--------'))).evidence, []);
  t.same(rulesOf(judge(stream().times(12, (s) => s.says('waiting for the server')))), ['monologue']);
});

t.test('ping-pong: six alternating steps with the same outcomes', async (t) => {
  const pingPong = (rounds: number) =>
    stream().times(rounds, (s) => s.does('read', 'a', '1').does('run', 'b', '2'));
  t.same(rulesOf(judge(pingPong(3))), ['ping-pong']);
  t.same(rulesOf(judge(pingPong(2))), []);
});

t.test('ping-pong: edit and test in turn with new outcomes is work', async (t) => {
  t.same(
    judge(stream().times(8, (s, i) => s.edits('a.ts').does('run', 'npm test', `${i} passed`))).evidence,
    [],
  );
});

t.test('cycle: three rounds of three to eight steps', async (t) => {
  for (const period of [3, 5, 8]) {
    const rounds = (n: number) =>
      stream().times(n, (s) => {
        for (let step = 0; step < period; step++) s.does('run', `step ${step}`, `out ${step}`);
      });
    t.same(rulesOf(judge(rounds(3))), ['cycle'], `period ${period}`);
    t.same(rulesOf(judge(rounds(2))), [], `two rounds of ${period}`);
  }
});

t.test('cycle: one changed outcome a round is progress', async (t) => {
  const analysis = judge(
    stream().times(5, (s, i) => s.does('read', 'a', '1').does('read', 'b', '2').does('run', 'c', `${i}`)),
  );
  t.same(analysis.evidence, []);
});

t.test('edits-undone: taking back the edit before, three times', async (t) => {
  const swing = (n: number) =>
    stream().times(n, (s, i) => (i % 2 === 0 ? s.edits('a.ts', 'x', 'y') : s.edits('a.ts', 'y', 'x')));
  t.ok(rulesOf(judge(swing(4))).includes('edits-undone'));
  t.same(rulesOf(judge(swing(2))), [], 'a change of mind');
  t.same(judge(stream().times(6, (s) => s.edits('a.ts'))).evidence, []);
});

t.test('a rule can be switched off and a threshold set', async (t) => {
  const loop = stream().times(6, (s) => s.does('run', 'x', 'same'));
  t.same(judge(loop, {}, { off: ['repeated-action'] }).evidence, []);
  t.same(judge(loop, {}, { repeatedAction: 7 }).evidence, []);
  t.equal(
    judge(
      stream().times(50, (s) => s.does('run', 'x', 'same')),
      {},
      { repeatedAction: 40 },
    ).needsSteering,
    true,
  );
});
