import t from 'tap';
import { readLog } from '../../src/logs/read-log.js';
import { AgentEvent } from '../../src/messages/agent-event.js';
import { countKinds, fleetLog } from './fixtures.js';

// The counts were taken from the files with a few lines of Python, not with Vigil.

const EXPECTED = [
  {
    file: 'agentcmd-nav-user-initials.jsonl',
    format: 'claude-code',
    kinds: {
      'system/system': 3,
      'user/message': 3,
      'assistant/message': 22,
      'assistant/tool_call': 27,
      'tool/tool_result': 27,
    },
    skipped: 7,
    failedResults: 1,
    tokens: { input: 48, output: 228, cacheRead: 1178761, cacheWrite: 64499 },
  },
  {
    file: 'spotter-agent-a2898e3.jsonl',
    format: 'claude-code',
    kinds: { 'user/message': 1, 'assistant/message': 7, 'assistant/tool_call': 33, 'tool/tool_result': 33 },
    skipped: 70,
    failedResults: 8,
    tokens: { input: 53, output: 136, cacheRead: 604156, cacheWrite: 71257 },
  },
  {
    file: 'spotter-tool_heavy.jsonl',
    format: 'claude-code',
    kinds: {
      'user/message': 2,
      'user/system': 2,
      'system/system': 5,
      'assistant/message': 2,
      'assistant/thought': 1,
      'assistant/tool_call': 6,
      'tool/tool_result': 6,
    },
    skipped: 15,
    failedResults: 0,
    tokens: { input: 54, output: 212, cacheRead: 88231, cacheWrite: 17696 },
  },
  {
    file: 'eps.traj',
    format: 'swe-agent',
    kinds: {
      'system/system': 2,
      'user/message': 1,
      'assistant/thought': 10,
      'assistant/tool_call': 14,
      'tool/tool_result': 14,
    },
    skipped: 0,
    failedResults: 6,
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  },
  {
    file: 'BabyEncryption.traj',
    format: 'swe-agent',
    kinds: {
      'system/system': 2,
      'user/message': 1,
      'assistant/thought': 14,
      'assistant/tool_call': 16,
      'tool/tool_result': 16,
    },
    skipped: 0,
    failedResults: 5,
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  },
  {
    file: 'marshmallow-1867-default.traj',
    format: 'swe-agent',
    kinds: {
      'system/system': 2,
      'user/message': 1,
      'assistant/thought': 14,
      'assistant/tool_call': 14,
      'tool/tool_result': 14,
    },
    skipped: 0,
    failedResults: 1,
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  },
  {
    file: 'marshmallow-1867-function-calling.traj',
    format: 'swe-agent',
    kinds: {
      'system/system': 2,
      'user/message': 1,
      'assistant/thought': 13,
      'assistant/tool_call': 13,
      'tool/tool_result': 13,
    },
    skipped: 0,
    failedResults: 0,
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  },
  {
    file: 'openhands-cfn-lint-3561-docker-denied.log',
    format: 'text',
    kinds: { 'system/system': 70, 'system/error': 15, 'assistant/tool_call': 14, 'tool/tool_result': 14 },
    skipped: 0,
    failedResults: 0,
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  },
] as const;

for (const expected of EXPECTED) {
  t.test(`${expected.file} reads as ${expected.format}, whole`, async (t) => {
    const log = await readLog(fleetLog(expected.file));
    t.equal(log.format, expected.format);
    t.same(countKinds(log.events), expected.kinds);
    t.equal(log.skipped, expected.skipped, 'bookkeeping records');
    t.equal(log.unknown, 0, 'unknown records');
    t.same(log.notes, [], 'nothing odd');
    const failed = log.events.filter((event) => event.kind === 'tool_result' && event.isError === true);
    t.equal(failed.length, expected.failedResults, 'failed results');
    const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    for (const event of log.events) {
      tokens.input += event.tokens?.input ?? 0;
      tokens.output += event.tokens?.output ?? 0;
      tokens.cacheRead += event.tokens?.cacheRead ?? 0;
      tokens.cacheWrite += event.tokens?.cacheWrite ?? 0;
    }
    t.same(tokens, expected.tokens, 'each message counted once');
    for (const [index, event] of log.events.entries()) {
      const checked = AgentEvent.strict().safeParse(event);
      if (!checked.success || event.index !== index)
        t.fail(`event ${index}`, { event, error: checked.error });
    }
  });
}

t.test('the refused submissions of eps.traj are the same action with the same outcome', async (t) => {
  const { events } = await readLog(fleetLog('eps.traj'));
  const calls = events.filter((event) => event.tool === 'submit' && event.kind === 'tool_call');
  const results = events.filter((event) => event.tool === 'submit' && event.kind === 'tool_result');
  t.equal(calls.length, 6);
  t.same(new Set(calls.slice(1, 5).map((call) => call.actionKey)).size, 1, 'four equal calls');
  t.same(new Set(results.slice(0, 5).map((result) => result.outcomeKey)).size, 1, 'five refusals');
  t.equal(calls[0]?.action, 'finish');
  t.equal(events.at(-1)?.ended, 'submitted');
});

t.test('the runs of BabyEncryption.traj are the same action, with outcomes that differ', async (t) => {
  const { events } = await readLog(fleetLog('BabyEncryption.traj'));
  const calls = events.filter((event) => event.input === 'python decrypt.py');
  const results = calls.map((call) => events[call.index + 1]);
  t.equal(calls.length, 4);
  t.equal(new Set(calls.map((call) => call.actionKey)).size, 1);
  t.equal(new Set(results.map((result) => result?.outcomeKey)).size, 4);
});

t.test('the docker log keeps each stack trace with the error that it belongs to', async (t) => {
  const { events } = await readLog(fleetLog('openhands-cfn-lint-3561-docker-denied.log'));
  const traces = events.filter((event) => event.text?.includes('Traceback (most recent call last)'));
  t.ok(traces.length >= 5);
  t.ok(traces.every((event) => event.kind === 'error'));
  t.equal(new Set(traces.slice(0, 3).map((event) => event.outcomeKey)).size, 3, 'attempts are numbered');
  const first = events[0]?.at ?? 0;
  const last = events.at(-1)?.at ?? 0;
  t.equal(last - first, (14 * 60 + 1) * 1000 + 690, '04:23:42,134 to 04:37:43,824');
});
