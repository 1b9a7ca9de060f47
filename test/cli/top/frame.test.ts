import fc from 'fast-check';
import t from 'tap';
import { changes, type Frame } from '../../../src/cli/top/frame.js';
import { clipped, type Line, lengthOf, paint, type Style } from '../../../src/cli/top/line.js';
import { printable, widthOf } from '../../../src/cli/width.js';
import { Screen } from './screen.js';

const COLUMNS = 24;
const ROWS = 6;

const style = fc.constantFrom<Style>('plain', 'bold', 'dim', 'red', 'magenta', 'selected');
const text = fc
  .string({ unit: fc.constantFrom('a', 'b', ' ', '漢', 'e\u0301', 'ש', '▆', '👍', '…'), maxLength: 12 })
  .map(printable);
const line: fc.Arbitrary<Line> = fc.array(fc.record({ text, style }), { maxLength: 5 });
const frame = (rows: fc.Arbitrary<Line[]>): fc.Arbitrary<Frame> =>
  fc.record({
    lines: rows.map((lines) => lines.map((each) => paint(clipped(each, COLUMNS), true))),
    cursor: fc.option(
      fc.record({
        row: fc.integer({ min: 0, max: ROWS - 1 }),
        column: fc.integer({ min: 0, max: COLUMNS - 1 }),
      }),
      { nil: undefined },
    ),
  });
const anyFrame = frame(fc.array(line, { minLength: ROWS, maxLength: ROWS }));

function screen(): Screen {
  const made = new Screen(COLUMNS, ROWS, widthOf);
  made.write('\u001b[?1049h');
  return made;
}

t.test('the screen after a change is the screen drawn anew', async (t) => {
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 6 }), (frames) => {
      const changed = screen();
      frames.forEach((each, i) => {
        changed.write(changes(frames[i - 1], each));
      });
      const anew = screen();
      const last = frames.at(-1) as Frame;
      anew.write(changes(undefined, last));
      t.same(changed.picture, anew.picture);
      t.same(changed.unknown, []);
    }),
    { numRuns: 200 },
  );
});

t.test('what did not change is not written', async (t) => {
  fc.assert(
    fc.property(anyFrame, fc.integer({ min: 0, max: ROWS - 1 }), (before, row) => {
      const after = { ...before, lines: before.lines.map((each, i) => (i === row ? `${each}!` : each)) };
      const written = changes(before, after);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with a control character
      t.equal(written.match(/\u001b\[2K/g)?.length, 1, 'one line');
      t.ok(written.includes(`\u001b[${row + 1};1H`));
      t.equal(changes(after, { ...after, lines: [...after.lines] }), '');
    }),
    { numRuns: 100 },
  );
});

t.test(
  'a line fits the terminal, and its columns stand whatever the terminal takes for their width',
  async (t) => {
    fc.assert(
      fc.property(
        line,
        fc.integer({ min: 1, max: COLUMNS }),
        (given, width) => lengthOf(clipped(given, width)) <= width,
      ),
    );
    const given: Line = [
      { text: '漢字 e\u0301 👍', style: 'plain' },
      { text: ' ', style: 'plain' },
      { text: 'second', style: 'red' },
      { text: ' שלום ', style: 'dim' },
      { text: 'third', style: 'plain' },
    ];
    const at = (widths: (character: string) => number) => {
      const made = new Screen(60, 1, widths);
      made.write('\u001b[?1049h');
      made.write(changes(undefined, { lines: [paint(given, true)], cursor: undefined }));
      const cells = made.picture as { cells: { text: string }[][] };
      const row = cells.cells[0] ?? [];
      return ['s', 't'].map((first) => row.findIndex((cell) => cell.text === first));
    };
    const expected = [widthOf('漢字 e\u0301 👍') + 1, widthOf('漢字 e\u0301 👍') + 13];
    t.same(at(widthOf), expected);
    t.same(
      at((each) => (each === '\u0301' || each === '\u200e' ? 0 : 1)),
      expected,
      'narrower',
    );
    t.same(
      at((each) => (each > '~' ? 2 : 1)),
      expected,
      'wider',
    );
  },
);

t.test('without colours: neither of them, but what tells the cursor', async (t) => {
  const given: Line = (['red', 'green', 'cyan', 'selected', 'dim', 'heading', 'magenta'] as const).map(
    (each) => ({ text: 'x', style: each }),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with a control character
  const codes = [...paint(given, false).matchAll(/\u001b\[([0-9;]*)m/g)].map(([, code]) => code);
  t.same(new Set(codes), new Set(['0', '1', '2', '7']));
});
