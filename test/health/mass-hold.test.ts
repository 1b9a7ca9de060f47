import t from 'tap';
import { holdAfter } from '../../src/health/mass-hold.js';

const settings = { holdShare: 0.5, holdLeast: 3 };
const after = (state: 'open' | 'held' | 'overruled', silent: number, watched: number) =>
  holdAfter(state, { silent, watched }, settings);

t.test('more than half, and at least three', async (t) => {
  t.equal(after('open', 2, 2), 'open');
  t.equal(after('open', 3, 6), 'open');
  t.equal(after('open', 4, 6), 'held');
  t.equal(after('open', 3, 3), 'held');
  t.equal(after('open', 0, 0), 'open');
});

t.test('held until most are back, overruled until then as well', async (t) => {
  t.equal(after('held', 5, 10), 'held', 'just under the half is not the end of it');
  t.equal(after('held', 2, 10), 'open');
  t.equal(after('overruled', 9, 10), 'overruled', 'what a person decided is not taken back');
  t.equal(after('overruled', 1, 10), 'open');
});
