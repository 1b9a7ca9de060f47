import t from 'tap';
import { OpenHandsRules } from '../../../eval/baseline.js';
import { type Stream, stream } from '../streams.js';

/** Index of the first event at which the baseline calls the agent stuck; -1 when it never does. */
function stuckAt(given: Stream): number {
  const rules = new OpenHandsRules();
  return given.events.findIndex((event) => {
    rules.observe(event);
    return rules.stuck();
  });
}

t.test('the same action and observation four times', async (t) => {
  t.equal(stuckAt(stream().times(4, (s) => s.does('read', 'a', 'same'))), 7);
  t.equal(stuckAt(stream().times(3, (s) => s.does('read', 'a', 'same'))), -1);
  t.equal(stuckAt(stream().times(6, (s, i) => s.does('read', 'a', `${i}`))), -1);
});

t.test('commands compare by exit code, not by output', async (t) => {
  t.equal(
    stuckAt(stream().times(4, (s, i) => s.does('run', 'make', `${i}`, { exitCode: 2, isError: true }))),
    7,
  );
  t.equal(stuckAt(stream().times(4, (s, i) => s.does('run', 'make', 'same', { exitCode: i }))), -1);
});

t.test('the same action three times with an error each', async (t) => {
  t.equal(stuckAt(stream().times(3, (s, i) => s.fails('edit', 'x', `E${i}`))), 5);
  t.equal(stuckAt(stream().times(2, (s) => s.fails('edit', 'x', 'E'))), -1);
});

t.test('three identical or blank messages with nothing between', async (t) => {
  t.equal(stuckAt(stream().times(3, (s) => s.says('Done.'))), 2);
  t.equal(stuckAt(stream().times(3, (s) => s.says(''))), 2);
  t.equal(stuckAt(stream().times(4, (s, i) => s.says('Next.').does('read', `${i}`, `${i}`))), -1);
});

t.test('two steps in turn, six of them', async (t) => {
  const turns = (n: number) =>
    stream().times(n, (s, i) => s.does('read', i % 2 === 0 ? 'a' : 'b', i % 2 === 0 ? '1' : '2'));
  t.equal(stuckAt(turns(6)), 11);
  t.equal(stuckAt(turns(5)), -1);
});

t.test('a word of the person starts anew, an automatic one does not', async (t) => {
  t.equal(stuckAt(stream().times(6, (s, i) => s.user(`try ${i}`).does('read', 'a', 'same'))), -1);
  t.ok(stuckAt(stream().times(6, (s) => s.user('continue').does('read', 'a', 'same'))) > 0);
});
