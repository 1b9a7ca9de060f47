import t from 'tap';
import { casesOf } from '../../../eval/cases.js';
import { anchored, type FileLabel, readLabels } from '../../../eval/labels.js';
import { baselineJudge, rulesJudge } from '../../../eval/replay.js';
import { f1, score } from '../../../eval/score.js';
import { readSources } from '../../../eval/sources.js';
import { TRANSFORMS } from '../../../eval/transforms/all.js';
import { AgentEvent } from '../../../src/messages/agent-event.js';
import { stream } from '../streams.js';

/** The logs of the sample fleet only: what every checkout has. */
const { found, leftOut } = await readSources(['tune', 'test'], []);

t.test('no log is in both splits, and the labels of the sample fleet fit its events', async (t) => {
  const files = [...readLabels('tune'), ...readLabels('test')].map(({ file }) => file);
  t.equal(new Set(files).size, files.length);
  t.equal(found.length, 8);
  t.ok(leftOut.every(({ why }) => why === 'not at hand'));
  for (const { ranges, events, label } of found) {
    for (const { from, to } of [...ranges, ...label.nearMisses, ...label.eitherWay]) {
      t.ok(from <= to && to < events.length, label.file);
    }
  }
});

t.test('a label follows its text when events are put in before it, and is stale without', async (t) => {
  const label: FileLabel = {
    file: 'x',
    about: '',
    end: 'loop',
    alsoEnd: [],
    ranges: [{ from: 0, to: 1, type: 'loop', also: [], why: '', fromText: 'submit', toText: 'Wrong' }],
    nearMisses: [],
    eitherWay: [],
  };
  const moved = stream().line('new').line('lines').does('run', 'submit x', 'Wrong flag').events;
  t.match(anchored(label, moved), [{ from: 2, to: 3 }]);
  t.match(anchored(label, stream().line('other').events), /fits no events/);
});

t.test(
  'the synthetic cases are the same every time, well formed, and labelled within their events',
  async (t) => {
    const cases = casesOf(found, 'tune');
    t.same(casesOf(found, 'tune'), cases);
    const kinds = new Set(cases.map(({ kind }) => kind));
    t.same(
      Object.keys(TRANSFORMS).filter((name) => !kinds.has(name)),
      [],
      'every transformation finds a log to work on',
    );
    for (const { events, ranges, name, scoredFrom } of cases) {
      const valid = events.every((event, i) => event.index === i && AgentEvent.safeParse(event).success);
      t.ok(valid, `${name}: valid events`);
      t.ok(
        ranges.every(({ from, to }) => from >= scoredFrom && from <= to && to < events.length),
        `${name}: ranges`,
      );
    }
  },
);

t.test('on the sample fleet the rules do better than the baseline, with no more false alarms', async (t) => {
  const cases = casesOf(found, 'tune');
  const [rules, baseline] = [score(cases, rulesJudge), score(cases, baselineJudge)];
  t.ok(f1(rules.overall) > f1(baseline.overall));
  t.ok(rules.overall.falseAlarms <= baseline.overall.falseAlarms);
});
