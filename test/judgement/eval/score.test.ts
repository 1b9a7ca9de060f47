import t from 'tap';
import type { Case } from '../../../eval/case.js';
import type { Range } from '../../../eval/labels.js';
import type { Raise } from '../../../eval/replay.js';
import { f1, GRACE_EVENTS, precision, recall, score } from '../../../eval/score.js';
import type { SteeringType } from '../../../src/messages/analysis.js';
import { stream } from '../streams.js';

const range = (from: number, to: number, type: SteeringType, also: SteeringType[] = []): Range => ({
  from,
  to,
  type,
  also,
  why: '',
});

function caseOf(ranges: Range[], more: Partial<Case> = {}): Case {
  const { events } = stream().times(50, (s) => s.says('x'));
  return {
    name: 'c',
    source: 'c',
    split: 'tune',
    provenance: 'real',
    kind: 'real',
    events,
    ranges,
    eitherWay: [],
    end: null,
    alsoEnd: [],
    scoredFrom: 0,
    ...more,
  };
}

const judged = (each: Case, raises: Raise[], end: SteeringType | null = null) =>
  score([each], () => ({ raises, end }));

t.test('a raise counts within its range and a little after', async (t) => {
  for (const at of [10, 15, 20, 20 + GRACE_EVENTS]) {
    const { overall } = judged(caseOf([range(10, 20, 'loop')]), [{ at, type: 'loop' }]);
    t.same([overall.hits, overall.missed, overall.falseAlarms, ...overall.delays], [1, 0, 0, at - 10]);
  }
  for (const at of [9, 21 + GRACE_EVENTS]) {
    const { overall } = judged(caseOf([range(10, 20, 'loop')]), [{ at, type: 'loop' }]);
    t.same([overall.hits, overall.missed, overall.falseAlarms], [0, 1, 1]);
  }
});

t.test('further raises for one range are repeats, not hits', async (t) => {
  const { overall } = judged(caseOf([range(10, 20, 'loop')]), [
    { at: 12, type: 'loop' },
    { at: 18, type: 'loop' },
  ]);
  t.same([overall.hits, overall.repeats, overall.falseAlarms], [1, 1, 0]);
});

t.test('by type: another type than the label accepts is a miss and a false alarm', async (t) => {
  const wrong = judged(caseOf([range(10, 20, 'loop')]), [{ at: 12, type: 'drift' }]);
  t.equal(wrong.overall.hits, 1, 'the trouble was seen');
  t.equal(wrong.byType.get('loop')?.missed, 1);
  t.equal(wrong.byType.get('drift')?.falseAlarms, 1);
  const accepted = judged(caseOf([range(10, 20, 'loop', ['errors'])]), [{ at: 12, type: 'errors' }]);
  t.equal(accepted.byType.get('errors')?.hits, 1);
  t.equal(accepted.byType.get('loop')?.missed, 0);
});

t.test('what a person sees either way, and the part scored elsewhere, count for nothing', async (t) => {
  const open = caseOf([], { eitherWay: [{ from: 5, to: 9, why: '' }], scoredFrom: 20 });
  const { overall, events } = judged(open, [
    { at: 7, type: 'loop' },
    { at: 12, type: 'loop' },
  ]);
  t.equal(overall.falseAlarms, 0);
  t.equal(events, 30);
});

t.test('verdicts after the fact are counted on their own', async (t) => {
  t.equal(judged(caseOf([], { end: 'loop' }), [], 'loop').ends.right, 1);
  t.equal(judged(caseOf([], { end: 'loop', alsoEnd: ['errors'] }), [], 'errors').ends.right, 1);
  t.equal(judged(caseOf([], { end: 'loop' }), [], 'drift').ends.wrongType, 1);
  t.equal(judged(caseOf([], { end: 'loop' }), []).ends.missed, 1);
  t.equal(judged(caseOf([]), [], 'loop').ends.falseAlarms, 1);
});

t.test('precision, recall and F1', async (t) => {
  const counts = { hits: 6, missed: 2, falseAlarms: 3, repeats: 0, delays: [] };
  t.equal(precision(counts), 6 / 9);
  t.equal(recall(counts), 6 / 8);
  t.ok(Math.abs(f1(counts) - 12 / 17) < 1e-12);
  t.equal(f1({ hits: 0, missed: 1, falseAlarms: 0, repeats: 0, delays: [] }), 0);
});
