import fc from 'fast-check';
import t from 'tap';
import { SORTABLE } from '../../../src/cli/top/columns.js';
import type { Row } from '../../../src/cli/top/fleet.js';
import type { Key } from '../../../src/cli/top/keys.js';
import { type Effect, press, type Scene, START, settled, type Ui } from '../../../src/cli/top/ui.js';
import { row as anyRow, rows as anyRows } from './rows.js';

const PAGE = 5;
const [sample] = fc.sample(anyRow, { numRuns: 1, seed: 7 }) as [Row];
const agent = (id: string, change: Partial<Row> = {}): Row => ({ ...sample, id, paused: false, ...change });

function scene(rows: readonly Row[]): Scene {
  return {
    rows,
    page: PAGE,
    verdictMost: 10,
    eventsMost: 20,
    panePage: 5,
    pendingOf: (id) => (id === 'b' ? { id: 'i1', message: 'Stop that.' } : undefined),
    row: (id) => rows.find((row) => row.id === id),
  };
}

/** Presses them one after another: characters, or names of keys. */
function pressed(rows: readonly Row[], ...keys: readonly string[]): { ui: Ui; effects: Effect[] } {
  const effects: Effect[] = [];
  let ui = settled(START, rows, PAGE);
  for (const each of keys) {
    const key = (each.length > 1 ? { name: each, text: '' } : { name: 'text', text: each }) as Key;
    const done = press(ui, key, scene(rows));
    effects.push(...done.effects);
    ui = settled(done.ui, rows, PAGE);
  }
  return { ui, effects };
}

const ABC = [agent('a'), agent('b'), agent('c')];

t.test('moves, and keeps its agent when the table changes', async (t) => {
  t.equal(pressed(ABC, 'j').ui.selected, 'b');
  t.equal(pressed(ABC, 'down', 'down', 'down', 'up').ui.selected, 'b');
  t.equal(pressed(ABC, 'G').ui.selected, 'c');
  t.equal(pressed(ABC, 'pageDown', 'g').ui.selected, 'a');
  const onB = pressed(ABC, 'j').ui;
  t.match(settled(onB, [agent('x'), ...ABC], PAGE), { selected: 'b', index: 2 });
  t.match(settled(onB, [agent('a'), agent('c')], PAGE), { selected: 'c' }, 'gone: who is in its place');
  t.match(settled(onB, [], PAGE), { selected: undefined, index: 0 });
  t.match(
    settled(START, [agent('x'), ...ABC], PAGE),
    { selected: 'x' },
    'on the first row: whoever is first',
  );
});

t.test('steers only after what is said, and to whom, was confirmed', async (t) => {
  const asked = pressed(ABC, 'j', 'S', 'h', 'i', 'enter');
  t.same(asked.effects, []);
  t.match(asked.ui.mode, { kind: 'ask', question: 'Tell b: hi' });
  t.same(pressed(ABC, 'j', 'S', 'h', 'i', 'enter', 'y').effects, [
    { kind: 'steer', agent: 'b', message: 'hi' },
  ]);
  for (const no of ['n', 'escape']) t.same(pressed(ABC, 'j', 'S', 'h', 'i', 'enter', no).effects, []);
  t.same(pressed(ABC, 'S', 'enter').effects, [], 'nothing to say');
  t.same(pressed(ABC, 'S', 'q', 'escape').effects, [], 'letters are text there');
});

t.test('restarts, pauses, approves, rejects: each asks once', async (t) => {
  t.same(pressed(ABC, 'R').effects, []);
  t.same(pressed(ABC, 'R', 'x', 'y').effects, [{ kind: 'restart', agent: 'a' }]);
  t.same(pressed(ABC, 'P', 'y').effects, [{ kind: 'pause', agent: 'a' }]);
  t.same(pressed([agent('a', { paused: true })], 'P').effects, [{ kind: 'resume', agent: 'a' }]);
  t.match(pressed(ABC, 'j', 'y').ui.mode, { question: 'Tell b: Stop that.' });
  t.same(pressed(ABC, 'j', 'y', 'y').effects, [{ kind: 'decide', agent: 'b', id: 'i1', approve: true }]);
  t.same(pressed(ABC, 'j', 'n', 'y').effects, [{ kind: 'decide', agent: 'b', id: 'i1', approve: false }]);
  t.match(pressed(ABC, 'y').effects, [{ kind: 'say', text: /nothing about a waits/ }]);
  t.same(pressed(ABC, 'K').effects, [{ kind: 'ack', agent: 'a' }]);
  t.same(pressed(ABC, 'A').effects, [{ kind: 'analyze', agent: 'a' }]);
});

t.test('filters, sorts, and undoes it', async (t) => {
  t.match(pressed(ABC, '/', 'x', 'j').ui, { filter: 'xj', mode: { kind: 'filter' } });
  t.match(pressed(ABC, '/', 'x', 'enter', '/', 'y', 'escape').ui, { filter: 'x', mode: { kind: 'browse' } });
  t.match(pressed(ABC, '/', 'x', 'enter', 'a', 's', 'right', 'enter', 'escape').ui, {
    filter: '',
    onlyNeed: false,
    sort: undefined,
  });
  t.match(pressed(ABC, 's', 's', 'r', 'enter').ui, { sort: 0, reversed: true, mode: { kind: 'browse' } });
  t.match(pressed(ABC, 's', 'left').ui.sort, SORTABLE.length - 1, 'round to the last');
});

t.test('looks at an agent and goes back', async (t) => {
  const { ui, effects } = pressed(ABC, 'j', 'enter', 'tab', 'j', 'j');
  t.same(effects, [{ kind: 'look', agent: 'b' }]);
  t.match(ui.open, { agent: 'b', pane: 'verdict', verdictTop: 2 });
  t.match(pressed(ABC, 'enter', 'k', 'k', 'j').ui.open, { pane: 'events', eventsUp: 1 });
  t.match(pressed(ABC, 'enter', 'g').ui.open, { eventsUp: 20 });
  t.match(pressed(ABC, 'enter', 'g', 'G').ui.open, { eventsUp: 0 });
  t.same(pressed(ABC, 'enter', 'q').effects.at(-1), { kind: 'look', agent: undefined });
  t.same(pressed(ABC, 'enter', 'S', 'x', 'enter', 'y').effects.at(-1), {
    kind: 'steer',
    agent: 'a',
    message: 'x',
  });
});

t.test('whatever is pressed: the cursor is on an agent, and nothing dangerous happens unasked', async (t) => {
  const key: fc.Arbitrary<Key> = fc.oneof(
    fc.constantFrom(...'jkgGqasrSARPyn?/ x').map((text): Key => ({ name: 'text', text })),
    fc
      .constantFrom(
        'up' as const,
        'down' as const,
        'pageUp' as const,
        'end' as const,
        'enter' as const,
        'escape' as const,
        'tab' as const,
        'left' as const,
        'backspace' as const,
      )
      .map((name): Key => ({ name, text: '' })),
    fc.constant<Key>({ name: 'paste', text: 'R\ny' }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(key, anyRows), { maxLength: 40 }), (steps) => {
      let ui = START;
      for (const [each, rows] of steps) {
        ui = settled(ui, rows, PAGE);
        const before = ui;
        const done = press(ui, each, scene(rows));
        ui = settled(done.ui, rows, PAGE);
        t.equal(ui.selected, rows[ui.index]?.id);
        t.ok(rows.length === 0 || (ui.top <= ui.index && ui.index < ui.top + PAGE));
        for (const effect of done.effects)
          if (['steer', 'restart', 'pause', 'decide'].includes(effect.kind)) {
            t.equal(before.mode.kind, 'ask');
            t.same(each, { name: 'text', text: 'y' });
          }
      }
    }),
    { numRuns: 150 },
  );
});
