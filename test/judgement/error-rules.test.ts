import t from 'tap';
import { claimsSuccess } from '../../src/judgement/claims.js';
import { isCheck, plainCommand } from '../../src/judgement/command.js';
import { judge, judgeLive, rulesOf, stream } from './streams.js';

t.test('same-failure: four times the same outcome, whatever was edited between', async (t) => {
  const unmoved = (n: number) =>
    stream()
      .user('go')
      .times(n, (s) => s.edits('a.ts').fails('run', 'npm test', '3 failed in parser'));
  t.same(rulesOf(judge(unmoved(4))), ['same-failure']);
  t.equal(judge(unmoved(4)).steeringType, 'errors');
  t.match(judge(unmoved(4)).recommendation, /makes no difference/);
  t.same(rulesOf(judge(unmoved(3))), []);
});

t.test('same-failure: a failure that changes with each edit is work', async (t) => {
  const moving = stream().times(8, (s, i) => s.edits('a.ts').fails('run', 'npm test', `${9 - i} failed`));
  t.same(rulesOf(judge(moving)), []);
});

t.test('same-failure: alike failures far apart, or sent together, are none', async (t) => {
  const apart = stream().times(6, (s, i) =>
    s.fails('search', `rg ${i}`, 'denied').times(3, (each, j) => each.does('read', `f${i}${j}`, `${i}${j}`)),
  );
  t.same(rulesOf(judge(apart)), []);
  const together = stream().times(6, (s, i) => s.fails('read', `f${i}`, 'sibling errored').pause(-1900));
  t.same(rulesOf(judge(together)), []);
});

t.test('error-share: ten of sixteen failed, with something that works in between', async (t) => {
  const mostly = (failures: number) =>
    stream().times(16, (s, i) =>
      (i * failures) % 16 < failures
        ? s.fails('run', `try ${i}`, `E${i}`).pause(4000)
        : s.does('run', `look ${i}`, `${i}`).pause(4000),
    );
  t.same(rulesOf(judge(mostly(10))), ['error-share']);
  t.same(rulesOf(judge(mostly(8))), []);
});

t.test('error-share: failures that lie behind are past', async (t) => {
  const better = stream()
    .times(7, (s, i) => s.fails('run', `try ${i}`, `E${i}`).pause(4000))
    .times(9, (s, i) => s.does('run', `make ${i}`, `${i}`));
  t.same(rulesOf(judge(better)), []);
});

t.test('error-streak: an agent that mostly reads what it wants to read is not stuck', async (t) => {
  const reading = stream().times(10, (s, i) =>
    s
      .fails('search', `rg ${i}`, `nothing for ${i}`)
      .pause(4000)
      .does('read', `a${i}`, `${i}`)
      .does('read', `b${i}`, `${i}`),
  );
  t.same(rulesOf(judge(reading)), []);
});

const failing = () => stream().user('Fix it').edits('a.ts').fails('run', 'npm test', '2 failed');

t.test('premature-success: a claim of success right after a failed check', async (t) => {
  const analysis = judge(failing().says('I have fixed the parser and all tests pass.'));
  t.same(rulesOf(analysis), ['premature-success']);
  t.equal(analysis.steeringType, 'errors');
  t.match(analysis.recommendation, /See that check pass/);
});

t.test('premature-success: honest reports, mended failures and passing checks are fine', async (t) => {
  const claim = 'I have fixed the parser and all tests pass.';
  t.same(rulesOf(judge(failing().says('I changed the parser, but two tests still fail.'))), []);
  t.same(rulesOf(judge(failing().does('run', 'npm test', '9 passed').says(claim))), []);
  t.same(rulesOf(judge(failing().edits('b.ts').says(claim))), [], 'mended since');
  t.same(
    rulesOf(judge(stream().user('go').fails('run', 'git push', 'no upstream').says('Done.'))),
    [],
    'no check',
  );
  t.same(rulesOf(judge(failing().user('never mind').says(claim))), [], 'the person knows');
});

t.test('premature-success: while the agent is live, only once the claim has settled', async (t) => {
  const claimed = () => failing().says('Fixed! Now everything works.');
  t.same(rulesOf(judgeLive(claimed(), 5000)), []);
  t.same(rulesOf(judgeLive(claimed(), 90_000)), ['premature-success']);
  t.same(rulesOf(judge(claimed().does('read', 'a', 'x'))), [], 'it went on');
});

t.test('premature-success: ending the session after checks that never ran needs no claim', async (t) => {
  const ended = (n: number) =>
    stream()
      .user('go')
      .edits('a.c')
      .times(n, (s, i) => s.fails('run', `./build-${i}/app`, `${i}: no such file`))
      .opens('finish', '{"final_thought":"The change is made."}')
      .ended('finish');
  t.same(rulesOf(judge(ended(2))), ['premature-success']);
  t.same(rulesOf(judge(ended(1))), [], 'one failure is no proof');
});

t.test('gave-up: a session that ends by saying it could not do it', async (t) => {
  const end = (text: string) => stream().user('go').edits('a.c').opens('finish', text).ended('finish');
  t.same(rulesOf(judge(end('{"final_thought":"Unable to make the changes to a.c"}'))), ['gave-up']);
  t.same(rulesOf(judge(end('{"task_completed":"false"}'))), ['gave-up']);
  t.same(rulesOf(judge(end('{"final_thought":"Fixed the unable-to-parse error"}'))), []);
});

t.test('claims and admissions', async (t) => {
  for (const text of ['All tests pass.', 'The bug is fixed.', 'Task completed successfully.'])
    t.ok(claimsSuccess(text), text);
  for (const text of [
    "It doesn't work yet.",
    'Fixed, but two tests fail.',
    'Let me look.',
    'The fix is untested.',
  ])
    t.notOk(claimsSuccess(text), text);
});

t.test('the dress of a command', async (t) => {
  for (const dressed of [
    'npm test',
    'npm test 2>&1 | tail -5',
    'cd /w/app && npm test',
    'CI=1 npm test; echo $?',
  ])
    t.equal(plainCommand(dressed), 'npm test', dressed);
  t.equal(plainCommand('git log | grep fix'), 'git log | grep fix', 'a filter is part of the question');
  t.equal(plainCommand('cd app'), 'cd app');
  t.ok(isCheck('python reproduce.py'));
  t.notOk(isCheck('git status'));
});

t.test('F33: an agent that says it is healthy is judged by what it does', async (t) => {
  const claims = [
    'Status: healthy.',
    'Everything is fine, all checks pass.',
    '{"health": "ok"}',
    'On track.',
  ];
  const lying = stream().user('Make the build green');
  for (const claim of claims) lying.says(claim).fails('run', 'make', 'Error: missing rule');
  lying.says('All tests pass. The build is healthy.');
  const verdict = judge(lying);
  t.ok(verdict.needsSteering);
  t.ok(
    verdict.evidence.some(({ rule }) => rule === 'premature-success'),
    'the disagreement itself is evidence',
  );
  const working = stream().user('Make the build green').edits('Makefile').does('run', 'make', 'built');
  t.notOk(judge(working.says('All tests pass. The build is healthy.')).needsSteering);
});
