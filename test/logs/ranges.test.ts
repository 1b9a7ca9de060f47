import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { limitsFrom } from '../../src/logs/limits.js';
import { parseChunk } from '../../src/logs/parse-chunk.js';
import type { AgentEvent, LogFormat } from '../../src/messages/agent-event.js';
import { fixture, fleetLog, parseText } from './fixtures.js';

/** Parses as workers would: range after range, with the state sent and stored in between. */
function parseInRanges(source: Buffer, format: LogFormat, sizes: readonly number[]): AgentEvent[] {
  const events: AgentEvent[] = [];
  let state: unknown;
  let offset = 0;
  let grown = 1;
  for (let turn = 0; ; turn += 1) {
    const length = (sizes[turn % sizes.length] ?? 1) * grown;
    const bytes = new Uint8Array(source.subarray(offset, offset + length));
    const atEnd = offset + bytes.length >= source.length;
    const result = parseChunk({
      format,
      state,
      bytes,
      atEnd,
      final: atEnd,
      flush: false,
      modifiedAt: null,
      limits: limitsFrom(),
      baseIndex: events.length,
    });
    events.push(...result.events);
    state = JSON.parse(JSON.stringify(result.state));
    offset += result.consumed;
    grown = result.consumed === 0 ? grown * 2 : 1;
    if (atEnd) return events;
  }
}

const LOGS = [
  ['spotter-tool_heavy.jsonl', 'claude-code'],
  ['agentcmd-nav-user-initials.jsonl', 'claude-code'],
  ['agentcmd-nav-user-initials.jsonl', 'jsonl'],
  ['openhands-cfn-lint-3561-docker-denied.log', 'text'],
  ['codex-rollout.txt', 'codex'],
  ['openhands-trajectory.txt', 'openhands'],
  ['openhands-evaluation.txt', 'openhands'],
  ['aider-interactive.txt', 'aider'],
  ['aider-tests-fail.txt', 'aider'],
] as const;

for (const [name, format] of LOGS) {
  t.test(`${name} as ${format}: any ranges give the events of the whole`, async (t) => {
    const source = readFileSync(name.endsWith('.txt') ? fixture(name) : fleetLog(name));
    const whole = parseText(source, { format });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 9 }), (sizes) => {
        t.same(parseInRanges(source, format, sizes), whole.events);
      }),
      { numRuns: 15, examples: [[[1]], [[64]]] },
    );
  });
}
