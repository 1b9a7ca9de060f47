import t from 'tap';
import { createSeries, observe } from '../../src/health/anomaly.js';
import { FigureHistory } from '../../src/health/figures.js';
import type { Heartbeat } from '../../src/messages/agent-wire.js';

const limits = { score: 5, inARow: 3 };
/** Wobbles by 10 % around 100, without chance. */
const usual = (i: number) => 100 + 10 * Math.sin(i);

t.test('odd samples in a row are told once, until the figure is usual again', async (t) => {
  const series = createSeries();
  for (let i = 0; i < 40; i++) t.equal(observe(series, usual(i), limits), undefined);
  t.equal(observe(series, 1_000, limits), undefined, 'one may be chance');
  t.equal(observe(series, 1_000, limits), undefined);
  const found = observe(series, 1_000, limits);
  t.match(found, { value: 1_000, samples: 42 });
  t.ok((found?.score ?? 0) > 50 && Math.abs((found?.median ?? 0) - 100) < 5);
  t.equal(observe(series, 1_000, limits), undefined, 'not again');
  observe(series, 100, limits);
  for (let i = 0; i < 2; i++) observe(series, 1_000, limits);
  t.ok(observe(series, 1_000, limits), 'until it was usual between');
});

t.test('a level that stays is the usual one after a while', async (t) => {
  const series = createSeries();
  for (let i = 0; i < 64; i++) observe(series, usual(i), limits);
  for (let i = 0; i < 64; i++) observe(series, 5 * usual(i), limits);
  t.equal(series.odd, 0);
});

t.test('few samples, and a figure that hardly moves, are no ground', async (t) => {
  const series = createSeries();
  for (let i = 0; i < 19; i++) observe(series, 100, limits);
  for (let i = 0; i < 20; i++) t.equal(observe(series, 101, limits), undefined);
});

function beat(fields: Partial<Heartbeat>): Heartbeat {
  return {
    instance: 'i',
    seq: 0,
    at: '',
    state: 'running',
    pid: 1,
    intervalMs: 1_000,
    restarts: 0,
    ...fields,
  };
}

t.test('totals become rates; a new process or instance begins them afresh', async (t) => {
  const history = new FigureHistory();
  const minute = 60_000;
  for (let i = 0; i < 40; i++)
    t.same(history.sample(beat({ tokens: i * 1_000, cpuMs: i * 6_000 }), i * minute, limits), []);
  t.same(history.sample(beat({ instance: 'j', tokens: 9e6, pid: 2 }), 40 * minute, limits), []);
  const odd = [1, 2, 3].flatMap((i) =>
    history.sample(beat({ instance: 'j', pid: 2, tokens: 9e6 + i * 50_000 }), (40 + i) * minute, limits),
  );
  t.match(odd, [{ figure: 'tokensPerMinute', value: 50_000, median: 1_000 }]);
  t.equal(odd.length, 1);
});
