import fc from 'fast-check';
import t from 'tap';
import { edited, editorOf, editorWindow, textOf } from '../../../src/cli/top/editor.js';
import { type Key, KeyDecoder, type KeyName } from '../../../src/cli/top/keys.js';
import { widthOf } from '../../../src/cli/width.js';

/** Of what comes in these pieces. */
const keysOf = (...pieces: string[]): Key[] => {
  const decoder = new KeyDecoder();
  return pieces.flatMap((piece) => decoder.take(piece));
};
const names = (sent: string) => keysOf(sent).map(({ name, text }) => (name === 'text' ? text : name));
/** And then nothing more for some time. */
const late = (sent: string): Key[] => {
  const decoder = new KeyDecoder();
  return [...decoder.take(sent), ...decoder.late()];
};

t.test('keys as terminals send them', async (t) => {
  for (const [sent, name] of [
    ['\u001b[A', 'up'],
    ['\u001bOA', 'up'],
    ['\u001b[1;5B', 'down'],
    ['\u001b[5~', 'pageUp'],
    ['\u001b[6~', 'pageDown'],
    ['\u001b[H', 'home'],
    ['\u001b[4~', 'end'],
    ['\u001b[3;5~', 'delete'],
    ['\r', 'enter'],
    ['\u007f', 'backspace'],
    ['\u0003', 'quit'],
    ['\u001a', 'suspend'],
    ['漢', '漢'],
    ['👍', '👍'],
  ] as const)
    t.same(names(sent), [name], JSON.stringify(sent));
  t.same(names('\u001b[15~\u001b[200;1R\u001b[<0;1;1Mx'), ['x'], 'what is none of ours does nothing');
});

t.test('Escape alone is known by what does not follow', async (t) => {
  t.same(keysOf('\u001b'), []);
  t.same(late('\u001b'), [{ name: 'escape', text: '' }]);
  t.same(late('\u001b['), [], 'a broken sequence is nothing');
  t.same(names('\u001b\u001b[A'), ['escape', 'up']);
  t.same(names('\u001b/x'), ['escape', '/', 'x'], 'typed fast');
});

t.test('pasted text is text, whatever is in it', async (t) => {
  t.same(keysOf('\u001b[200~R\ny\u001b[201~q'), [
    { name: 'paste', text: 'R\ny' },
    { name: 'text', text: 'q' },
  ]);
});

t.test('pasted text is never typed, however much it is', async (t) => {
  const long = 'x'.repeat(20_000);
  for (const pieces of [
    [`\u001b[200~${long}Ry\u001b[201~q`],
    ['\u001b[200~', long, 'Ry', 'Ry\u001b[20', '1~q'],
    [`\u001b[200~${long}R`, `y${long}`, '\u001b', '[201~', 'q'],
  ])
    t.same(
      keysOf(...pieces),
      [
        { name: 'paste', text: long },
        { name: 'text', text: 'q' },
      ],
      'what is over the bound is dropped',
    );
});

t.test('pasted text is never typed, however slowly it comes', async (t) => {
  const decoder = new KeyDecoder();
  const keys: Key[] = [];
  for (const piece of ['\u001b[2', '00~', 'R', 'y\u001b', '[201', '~', 'q']) {
    keys.push(...decoder.take(piece));
    t.notOk(decoder.mayBeEscape, JSON.stringify(piece));
    keys.push(...decoder.late());
  }
  t.same(keys, [
    { name: 'paste', text: 'Ry' },
    { name: 'text', text: 'q' },
  ]);
});

t.test('however the bytes are cut into pieces', async () => {
  const piece = fc.constantFrom(
    '\u001b[A',
    '\u001bOB',
    '\u001b[5~',
    'a',
    '漢',
    '\r',
    '\u001b[200~R y\u001b[201~',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.nat(5), { maxLength: 40 }),
      (pieces, cuts) => {
        const sent = pieces.join('');
        const parts: string[] = [];
        let at = 0;
        for (const cut of [...cuts, sent.length]) {
          parts.push(sent.slice(at, at + cut));
          at += cut;
        }
        // Half a pair is no character: the decoder of bytes before this one does not let it through.
        return sent.includes('👍') || JSON.stringify(keysOf(...parts)) === JSON.stringify(keysOf(sent));
      },
    ),
  );
});

t.test('any bytes whatever end in keys', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (sent) => {
      // Behind the end of a paste and of a sequence that was broken off, a key is a key again.
      const keys = keysOf(sent, `${'0'.repeat(32)}\u001b[201~`, 'q');
      return keys.at(-1)?.name === 'text' && keys.at(-1)?.text === 'q';
    }),
    { numRuns: 2_000 },
  );
});

t.test('a line that is typed', async (t) => {
  const key = (name: KeyName, text = ''): Key => ({ name, text });
  const typed = (...keys: Key[]) => keys.reduce(edited, editorOf('one two'));
  t.equal(textOf(typed(key('left'), key('left'), key('text', 'X'))), 'one tXwo');
  t.equal(textOf(typed(key('rubWord'))), 'one ');
  t.equal(textOf(typed(key('home'), key('delete'))), 'ne two');
  t.equal(textOf(typed(key('clear'))), '');
  t.equal(textOf(typed(key('paste', 'a\nb\u001b[31mc'))), 'one twoa b [31mc', 'pasted as one line');
  t.equal(textOf(typed(key('paste', 'x'.repeat(9_000)))).length, 2_000, 'of bounded length');
});

t.test('its cursor is in sight, wherever it stands', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '漢', '👍'), maxLength: 80 });
  fc.assert(
    fc.property(text, fc.nat(80), fc.integer({ min: 3, max: 30 }), (given, left, width) => {
      const keys = Array.from({ length: left }, (): Key => ({ name: 'left', text: '' }));
      const window = editorWindow(keys.reduce(edited, editorOf(given)), width);
      return window.cell < width && widthOf(window.text) < width;
    }),
  );
});
