import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { addUsage, changedSince, createLedger } from '../../src/cost/usage-ledger.js';
import { readLog } from '../../src/logs/read-log.js';
import type { AgentEvent } from '../../src/messages/agent-event.js';
import { UsageRow } from '../../src/messages/cost.js';
import { fleetLog } from '../logs/fixtures.js';

/** A second count that shares nothing with the reader: every line parsed, each message id once, with its last figures. */
function countByHand(path: string): Map<string, Record<string, number>> {
  const messages = new Map<string, { day: string; model: string; usage: Record<string, number> }>();
  for (const line of readFileSync(path, 'utf8').split('\n').filter(Boolean)) {
    const { type, timestamp, message } = JSON.parse(line);
    if (type !== 'assistant' || message?.usage === undefined) continue;
    messages.set(message.id, { day: timestamp.slice(0, 10), model: message.model, usage: message.usage });
  }
  const sums = new Map<string, Record<string, number>>();
  for (const { day, model, usage } of messages.values()) {
    const sum = sums.get(`${day} ${model}`) ?? { calls: 0, input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    sum.calls = (sum.calls ?? 0) + 1;
    sum.input = (sum.input ?? 0) + (usage.input_tokens ?? 0);
    sum.output = (sum.output ?? 0) + (usage.output_tokens ?? 0);
    sum.cacheRead = (sum.cacheRead ?? 0) + (usage.cache_read_input_tokens ?? 0);
    sum.cacheWrite = (sum.cacheWrite ?? 0) + (usage.cache_creation_input_tokens ?? 0);
    sums.set(`${day} ${model}`, sum);
  }
  return sums;
}

for (const name of [
  'agentcmd-nav-user-initials.jsonl',
  'spotter-agent-a2898e3.jsonl',
  'spotter-tool_heavy.jsonl',
]) {
  t.test(`${name}: as much as a count by hand, each message once`, async (t) => {
    const ledger = createLedger();
    for (const event of (await readLog(fleetLog(name))).events) addUsage(ledger, event);
    const found = changedSince(ledger, 0).map(({ day, model, stated, usd, ...counts }) => {
      t.same([stated, usd], [false, 0], 'Claude Code states no cost');
      return [`${day} ${model}`, counts] as const;
    });
    t.ok(found.length > 0);
    t.same(new Map(found), countByHand(fleetLog(name)));
  });
}

const event = (fields: Partial<AgentEvent>): AgentEvent => ({
  index: 0,
  at: Date.parse('2026-03-01T12:00:00Z'),
  role: 'assistant',
  kind: 'usage',
  tokens: { input: 1, output: 1 },
  model: 'm',
  ...fields,
});

t.test('what a log states as its cost is kept apart from what has to be estimated', async (t) => {
  const ledger = createLedger();
  addUsage(ledger, event({}));
  addUsage(ledger, event({ tokens: { input: 10, output: 2, cost: 0.25 } }));
  addUsage(ledger, event({ at: null }));
  addUsage(ledger, event({ tokens: { input: 0, output: 5 } }));
  const of = (stated: boolean, day: string) =>
    changedSince(ledger, 0).find((row) => row.stated === stated && row.day === day);
  t.match(
    of(false, '2026-03-01'),
    { calls: 1, input: 1, output: 6, usd: 0 },
    'a growing message is one call',
  );
  t.match(of(true, '2026-03-01'), { calls: 1, input: 10, usd: 0.25 });
  t.match(of(false, ''), { calls: 1 }, 'no time, no day');
});

t.test('what has changed since is told whole, and nothing else', async (t) => {
  const ledger = createLedger();
  for (const model of ['a', 'b', 'c']) addUsage(ledger, event({ model }));
  const then = ledger.changes;
  t.same(changedSince(ledger, then), []);
  addUsage(ledger, event({ model: 'b' }));
  addUsage(ledger, event({ tokens: undefined }));
  const [row, ...others] = changedSince(ledger, then);
  t.match(row, { model: 'b', calls: 2, input: 2 });
  t.same(others, []);
  t.same(Object.keys(row ?? {}).sort(), Object.keys(UsageRow.shape).sort(), 'as it is on the wire');
  t.equal(changedSince(ledger, 0).length, 3);
});

t.test('whatever a log says, the rows are bounded and fit their schema', async (t) => {
  const tokens = fc.record({
    input: fc.nat(),
    output: fc.nat(),
    cacheRead: fc.nat(),
    cost: fc.double({ min: 0, max: 9, noNaN: true }),
  });
  const log = fc.array(
    fc.record({
      at: fc.oneof(fc.constant(null), fc.double(), fc.integer({ min: 0, max: 8e12 })),
      model: fc.string({ maxLength: 128 }),
      tokens: fc.oneof(fc.record({ input: fc.nat(), output: fc.nat() }), tokens),
    }),
    { maxLength: 600 },
  );
  fc.assert(
    fc.property(log, (events) => {
      const ledger = createLedger();
      for (const fields of events) addUsage(ledger, event(fields));
      const rows = changedSince(ledger, 0);
      const fit = rows.every((row) => UsageRow.safeParse(row).success);
      return fit && rows.length <= 400 && new Set(rows.map(({ model }) => model)).size <= 25;
    }),
    { numRuns: 50 },
  );
  t.pass('for any log');
});
