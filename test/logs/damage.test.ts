import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { salvageJson, topLevelKeys } from '../../src/logs/json-scan.js';
import { AgentEvent } from '../../src/messages/agent-event.js';
import { fleetLog, type Parsed, parseText } from './fixtures.js';

const LOGS = ['spotter-tool_heavy.jsonl', 'eps.traj', 'openhands-cfn-lint-3561-docker-denied.log'] as const;

function check(log: Parsed): void {
  for (const [index, event] of log.events.entries()) {
    if (event.index !== index) throw new Error(`index ${event.index} at ${index}`);
    AgentEvent.parse(event);
  }
}

const STEP_KINDS = new Set(['thought', 'tool_call', 'tool_result', 'error']);

function comparable(events: readonly AgentEvent[]): object[] {
  return events.filter((event) => STEP_KINDS.has(event.kind)).map((event) => ({ ...event, index: 0 }));
}

for (const name of LOGS) {
  const source = readFileSync(fleetLog(name));
  const whole = parseText(source);

  t.test(`${name}, cut anywhere, gives the events before the cut`, async () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: source.length }), (length) => {
        const log = parseText(source.subarray(0, length), { format: whole.format });
        check(log);
        // The last event may be half. Of a document, the steps are compared: its prompts stand behind them.
        const before = comparable(log.events).slice(0, -2);
        const original = comparable(whole.events);
        const same = before.every(
          (event, index) => JSON.stringify(event) === JSON.stringify(original[index]),
        );
        if (!same) throw new Error(`other events before the cut at ${length}`);
      }),
      { numRuns: 60 },
    );
  });

  t.test(`${name} with bytes flipped and pieces spliced does not fail`, async () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(source.length - 1), fc.nat(255)), { maxLength: 40 }),
        fc.nat(source.length),
        fc.nat(5000),
        (flips, at, length) => {
          const bytes = Buffer.from(source);
          for (const [position, value] of flips) bytes[position] = value;
          const spliced = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
          check(parseText(spliced, { format: whole.format }));
          check(parseText(spliced));
        },
      ),
      { numRuns: 40 },
    );
  });
}

t.test('a damaged line of a JSON log costs that line', async () => {
  const source = readFileSync(fleetLog('spotter-tool_heavy.jsonl'), 'utf8').trimEnd().split('\n');
  const whole = parseText(`${source.join('\n')}\n`);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: source.length - 1 }), (broken) => {
      const damaged = source.map((line, index) => (index === broken ? line.slice(0, -1) : line));
      const log = parseText(`${damaged.join('\n')}\n`, { format: 'claude-code' });
      const lost = whole.events.length - log.events.length;
      // Bookkeeping is passed by its first bytes: damage behind them costs nothing and is not seen.
      return lost === 0 || (lost <= 3 && log.notes.includes('not JSON, skipped'));
    }),
  );
});

t.test('random bytes are never read as a log of an agent, and never fail', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      const log = parseText(bytes);
      check(log);
      return log.format === undefined || log.format === 'text' || log.format === 'jsonl';
    }),
    { numRuns: 300 },
  );
});

t.test('salvage of a cut document parses, and holds only what stood there', async (t) => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.nat(), (json, seed) => {
      const text = `[${json},{"last":1}]`;
      const cut = text.slice(0, seed % (text.length + 1));
      const rescued = salvageJson(cut);
      if (rescued === undefined) return cut === '';
      JSON.parse(rescued.json);
      return rescued.usable <= cut.length && cut.startsWith(rescued.json.slice(0, rescued.usable));
    }),
  );
  t.equal(salvageJson('{"a":[1,2,{"b":"x')?.json, '{"a":[1,2,{}]}');
  t.equal(salvageJson('{"a":1}garbage')?.json, '{"a":1}');
  t.equal(salvageJson('[1,2,x]')?.json, '[1,2]');
  t.same([...topLevelKeys('{"a":{"x":1},"b":[{"y":2}],"c').keys], ['a', 'b']);
  t.same([...topLevelKeys('[{"id":0,"args":{"z":1}}').keys], ['id', 'args']);
});
