import t, { type Test } from 'tap';
import type { UsageRow } from '../../src/messages/cost.js';
import { createStore } from '../../src/store/store.js';
import { testFolder } from '../folder.js';

const DAY_MS = 86_400_000;
const KEPT_MS = 90 * DAY_MS;
const NOW = Date.parse('2026-06-01T12:00:00Z');

const used = (day: string, input: number, fields: Partial<UsageRow> = {}): UsageRow => ({
  ...{ day, model: 'm', stated: false, calls: 1, input, output: 0, cacheRead: 0, cacheWrite: 0, usd: 0 },
  ...fields,
});

function open(t: Test) {
  const store = createStore(testFolder(t));
  t.teardown(() => store.close());
  const { usage, agents, write } = store;
  return {
    register: (...ids: string[]) =>
      write(() =>
        agents.register(
          ids.map((id) => ({ id, logs: [] })),
          'wire',
          NOW,
        ),
      ),
    forget: (id: string) => write(() => agents.remove([id])),
    put: (agent: string, rows: readonly UsageRow[], now: number) => write(() => usage.put(agent, rows, now)),
    prune: (now: number) => write(() => usage.prune(now - KEPT_MS)),
    /** By agent: the sum that is kept, which is that of the rows. */
    totals: (...ids: string[]) => {
      const kept = usage.ofAgents(ids).map(({ key, input }) => [key, input]);
      const rows = usage.by('agent', '').map(({ key, input }) => [key, input]);
      t.same(kept, rows, 'the sums that are kept are those of the rows');
      return Object.fromEntries(kept);
    },
  };
}

t.test('what was removed for its age stays removed, however often a ledger tells it', async (t) => {
  const { register, forget, put, prune, totals } = open(t);
  await register('a', 'b');
  const ledger = [used('2026-02-01', 1), used('2026-03-20', 10)];
  await put('a', ledger.slice(0, 1), Date.parse('2026-02-01T12:00:00Z'));
  await put('a', ledger, Date.parse('2026-03-20T12:00:00Z'));
  t.same(totals('a'), { a: 11 });
  await prune(NOW);
  t.same(totals('a'), { a: 10 }, 'the old day is gone');
  await put('a', ledger, NOW);
  await put('a', [...ledger, used('2026-06-01', 100)], NOW);
  t.same(totals('a'), { a: 110 }, 'and does not come back with a verdict');
  await prune(NOW + KEPT_MS);
  t.same(totals('a'), { a: 100 });
  await put('a', [...ledger, used('2026-06-01', 100)], NOW + KEPT_MS);
  t.same(totals('a'), { a: 100 });
  await forget('a');
  await prune(NOW + 2 * KEPT_MS);
  await prune(NOW + 2 * KEPT_MS);
  t.same(totals('a'), {}, 'in time all of it is');
  await register('a');
  await put('a', ledger, NOW + 2 * KEPT_MS);
  t.same(totals('a'), { a: 11 }, 'one that is registered anew is new');
});

t.test('a log of long ago that is read today counts, as long as one of today', async (t) => {
  const { register, put, prune, totals } = open(t);
  await register('old');
  const ledger = [used('2024-01-01', 1), used('2024-01-02', 2)];
  await put('old', ledger, NOW);
  await prune(NOW);
  await prune(NOW + KEPT_MS - DAY_MS);
  t.same(totals('old'), { old: 3 });
  await prune(NOW + KEPT_MS + DAY_MS);
  t.same(totals('old'), {});
  await put('old', ledger, NOW + KEPT_MS + DAY_MS);
  t.same(totals('old'), {});
});

t.test('what has no date stays with its agent; a date to come keeps out nothing', async (t) => {
  const { register, forget, put, prune, totals } = open(t);
  await register('a');
  const later = NOW + KEPT_MS + DAY_MS;
  const ledger = [used('', 1), used('2099-01-01', 10)];
  await put('a', ledger, NOW);
  await prune(later);
  t.same(totals('a'), { a: 11 });
  await put('a', [...ledger, used('2026-08-01', 100)], later);
  t.same(totals('a'), { a: 111 });
  await forget('a');
  await prune(later + KEPT_MS + DAY_MS);
  t.same(totals('a'), { a: 10 });
});

t.test('counts never fall, and the kept sums follow every change', async (t) => {
  const { put, totals } = open(t);
  t.equal(
    await put('a', [used('2026-06-01', 5), used('2026-06-01', 7, { model: 'n', usd: 0.5 })], NOW),
    true,
  );
  t.equal(await put('a', [used('2026-06-01', 4)], NOW), false);
  t.equal(await put('a', [used('2026-06-01', 9), used('2026-05-31', 1)], NOW), true);
  await put('b', [used('2026-06-01', 3, { stated: true, usd: 0.25 })], NOW);
  t.same(totals('a', 'b'), { a: 7, b: 3 }, 'the last of each agent: by model');
});
