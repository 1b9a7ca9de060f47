import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { cutTo, fitTo, printable, widthOf, wrapTo } from '../../src/cli/width.js';

/** Texts as agents write them, and worse. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      'a',
      ' ',
      '漢',
      '字',
      '👍',
      '🏽',
      '\u200d',
      '\ufe0f',
      'e\u0301',
      '\u0300',
      'ש',
      'م',
      '\u202e',
    ),
    fc.constantFrom(
      '\u001b[2J',
      '\u001b]0;t\u0007',
      '\r',
      '\n',
      '\t',
      '\u009b',
      '\ud800',
      '🇩',
      '🇪',
      '가',
      '\u1161',
    ),
    fc.string({ unit: 'binary', maxLength: 1 }),
  ),
  maxLength: 60,
});
const width = fc.integer({ min: 0, max: 50 });

t.test('what is cut fits, and is one line that moves no cursor', async () => {
  fc.assert(
    fc.property(text, width, (given, cells) => {
      const cut = cutTo(given, cells);
      return widthOf(cut) <= cells && !/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(cut);
    }),
    { numRuns: 2_000 },
  );
});

t.test('a column is exactly as wide as it should be, whatever is in it', async () => {
  fc.assert(
    fc.property(
      text,
      width,
      fc.constantFrom('left' as const, 'right' as const),
      (given, cells, side) => widthOf(fitTo(given, cells, side)) === cells,
    ),
    { numRuns: 2_000 },
  );
});

t.test('wrapped lines fit, and are no more than asked for', async () => {
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (given, cells, most) => {
        const lines = wrapTo(given, cells, most);
        return lines.length <= most && lines.every((line) => widthOf(line) <= cells);
      },
    ),
    { numRuns: 2_000 },
  );
});

t.test('cells of texts', async (t) => {
  for (const [given, cells] of [
    ['plain', 5],
    ['漢字', 4],
    ['e\u0301', 1],
    ['한글', 4],
    ['\u1112\u1161\u11ab', 2],
    ['👍', 2],
    ['🇩🇪', 2],
    ['▁▂▃█…', 5],
    ['שלום', 4],
    ['', 0],
  ] as const)
    t.equal(widthOf(given), cells, given);
});

t.test('texts that terminals disagree about are taken apart', async (t) => {
  t.equal(printable('👩\u200d👧'), '👩 👧', 'joined emoji');
  t.equal(printable('👍🏽'), '👍', 'skin tones');
  t.equal(printable('❤\ufe0f'), '❤', 'selectors');
  t.equal(printable(`z${'\u0335'.repeat(500)}`), `z${'\u0335'.repeat(4)}`, 'marks without end');
  t.equal(printable('a\u001b[31mb\u202ec'), 'a [31mb c', 'escapes and directions');
  t.equal(printable('a\ud800b'), 'a\ufffdb', 'half a character');
});

t.test('cut with an ellipsis, never inside a character', async (t) => {
  t.equal(cutTo('abcdef', 4), 'abc…');
  t.equal(cutTo('abcd', 4), 'abcd');
  t.equal(cutTo('漢字漢字', 4), '漢…', 'half of a wide one is none');
  t.equal(cutTo('e\u0301e\u0301e\u0301', 2), 'e\u0301…', 'marks stay with their letter');
  t.same(wrapTo('one two three four', 9, 5), ['one two', 'three', 'four']);
  t.same(wrapTo('one two three four', 9, 2), ['one two', 'three …']);
});

const WIDTHS_BY_PYTHON = `
import unicodedata
for c in range(0x20, 0x40000):
    k = unicodedata.category(chr(c))
    if k in ("Cn", "Cc", "Cf", "Cs", "Co", "Zl", "Zp"): continue
    w = 0 if k in ("Mn", "Me") else 2 if unicodedata.east_asian_width(chr(c)) in "WF" else 1
    print(c, w)
`;
const python = spawnSync('python3', ['-c', WIDTHS_BY_PYTHON], { encoding: 'utf8', maxBuffer: 1 << 26 });

t.test(
  "as Unicode's own table has it",
  { skip: python.status === 0 ? false : 'python3 is not here: it has the table' },
  async (t) => {
    const lines = python.stdout.trimEnd().split('\n');
    t.ok(lines.length > 100_000, 'the table was read');
    const wrong = lines.flatMap((line) => {
      const [code = 0, cells = 0] = line.split(' ').map(Number);
      // Vowels and finals of Hangul join the syllable before them; indicators are counted in pairs.
      const isApart =
        (code >= 0x1160 && code <= 0x11ff) ||
        (code >= 0xd7b0 && code <= 0xd7ff) ||
        (code >= 0x1f1e6 && code <= 0x1f1ff);
      const ours = widthOf(String.fromCodePoint(code));
      return isApart || ours === cells ? [] : [`U+${code.toString(16)}: ${ours} for ${cells}`];
    });
    // The two may be of different versions of Unicode: each one moves some dozens of characters.
    t.ok(wrong.length < 150, wrong.slice(0, 20).join(', '));
  },
);
