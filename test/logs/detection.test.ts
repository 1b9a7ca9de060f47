import { readFileSync } from 'node:fs';
import t from 'tap';
import { FORMATS } from '../../src/logs/formats/formats.js';
import { readHead } from '../../src/logs/head.js';
import type { LogFormat } from '../../src/messages/agent-event.js';
import { fixture, fleetLog, lines } from './fixtures.js';

const CODEX = lines(
  { timestamp: '2026-02-23T11:40:00Z', type: 'session_meta', payload: { id: '019c' } },
  { timestamp: '2026-02-23T11:40:01Z', type: 'event_msg', payload: { type: 'user_message', message: 'go' } },
);
const GENERIC = lines({ role: 'user', text: 'go' }, { level: 'info', msg: 'connected' });

const LOGS: readonly (readonly [string, Buffer, LogFormat])[] = [
  ...(
    [
      ['BabyEncryption.traj', 'swe-agent'],
      ['agentcmd-nav-user-initials.jsonl', 'claude-code'],
      ['eps.traj', 'swe-agent'],
      ['marshmallow-1867-default.traj', 'swe-agent'],
      ['marshmallow-1867-function-calling.traj', 'swe-agent'],
      ['openhands-cfn-lint-3561-docker-denied.log', 'text'],
      ['spotter-agent-a2898e3.jsonl', 'claude-code'],
      ['spotter-tool_heavy.jsonl', 'claude-code'],
    ] as const
  ).map(([name, format]) => [name, readFileSync(fleetLog(name)), format] as const),
  ...(
    [
      ['openhands-trajectory.txt', 'openhands'],
      ['openhands-evaluation.txt', 'openhands'],
      ['aider-interactive.txt', 'aider'],
      ['aider-tests-fail.txt', 'aider'],
    ] as const
  ).map(([name, format]) => [name, readFileSync(fixture(name)), format] as const),
  ['codex', Buffer.from(CODEX), 'codex'],
  ['generic', Buffer.from(GENERIC), 'jsonl'],
];

/** The formats that take anything of their kind; every other one has to be sure. */
const FALLBACKS: readonly LogFormat[] = ['jsonl', 'text'];

for (const [name, bytes, expected] of LOGS) {
  t.test(`${name} is ${expected} by its content, and nothing else`, async (t) => {
    for (const whole of [true, false]) {
      const head = readHead(whole ? bytes : bytes.subarray(0, 64 * 1024), whole);
      const sure = FORMATS.map((format) => [format.name, format.detect(head)] as const).sort(
        (one, other) => other[1] - one[1],
      );
      t.equal(sure[0]?.[0], expected, JSON.stringify(sure));
      for (const [other, confidence] of sure.slice(1)) {
        const most = FALLBACKS.includes(other) ? 0.6 : 0;
        t.ok(confidence <= most, `${other}: ${confidence}`);
      }
    }
  });
}

t.test(
  'an instance of an evaluation that is longer than what there is of it is known by its keys',
  async (t) => {
    const line = JSON.stringify({
      instance_id: 'a',
      test_result: {},
      instruction: 'x'.repeat(100_000),
      history: [],
    });
    const head = readHead(Buffer.from(line).subarray(0, 70_000), false);
    const [first] = FORMATS.filter((format) => format.detect(head) > 0);
    t.equal(first?.name, 'openhands');
  },
);
