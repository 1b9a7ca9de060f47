import t from 'tap';
import { scatter } from '../../src/actors/runtime/scatter.js';
import { type ErrorCode, type Failure, VigilError } from '../../src/messages/errors.js';
import { LONG_MS, numbers, options, silence, sorted, turn } from './scattering.js';
import { until } from './until.js';

t.test('as many as the limit are under way, never more, and no slot stays empty', async (t) => {
  for (const [count, limit] of [
    [100, 1],
    [100, 7],
    [100, 100],
    [3, 50],
  ] as const) {
    let active = 0;
    let peak = 0;
    const { results, failures } = await scatter(
      numbers(count),
      options({
        limit,
        attempt: async (n) => {
          peak = Math.max(peak, ++active);
          for (let i = 0; i < (n % 3) + 1; i++) await turn();
          active--;
          if (n % 10 === 9) throw new VigilError('CRASHED', 'boom');
          return n;
        },
      }),
    );
    t.equal(peak, Math.min(limit, count), `${count} items, ${limit} at a time`);
    t.equal(results.length + failures.length, count);
  }
});

t.test('what waits for its result to be taken still holds its place', async (t) => {
  let active = 0;
  let peak = 0;
  await scatter(
    numbers(20),
    options({
      limit: 3,
      attempt: async (n) => {
        peak = Math.max(peak, ++active);
        return n;
      },
      onResult: async () => {
        await turn();
        active--;
      },
    }),
  );
  t.equal(peak, 3);
});

t.test('an item that does not answer in its time fails, and the others do not wait for it', async (t) => {
  const { results, failures } = await scatter(
    numbers(10),
    options({
      limit: 10,
      itemTimeoutMs: 20,
      attempt: (n, timeoutMs, signal) => (n === 3 ? silence(timeoutMs, signal) : Promise.resolve(n)),
    }),
  );
  t.strictSame(sorted(results), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
  t.match(failures, [{ agent: 'item-3', code: 'TIMEOUT' }]);
});

t.test('k of n never answer: at the deadline a partial result with every missing item named', async (t) => {
  const mute = (n: number) => n % 5 === 0;
  const begun: number[] = [];
  const { results, failures } = await scatter(
    numbers(40),
    options({
      limit: 4,
      deadlineMs: 60,
      attempt: (n, timeoutMs, signal) => {
        begun.push(n);
        return mute(n) ? silence(timeoutMs, signal) : Promise.resolve(n);
      },
    }),
  );
  const missing = numbers(40).filter((n) => !results.includes(n));
  t.ok(results.length > 0 && missing.length >= 4, `${results.length} answered`);
  t.strictSame(sorted(failures.map(({ agent }) => agent)), sorted(missing.map((n) => `item-${n}`)));
  t.ok(
    failures.every(({ code }) => code === 'TIMEOUT'),
    'also those that had not been begun',
  );
  t.equal(new Set(begun).size, begun.length, 'none was begun twice');
  t.ok(begun.length < 40, 'what had not begun at the deadline is not begun');
});

t.test(
  'taken back: what is under way is told, what has not begun is not begun, all are CANCELLED',
  async (t) => {
    const abort = new AbortController();
    const told: number[] = [];
    const gathered = scatter(
      numbers(10),
      options({
        limit: 3,
        signal: abort.signal,
        attempt: (n, timeoutMs, signal) => {
          if (n === 0) return Promise.resolve(0);
          signal.addEventListener('abort', () => told.push(n));
          return silence(timeoutMs, signal);
        },
      }),
    );
    await turn();
    abort.abort();
    const { results, failures } = await gathered;
    t.strictSame(results, [0]);
    t.strictSame(told, [1, 2, 3]);
    t.equal(failures.length, 9);
    t.ok(failures.every(({ code }) => code === 'CANCELLED'));
  },
);

t.test('taken back before it began: nothing is asked', async (t) => {
  const { failures } = await scatter(
    numbers(3),
    options({
      signal: AbortSignal.abort(),
      attempt: () => {
        throw new Error('must not be called');
      },
    }),
  );
  t.strictSame(
    failures.map(({ code }) => code),
    ['CANCELLED', 'CANCELLED', 'CANCELLED'],
  );
});

t.test('only what says that nothing was done is tried again', async (t) => {
  const codes: ErrorCode[] = [
    'UNAVAILABLE',
    'BUSY',
    'TIMEOUT',
    'CRASHED',
    'BAD_REPLY',
    'CONFLICT',
    'UNREADABLE',
  ];
  const tries = codes.map(() => 0);
  const { results, failures } = await scatter(
    numbers(codes.length),
    options({
      attempt: async (n) => {
        tries[n] = (tries[n] ?? 0) + 1;
        if ((tries[n] ?? 0) < 4) throw new VigilError(codes[n] as ErrorCode, 'not yet');
        return n;
      },
    }),
  );
  t.strictSame(tries, [4, 4, 1, 1, 1, 1, 1]);
  t.strictSame(sorted(results), [0, 1]);
  t.strictSame(sorted(failures.map(({ code }) => code)), sorted(codes.slice(2)));
});

t.test('tries end with the time of the item, and the last reason is told', async (t) => {
  let tries = 0;
  const { failures } = await scatter(
    [0],
    options({
      itemTimeoutMs: 30,
      attempt: () => {
        tries++;
        return Promise.reject(new VigilError('BUSY', 'full'));
      },
    }),
  );
  t.strictSame(failures, [{ agent: 'item-0', code: 'BUSY', message: 'full' }]);
  t.ok(tries > 1, `${tries} tries`);
});

t.test('taken back while it waits to try again: it is not tried again', async (t) => {
  const abort = new AbortController();
  let tries = 0;
  const gathered = scatter(
    [0],
    options({
      retryMs: LONG_MS / 4,
      signal: abort.signal,
      attempt: () => {
        tries++;
        return Promise.reject(new VigilError('UNAVAILABLE', 'none yet'));
      },
    }),
  );
  await until(() => tries === 1, 'the first try');
  await turn();
  abort.abort();
  t.match((await gathered).failures, [{ code: 'CANCELLED' }]);
  t.equal(tries, 1);
});

t.test('a result that cannot be taken is that item’s failure', async (t) => {
  const told: Failure[] = [];
  const { results, failures } = await scatter(
    numbers(4),
    options({
      attempt: async (n) => n,
      onResult: (n) => {
        if (n === 1) throw new Error('disk full');
        return n === 2 ? Promise.reject(new VigilError('STORE', 'locked')) : undefined;
      },
      onFailure: (failure) => told.push(failure),
    }),
  );
  t.strictSame(sorted(results), [0, 3]);
  const expected = [
    { code: 'CRASHED', message: 'disk full', agent: 'item-1' },
    { code: 'STORE', message: 'locked', agent: 'item-2' },
  ];
  t.strictSame(
    [...failures].sort((a, b) => a.message.localeCompare(b.message)),
    expected,
  );
  t.strictSame(told, failures);
});

t.test('no items, and limits that would drop items', async (t) => {
  const attempt = async (n: number) => n;
  t.strictSame(await scatter([], options({ attempt })), { results: [], failures: [] });
  for (const limit of [0, -1, Number.NaN]) {
    await t.rejects(scatter([1], options({ limit, attempt })), RangeError, String(limit));
  }
});
