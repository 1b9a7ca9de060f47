import fc from 'fast-check';
import t from 'tap';
import { Fleet, type Row } from '../../../src/cli/top/fleet.js';
import { START, settled, type Ui } from '../../../src/cli/top/ui.js';
import { drawn, sceneryOf, type World } from '../../../src/cli/top/view.js';
import { widthOf } from '../../../src/cli/width.js';
import { hostileText, row, rows } from './rows.js';
import { Screen } from './screen.js';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const size = fc.record({ columns: fc.integer({ min: 1, max: 220 }), rows: fc.integer({ min: 1, max: 60 }) });

function worldOf(agents: readonly Row[], change: Partial<World> = {}): World {
  const fleet = new Fleet();
  fleet.take({
    agents,
    pending: [],
    coherence: { score: 0.5, status: 'strained' },
    coherencePoints: [10, 90],
  });
  const source = { awaySince: undefined, away: '', url: 'nats://127.0.0.1:4222' };
  return { fleet, looked: undefined, source, notice: undefined, now: NOW, fleetNow: NOW, ...change };
}

function shown(ui: Ui, world: World, columns: number, rowCount: number): Screen {
  const given = { columns, rows: rowCount };
  const scenery = sceneryOf(ui, world, given);
  const at = settled(ui, scenery.rows, scenery.page);
  const { lines } = drawn(at, world, scenery, given, true);
  const screen = new Screen(columns, rowCount, widthOf);
  screen.write('\u001b[?1049h');
  for (const [i, line] of lines.entries()) screen.write(`\u001b[${i + 1};1H${line}`);
  return screen;
}

t.test(
  'whatever agents write, on a terminal of any size: lines fit and nothing of it reaches the terminal',
  async (t) => {
    const ui: fc.Arbitrary<Ui> = fc.record({
      ...Object.fromEntries(Object.entries(START).map(([name, value]) => [name, fc.constant(value)])),
      mode: fc.oneof(
        fc.constant(START.mode),
        fc.constant({ kind: 'help' as const, top: 3 }),
        fc.constant({ kind: 'sort' as const }),
        hostileText.map((question) => ({
          kind: 'ask' as const,
          question,
          effect: { kind: 'quit' as const },
        })),
      ),
    }) as fc.Arbitrary<Ui>;
    fc.assert(
      fc.property(rows, size, ui, fc.boolean(), (agents, given, state, isAway) => {
        const source = { awaySince: isAway ? NOW - 12_000 : undefined, away: 'gone', url: '' };
        const world = worldOf(agents, { source });
        const scenery = sceneryOf(state, world, given);
        const frame = drawn(settled(state, scenery.rows, scenery.page), world, scenery, given, true);
        t.ok(frame.lines.length <= given.rows);
        for (const line of frame.lines) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences of our own
          const text = line.replace(/\u001b\[[0-9;]*[mG]/g, '').replaceAll('\u200e', '');
          t.ok(widthOf(text) <= given.columns, JSON.stringify(line));
          t.notMatch(text, /[\p{Cc}\p{Cf}]/u);
        }
      }),
      { numRuns: 300 },
    );
  },
);

t.test('narrow terminals keep what tells who needs a person', async (t) => {
  const [sample] = fc.sample(row, { numRuns: 1, seed: 3 }) as [Row];
  const agent: Row = {
    ...sample,
    id: 'checkout-refactor',
    status: {
      state: 'waiting_input',
      since: new Date(NOW - 300_000).toISOString(),
      source: 'log',
      at: null,
      ageMs: null,
      unseen: false,
    },
    lastAnalysis: {
      at: '',
      phase: 'implementing',
      alignmentScore: 0.42,
      needsSteering: true,
      steeringType: 'waiting',
    },
    lastAction: { tool: 'Bash', text: 'npm test', outcome: 'failed' },
    trend: [0, 50, 100],
    escalated: false,
    level: 'ok',
  };
  const at = (columns: number) => shown(START, worldOf([agent]), columns, 24).text;
  t.match(at(40), /! +checko.* waits: you +5m waiting/);
  t.match(at(80), /checkout.* waits: you +5m +0\.42 ▁▅█ +waiting +Bash: npm test/);
  t.match(at(160), /implementing +0\.42 ▁▅█ +waiting +Bash: npm test \(failed\)/);
  for (const columns of [40, 80, 160]) t.match(at(columns), /1 for you/);
});

t.test('nobody answers: how long, and no state that is said for certain', async (t) => {
  const [agent] = fc.sample(row, { numRuns: 1, seed: 3 }) as [Row];
  const running: Row = { ...agent, id: 'b', status: { ...agent.status, state: 'running' } };
  const first: Row = { ...agent, id: 'a', status: { ...agent.status, state: 'waiting_input' } };
  const source = { awaySince: NOW - 12_000, away: 'the broker is away', url: '' };
  const screen = shown(START, worldOf([first, running], { source }), 100, 24);
  t.match(screen.text, /away since 12 s +the broker is away/);
  t.match(screen.text, /b +running\? /);
  t.equal(screen.styleOf('running?'), '2', 'greyed');
  t.equal(screen.styleOf('2 agents'), '2');
});
