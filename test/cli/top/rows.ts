import fc from 'fast-check';
import type { Row } from '../../../src/cli/top/fleet.js';
import { byUrgency, groupOf, urgency } from '../../../src/health/urgency.js';
import type { FleetRow } from '../../../src/http/views.js';
import { AgentStatusName, HealthLevel } from '../../../src/messages/health.js';

/** Texts of agents at their worst. */
export const hostileText = fc.string({
  unit: fc.constantFrom(
    'a',
    'B',
    ' ',
    '漢',
    '👍',
    'e\u0301',
    'ש',
    '\u001b[2J',
    '\u001b]0;x\u0007',
    '\r\n',
    '\t',
    '\u202e',
    '\u200d',
  ),
  maxLength: 60,
});

const time = fc.integer({ min: 0, max: 4_000_000_000_000 }).map((at) => new Date(at).toISOString());
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const fleetRow: fc.Arbitrary<FleetRow> = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  host: fc.option(fc.constant('host-0')),
  label: optional(fc.constant('gpu')),
  status: fc.record({
    state: fc.constantFrom(...AgentStatusName.options),
    since: time,
    source: fc.constantFrom('log' as const, null),
    at: fc.option(time),
    ageMs: fc.option(fc.nat()),
    unseen: fc.boolean(),
  }),
  lastAnalysis: fc.option(
    fc.record({
      at: time,
      phase: fc.constantFrom('exploring', 'implementing'),
      alignmentScore: fc.double({ min: 0, max: 1, noNaN: true }),
      needsSteering: fc.boolean(),
      steeringType: optional(fc.constantFrom('loop', 'constraint')),
    }),
  ),
  place: fc.option(
    fc.record({ repository: fc.option(hostileText), branch: fc.option(hostileText), folder: hostileText }),
  ),
  spend: fc.record({
    tokens: fc.nat(),
    usd: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
    tokensToday: fc.nat(),
    usdToday: fc.constant(null),
    unpriced: fc.nat(),
  }),
  goal: hostileText,
  paused: fc.boolean(),
  escalated: fc.boolean(),
  level: fc.constantFrom(...HealthLevel.options),
  summary: hostileText,
  trend: fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 24 }),
  lastAction: optional(
    fc.record({
      tool: hostileText,
      text: hostileText,
      outcome: fc.constantFrom('open' as const, 'ok' as const, 'failed' as const, 'refused' as const),
    }),
  ),
  format: fc.constantFrom('claude-code' as const, undefined),
  usage: optional(fc.record({ input: fc.nat(), output: fc.nat() })),
  restarts: fc.nat(5_000),
});

export const row: fc.Arbitrary<Row> = fc.tuple(fleetRow, fc.nat(2)).map(([each, decisions]) => ({
  ...each,
  decisions,
  urgency: urgency(each, decisions),
  group: groupOf(each, decisions),
}));

/** A table's rows, in order. */
export const rows: fc.Arbitrary<Row[]> = fc
  .uniqueArray(row, { selector: ({ id }) => id, maxLength: 12 })
  .map((all) => all.sort(byUrgency));
