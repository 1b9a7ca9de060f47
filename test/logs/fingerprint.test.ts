import fc from 'fast-check';
import t from 'tap';
import { describeCommand } from '../../src/logs/actions.js';
import { looksFailed } from '../../src/logs/failure-text.js';
import { fit } from '../../src/logs/field.js';
import { actionKey, outcomeKey, stripAnsi } from '../../src/logs/fingerprint.js';
import { readStamp } from '../../src/logs/formats/text-stamp.js';
import { scratchFor } from '../../src/logs/scratch.js';
import { classifyShell } from '../../src/logs/shell.js';
import { keepStable } from '../../src/logs/volatile.js';
import { parseText } from './fixtures.js';

/** Text in front: words of four bytes are looked at at once, and texts above 64 KiB have a buffer of their own. */
const ALIGNMENTS = ['', '~ ', '~~ ', '~~~ ', '\u2192~~~ ', `${'~'.repeat(64 * 1024)} `];

t.test('what differs from run to run does not make another outcome', async (t) => {
  const pairs: readonly (readonly [string, string])[] = [
    ['at 2026-02-02 04:46:00,901 done', 'at 2026-03-01T14:00:59Z done'],
    ['5 passed in 0.52s', '5 passed in 12.1s'],
    ['took 15 ms', 'took 3 ms'],
    ['pid 4711 started', 'pid 12 started'],
    ['wrote /tmp/tmpabc123/out', 'wrote /tmp/tmpxyz/out2'],
    ['<obj at 0x7f3a2b>', '<obj at 0x7fffff00>'],
    ['id 31c6f477-3cae-4061-8c2a-bf985d16418f', 'id 7c2a0000-aaaa-4061-8c2a-bf985d164111'],
    ['commit 4c1ccd4', 'commit 9ab01f3'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['at 10:00:01', 'at 23:59:59.123'],
    ['Mon Jan  2 10:00:00 2026', 'Fri Nov 13 11:11:11 2027'],
  ];
  for (const before of ALIGNMENTS)
    for (const [one, other] of pairs)
      t.equal(outcomeKey(before + one), outcomeKey(before + other), before + one);
});

t.test('what is the outcome stays', async (t) => {
  const pairs: readonly (readonly [string, string])[] = [
    ['5 passed', '6 passed'],
    ['(94 lines total)', '(95 lines total)'],
    ['line 12', 'line 13'],
    ['exit code 1', 'exit code 2'],
    ['src/a.ts', 'src/b.ts'],
    ['defaced', 'effaced'],
    ['1234567 rows', '7654321 rows'],
  ];
  for (const before of ALIGNMENTS)
    for (const [one, other] of pairs)
      t.not(outcomeKey(before + one), outcomeKey(before + other), `${before}${one} | ${other}`);
});

t.test('an action is the same exactly when tool and input are, white space around aside', async (t) => {
  t.equal(actionKey('bash', ' ls \n'), actionKey('bash', 'ls'));
  t.not(actionKey('bash', 'ls'), actionKey('bas', 'hls'));
  const long = 'x'.repeat(100_000);
  t.not(actionKey('bash', `${long}a${long}`), actionKey('bash', `${long}b${long}`));
});

t.test('keys of long commands and outputs are those of the whole text', async (t) => {
  const record = (output: string): string => `${JSON.stringify({ tool: 'x', input: 'y', output })}\n`;
  const key = (middle: string): string | undefined =>
    parseText(record(`${'a'.repeat(20_000)}${middle}${'b'.repeat(20_000)}`)).events[1]?.outcomeKey;
  t.not(key('one'), key('two'));
  t.equal(key('one'), key('one'));
});

t.test('a cut text has the bound, its head and its tail', async () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.integer({ min: 80, max: 200 }),
      (text, max) => {
        const field = fit(text, max);
        if (text.length <= max) return field.text === text && !field.cut;
        return (
          field.text.length <= max &&
          field.cut &&
          /characters cut/.test(field.text) &&
          !/\p{Surrogate}/u.test(field.text)
        );
      },
    ),
  );
});

t.test('no text makes normalising fail, and what it leaves is not longer', async () => {
  const fragment = fc.constantFrom(
    '2026-01-01',
    ' 10:00',
    ':00',
    '\u001b[',
    '31m',
    '/tmp/',
    'a',
    '0x',
    'ff',
    ' 12 ms',
    '\n',
  );
  const text = fc.array(fc.oneof(fragment, fc.string({ unit: 'binary' })), { maxLength: 20 });
  fc.assert(
    fc.property(text, (parts) => {
      const whole = parts.join('');
      return keepStable(whole, scratchFor(whole.length)) <= whole.length;
    }),
  );
});

const MEGABYTE = 1024 * 1024;

/** Inputs that make a careless pattern backtrack: long runs of what it starts with and never ends with. */
const HOSTILE: readonly string[] = [
  '0', '1', 'a', 'f', ' ', '\t', '-', ':', '/', '.', ',', '\\', '"', "'", '\u001b', '\u001b[', '\u001b]', '\u001b[0;',
  '1 ', '1.', '1:', '00:00:', '2026-01-01', '2026-01-01 00:', 'pid ', '/tmp/', '0x', '0xf', 'Jan 1', 'Mon, Jan ',
  'deadbeef-', 'Traceback (most recent call last):', 'Error: ', 'exit code ', 'a.', 'a/', '../', '{', '[', '<<', '>&',
  '12.3 m', '| ', '; ', '**', '```\n', '```bash\n', 'x\n', '\r', '\n', 'Caveat: ', '<', '\u00b5', 'é', 'fatal', 'level=',
]; // biome-ignore format: a table

/** A pattern that backtracks takes minutes on these; the bound only tells that from a busy machine. */
const FAR_OFF_MS = 2_000;

t.test('F30: no pattern is slow on a hostile megabyte', async (t) => {
  const tasks: readonly (readonly [string, (text: string) => unknown])[] = [
    ['outcomeKey', outcomeKey],
    ['stripAnsi', stripAnsi],
    ['looksFailed', (text) => looksFailed(text, false)],
    ['readStamp', (text) => readStamp(text, { day: null, last: null, dated: false }, 0)],
    ['classifyShell', classifyShell],
    ['describeCommand', (text) => describeCommand('edit', text)],
  ];
  for (const [name, run] of tasks) {
    let worst = 0;
    let culprit = '';
    for (const unit of HOSTILE) {
      const text = unit.repeat(Math.ceil(MEGABYTE / unit.length)).slice(0, MEGABYTE - 1);
      let elapsed = timed(() => run(text));
      // Again when slow: another process on the machine is not what is measured.
      if (elapsed >= FAR_OFF_MS) elapsed = Math.min(...[1, 2, 3].map(() => timed(() => run(text))));
      if (elapsed > worst) [worst, culprit] = [elapsed, unit];
    }
    t.ok(worst < FAR_OFF_MS, `${name}: worst ${worst.toFixed(1)} ms, on ${JSON.stringify(culprit)}`);
  }
});

t.test('F30: no format is slow on a hostile line of a megabyte', async (t) => {
  for (const unit of HOSTILE.filter((unit) => !unit.includes('\n'))) {
    const text = unit.repeat(Math.ceil(MEGABYTE / unit.length));
    let elapsed = timed(() => parseText(text));
    if (elapsed >= FAR_OFF_MS) elapsed = Math.min(...[1, 2, 3].map(() => timed(() => parseText(text))));
    t.ok(elapsed < FAR_OFF_MS, `${elapsed.toFixed(0)} ms on ${JSON.stringify(unit)}`);
  }
});

function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
