import fc from 'fast-check';
import t from 'tap';
import { scatter } from '../../src/actors/runtime/scatter.js';
import { VigilError } from '../../src/messages/errors.js';
import { numbers, options, silence, turn } from './scattering.js';
import { gate } from './until.js';

t.test('hedging, where it is wanted: a slow item is asked once more, the loser is taken back', async (t) => {
  const first = gate<number>();
  const asked: number[] = [];
  let loser: AbortSignal | undefined;
  const attempt = (n: number, _timeoutMs: number, signal: AbortSignal) => {
    asked.push(n);
    if (asked.length > 1) return Promise.resolve(n);
    loser = signal;
    return first.promise;
  };
  const { results } = await scatter([7], options({ hedgeAfterMs: 5, attempt }));
  t.strictSame([results, asked], [[7], [7, 7]]);
  t.equal(loser?.aborted, true);
  asked.length = 0;
  const plain = scatter([7], options({ attempt }));
  await turn();
  first.open(7);
  await plain;
  t.strictSame(asked, [7]);
});

const outcome = fc.record({
  answers: fc.constantFrom('value', 'crash', 'refusal', 'never'),
  triesBefore: fc.integer({ min: 0, max: 2 }),
  turns: fc.integer({ min: 0, max: 3 }),
  takes: fc.boolean(),
});

t.test('every item is in exactly one of results and failures, and never too many are under way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { maxLength: 25, size: 'max' }),
      fc.integer({ min: 1, max: 6 }),
      async (items, limit) => {
        const left = items.map(({ triesBefore }) => triesBefore);
        let active = 0;
        let peak = 0;
        const { results, failures } = await scatter(
          numbers(items.length),
          options({
            limit,
            itemTimeoutMs: 25,
            deadlineMs: 40,
            attempt: async (n, timeoutMs, signal) => {
              peak = Math.max(peak, ++active);
              try {
                const { answers, turns } = items[n] as (typeof items)[number];
                for (let i = 0; i < turns; i++) await turn();
                if ((left[n] as number) > 0) {
                  left[n] = (left[n] as number) - 1;
                  throw new VigilError('BUSY', 'full');
                }
                if (answers === 'crash') throw new Error('boom');
                if (answers === 'refusal') throw new VigilError('CONFLICT', 'no');
                return answers === 'never' ? await silence(timeoutMs, signal) : n;
              } finally {
                active--;
              }
            },
            onResult: (n) => {
              if (items[n]?.takes === false) throw new Error('not taken');
            },
          }),
        );
        if (peak > limit) throw new Error(`${peak} at once`);
        const all = [...results.map((n) => `item-${n}`), ...failures.map(({ agent }) => agent)];
        if (all.length !== items.length || new Set(all).size !== items.length) throw new Error(`got ${all}`);
        for (const n of results) if (items[n]?.answers !== 'value') throw new Error(`${n} is no result`);
      },
    ),
    { numRuns: 80 },
  );
});
