import t from 'tap';
import { judge, rulesOf, stream } from './streams.js';

t.test('failing-edits: six of the last eight edits failed', async (t) => {
  const tries = (n: number) =>
    stream().times(n, (s, i) =>
      s.fails('edit', `replace ${i}`, `no match ${i}`, ['a.c']).does('read', 'a.c', 'text'),
    );
  const analysis = judge(tries(6));
  t.same(rulesOf(analysis), ['failing-edits']);
  t.equal(analysis.steeringType, 'errors');
  t.same(rulesOf(judge(tries(5))), []);
});

t.test('failing-edits: edits that work in between are work', async (t) => {
  const analysis = judge(
    stream().times(8, (s, i) => s.fails('edit', `replace ${i}`, `no match ${i}`).edits('a.c')),
  );
  t.same(analysis.evidence, []);
});

t.test('failing-edits: edits sent together fail together, once', async (t) => {
  const batch = stream().times(8, (s, i) => s.fails('edit', `replace ${i}`, 'sibling errored').pause(-1900));
  t.same(judge(batch).evidence, []);
});

t.test('error-streak: eight different failures and nothing that worked', async (t) => {
  const failing = (n: number) => stream().times(n, (s, i) => s.fails('run', `try ${i}`, `E${i}`).pause(5000));
  t.same(rulesOf(judge(failing(8))), ['error-streak']);
  t.same(rulesOf(judge(failing(7))), []);
});

t.test('error-streak: failing attempts with edits between are work', async (t) => {
  const analysis = judge(stream().times(20, (s, i) => s.fails('run', `try ${i}`, `E${i}`).edits('a.ts')));
  t.same(analysis.evidence, []);
});

t.test('error-streak: calls sent together fail together, once', async (t) => {
  t.same(
    judge(stream().times(12, (s, i) => s.fails('read', `f${i}`, 'sibling errored').pause(-1900))).evidence,
    [],
  );
});

t.test('error-streak: a streak that was overcome is past', async (t) => {
  const recovered = stream()
    .times(9, (s, i) => s.fails('run', `try ${i}`, `E${i}`).pause(5000))
    .times(3, (s) => s.edits('a.ts'));
  t.same(judge(recovered).evidence, []);
});

t.test('repeated-error: the same error again and again with nothing new between', async (t) => {
  const retry = (n: number) =>
    stream().times(n, (s, i) =>
      s
        .line('starting')
        .error(`Launch failed (attempt ${i + 1} of 9)`)
        .line('retrying'),
    );
  t.same(rulesOf(judge(retry(4))), ['repeated-error']);
  t.equal(judge(retry(4)).steeringType, 'errors');
  t.same(rulesOf(judge(retry(3))), []);
});

t.test('repeated-error: news between the errors, or different errors, are no retry loop', async (t) => {
  const program = stream().times(6, (s, i) => {
    s.error('timeout');
    for (let line = 0; line < 8; line++)
      s.line(`handled request ${'abcdefgh'[line]} of batch ${'uvwxyz'[i]}`);
  });
  t.same(judge(program).evidence, []);
  t.same(judge(stream().times(6, (s, i) => s.error(`cannot open ${'abcdef'[i]}.txt`))).evidence, []);
});

t.test('a session that gave up overcame nothing: what went wrong before still stands', async (t) => {
  const session = stream()
    .times(5, (s) => s.error('Launch failed'))
    .times(6, (s, i) => s.does('run', `set up ${i}`, `${i}`));
  t.same(rulesOf(judge(session)), []);
  session
    .error('Agent reached maximum iteration 30')
    .times(4, (s, i) => s.does('run', `tidy up ${i}`, `${i}`));
  t.same(rulesOf(judge(session)), ['repeated-error', 'gave-up']);
});

t.test('gave-up: a session that stopped for want of steps or money says so', async (t) => {
  t.same(rulesOf(judge(stream().does('read', 'a').ended('exit_cost'))), ['gave-up']);
  t.same(rulesOf(judge(stream().does('read', 'a').error('Agent reached maximum iteration 30'))), ['gave-up']);
  t.same(rulesOf(judge(stream().does('read', 'a').ended('submitted'))), []);
  t.same(
    rulesOf(judge(stream().does('read', 'a').ended('exit_cost').user('go on'))),
    [],
    'until it is told to go on',
  );
});
