import fc from 'fast-check';
import t from 'tap';
import { arrive, beginSequence } from '../../src/health/sequence.js';

/** What arrives out of `numbers`, as its kinds and the count of what is missing at the end. */
function follow(numbers: readonly number[]): { kinds: string[]; lost: number } {
  const [first = 0, ...rest] = numbers;
  const sequence = beginSequence(first);
  let lost = 0;
  const kinds = rest.map((seq) => {
    const arrival = arrive(sequence, seq);
    if (arrival.kind === 'new') lost += arrival.lost;
    if (arrival.kind === 'reordered') lost--;
    return arrival.kind;
  });
  return { kinds, lost };
}

t.test('numbers in order are new', async (t) => {
  t.same(follow([5, 6, 7]), { kinds: ['new', 'new'], lost: 0 });
});

t.test('a gap is lost until its number comes after all; a repeat is one', async (t) => {
  t.same(follow([0, 3]), { kinds: ['new'], lost: 2 });
  t.same(follow([0, 3, 1, 1, 2, 3]), {
    kinds: ['new', 'reordered', 'duplicate', 'reordered', 'duplicate'],
    lost: 0,
  });
});

t.test('what lies too far back is taken for a repeat, and a far jump forgets what was before', async (t) => {
  t.same(follow([0, 100, 50]).kinds, ['new', 'duplicate']);
  t.same(follow([0, 31, 0]).kinds, ['new', 'duplicate']);
  t.same(follow([0, 32, 1]).kinds, ['new', 'reordered'], 'one of 31 before');
});

t.test('any order within the window: each number counts once, nothing is lost in the end', async () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        Array.from({ length: 30 }, (_, i) => i + 1),
        { minLength: 30 },
      ),
      fc.array(fc.nat(30)),
      (order, repeats) => {
        const { kinds, lost } = follow([0, ...order, ...repeats]);
        const taken = kinds.filter((kind) => kind !== 'duplicate').length;
        return taken === 30 && lost === 0;
      },
    ),
  );
});
