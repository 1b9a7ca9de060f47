import fc from 'fast-check';
import t from 'tap';
import { FIRST_LINE, LineSplitter, type LineState } from '../../src/logs/line-splitter.js';
import { NoteList } from '../../src/logs/notes.js';

interface Split {
  readonly lines: readonly string[];
  readonly notes: readonly unknown[];
}

/** Splits with the ranges that a reader with this buffer size would hand in. */
function split(
  source: Uint8Array,
  rangeBytes: number,
  maxLineBytes: number,
  overlong: 'skip' | 'cut',
): Split {
  const lines: string[] = [];
  const notes = new NoteList();
  let state: LineState = FIRST_LINE;
  let offset = 0;
  let length = rangeBytes;
  for (;;) {
    const bytes = source.subarray(offset, offset + length);
    const atEnd = offset + bytes.length >= source.length;
    const splitter = new LineSplitter(bytes, state, { maxLineBytes, overlong, takeRest: atEnd }, notes);
    for (const line of splitter) lines.push(`${line.number}:${splitter.textOf(line)}`);
    state = structuredClone(splitter.state);
    offset += splitter.consumed;
    length = splitter.consumed === 0 ? length * 2 : rangeBytes;
    if (atEnd) return { lines, notes: notes.toArray() };
  }
}

t.test('however the bytes are cut into ranges, the lines are the same', async (t) => {
  const piece = fc.constantFrom('a', 'bb', '\n', '\r\n', '\ufeff', '\0', 'ü', '€', '\r', 'x'.repeat(30));
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom('skip' as const, 'cut' as const),
      (pieces, rangeBytes, overlong) => {
        const source = Buffer.from(pieces.join(''));
        t.same(split(source, rangeBytes, 25, overlong), split(source, 10_000, 25, overlong));
      },
    ),
    { numRuns: 300 },
  );
});

t.test('an over-long line is counted whole and its neighbours are whole', async (t) => {
  const source = Buffer.from(`a\n${'x'.repeat(1000)}\nb`);
  t.same(split(source, 64, 100, 'skip'), {
    lines: ['1:a', '3:b'],
    notes: [{ text: 'line of 1000 bytes skipped', count: 1, line: 2 }],
  });
  t.same(split(source, 64, 100, 'cut').lines, ['1:a', `2:${'x'.repeat(100)}`, '3:b']);
});

t.test('a line is cut between two characters', async (t) => {
  for (const [character, bytes] of [
    ['é', 2],
    ['€', 3],
    ['😀', 4],
  ] as const) {
    const source = Buffer.from(`${character.repeat(50)}\nb\n`);
    for (let max = 20; max < 24; max += 1) {
      const whole = character.repeat(Math.floor(max / bytes));
      t.same(split(source, 1_000, max, 'cut').lines, [`1:${whole}`, '2:b'], `${character} at ${max}`);
    }
  }
  t.equal(split(Buffer.alloc(50, 0x80), 1_000, 20, 'cut').lines.length, 1, 'also where no character is');
});
