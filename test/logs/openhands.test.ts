import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readLog } from '../../src/logs/read-log.js';
import type { AgentEvent } from '../../src/messages/agent-event.js';
import { collect, countKinds, fixture, lines, parseText, temporaryFolder } from './fixtures.js';

// The counts were taken from the files with a few lines of Python, not with Vigil.

t.test('a trajectory of version 0 is its messages, calls and observations', async (t) => {
  const log = await readLog(fixture('openhands-trajectory.txt'));
  t.equal(log.format, 'openhands');
  t.same(countKinds(log.events), {
    'user/message': 1,
    'assistant/thought': 4,
    'assistant/tool_call': 4,
    'tool/tool_result': 4,
    'assistant/message': 1,
    'system/system': 1,
  });
  t.equal(log.skipped, 7, 'states on the way and empty observations');
  t.equal(log.unknown, 0);
  t.same(log.notes, []);
  t.match(log.events[5], {
    tool: 'edit',
    action: 'edit',
    paths: ['/workspace/todo-app/index.html'],
    session: undefined,
  });
  t.match(log.events[12], { isError: undefined, exitCode: undefined }, 'exit code -1: the server still runs');
  t.equal(log.events.at(-1)?.text, 'agent state: awaiting_user_input');
});

t.test('an evaluation is a session an instance, with its own tokens and its own end', async (t) => {
  const { events, unknown } = await readLog(fixture('openhands-evaluation.txt'));
  t.equal(unknown, 0);
  const starts = events.filter((event) => event.session !== undefined);
  t.same(
    starts.map((event) => event.session),
    ['ponylang__ponyc-4595', 'ponylang__ponyc-4593', 'ponylang__ponyc-4588'],
  );
  t.equal(events[0], starts[0]);
  const spent = starts.map((start, index) => {
    const session = events.slice(start.index, starts[index + 1]?.index);
    return session.reduce((sum, event) => sum + (event.tokens?.input ?? 0), 0);
  });
  t.same(spent, [565158, 410169, 938015], 'as the metrics of each line say');
  t.equal(events.filter((event) => event.role === 'user').length, 3);
  t.match(events[(starts[1]?.index ?? 0) - 1], { tool: 'finish', action: 'finish', ended: 'finish' });
  t.match(events.at(-1), { kind: 'error', ended: 'error', text: /maximum iteration/ });
  const failed = events.filter((event) => event.kind === 'tool_result' && event.isError === true);
  t.same(
    failed.map((event) => event.exitCode),
    [127, 127, undefined, 2, 1, 1, 100],
  );
});

const V1 = { source: 'agent', timestamp: '2026-01-02T10:00:00.000001' };

function sdk(kind: string, more: object): object {
  return { ...V1, id: kind, kind, ...more };
}

const SDK_EVENTS = [
  sdk('SystemPromptEvent', { system_prompt: { type: 'text', text: 'You are' }, tools: [] }),
  sdk('MessageEvent', {
    source: 'user',
    llm_message: { role: 'user', content: [{ type: 'text', text: 'fix it' }] },
  }),
  sdk('ActionEvent', {
    thought: [{ type: 'text', text: 'look first' }],
    reasoning_content: 'hm',
    tool_name: 'terminal',
    tool_call_id: 'c1',
    action: { kind: 'TerminalAction', command: 'cat a.py', is_input: false, timeout: null },
  }),
  sdk('ObservationEvent', {
    source: 'environment',
    tool_name: 'terminal',
    tool_call_id: 'c1',
    action_id: 'ActionEvent',
    observation: {
      kind: 'TerminalObservation',
      content: [{ type: 'text', text: 'no' }],
      exit_code: 1,
      is_error: false,
    },
  }),
  sdk('ActionEvent', {
    thought: [],
    tool_name: 'file_editor',
    tool_call_id: 'c2',
    action: null,
    tool_call: { name: 'file_editor', arguments: '{"command":"create","path":"/w/a.py"}' },
  }),
  sdk('AgentErrorEvent', { tool_name: 'file_editor', tool_call_id: 'c2', error: 'missing file_text' }),
  sdk('UserRejectObservation', { tool_name: 'terminal', tool_call_id: 'c3', rejection_reason: 'no' }),
  sdk('ConversationStateUpdateEvent', {
    key: 'stats',
    value: {
      usage_to_metrics: {
        a: {
          accumulated_cost: 0.5,
          accumulated_token_usage: { prompt_tokens: 100, completion_tokens: 7, cache_read_tokens: 60 },
        },
      },
    },
  }),
  sdk('ConversationStateUpdateEvent', { key: 'execution_status', value: 'running' }),
  sdk('ActionEvent', {
    thought: [],
    tool_name: 'finish',
    tool_call_id: 'c4',
    action: { kind: 'FinishAction', message: 'done' },
  }),
  sdk('ConversationStateUpdateEvent', { key: 'execution_status', value: 'finished' }),
  sdk('BrandNewEvent', {}),
];

const SDK_EXPECTED = [
  { role: 'system', kind: 'system', text: 'You are' },
  { role: 'user', kind: 'message', text: 'fix it' },
  { kind: 'thought', text: 'hm' },
  { kind: 'thought', text: 'look first' },
  { kind: 'tool_call', tool: 'terminal', action: 'read', input: 'cat a.py', callId: 'c1' },
  { kind: 'tool_result', tool: 'terminal', callId: 'c1', isError: true, exitCode: 1, output: 'no' },
  { kind: 'tool_call', tool: 'file_editor', action: 'edit', paths: ['/w/a.py'] },
  { kind: 'tool_result', callId: 'c2', isError: true, output: 'missing file_text' },
  { kind: 'tool_result', callId: 'c3', rejected: true, isError: undefined },
  { kind: 'usage', tokens: { input: 40, output: 7, cacheRead: 60, cost: 0.5 } },
  { kind: 'tool_call', tool: 'finish', ended: 'finish' },
  { kind: 'system', ended: 'finished' },
  { kind: 'system' },
];

t.test('events of the SDK are the same as lines, as a list and as a list over many lines', async (t) => {
  for (const text of [
    lines(...SDK_EVENTS),
    JSON.stringify(SDK_EVENTS),
    JSON.stringify(SDK_EVENTS, null, 2),
  ]) {
    const { format, events, unknown, skipped } = parseText(text);
    t.equal(format, 'openhands');
    t.equal(unknown, 1);
    t.equal(skipped, 1);
    t.match(events, SDK_EXPECTED);
    t.equal(events.length, SDK_EXPECTED.length);
  }
});

t.test('an event in a file of its own is read, on one line or on many', async (t) => {
  const event = SDK_EVENTS[1];
  for (const text of [JSON.stringify(event), JSON.stringify(event, null, 2)])
    t.match(parseText(text), { format: 'openhands', events: [{ role: 'user', text: 'fix it' }] });
});

t.test('a list that is written anew with more events costs its new events', async (t) => {
  const path = join(temporaryFolder(t), 'trajectory.json');
  const all = parseText(JSON.stringify(SDK_EVENTS, null, 1)).events;
  const collector = collect(path);
  const seen: AgentEvent[] = [];
  for (let count = 1; count <= SDK_EVENTS.length; count += 1) {
    writeFileSync(path, JSON.stringify(SDK_EVENTS.slice(0, count), null, 1));
    const read = await collector.read();
    t.same(read.notes, []);
    seen.push(...read.events);
  }
  t.same(seen, all);
  const size = readFileSync(path).length;
  writeFileSync(path, JSON.stringify([...SDK_EVENTS, SDK_EVENTS[1]], null, 1));
  const { events, bytesRead } = await collector.read();
  t.match(events, [{ index: all.length, text: 'fix it' }]);
  t.ok(bytesRead < size / 4, `${bytesRead} of ${size} bytes`);
});

t.test('a damaged list gives the events before the damage and says so', async (t) => {
  const text = JSON.stringify(SDK_EVENTS, null, 1);
  const at = text.indexOf('missing file_text');
  const { events, notes } = parseText(`${text.slice(0, at)}"\n${text.slice(at)}`, { format: 'openhands' });
  t.match(events.slice(0, 7), SDK_EXPECTED.slice(0, 7));
  t.ok(notes.length > 0);
  const cut = parseText(text.slice(0, at));
  t.match(cut.events.slice(0, 7), SDK_EXPECTED.slice(0, 7));
  t.match(cut.notes, [/cut off/]);
});

t.test('an over-long element of a list is passed by without being held', async (t) => {
  const path = join(temporaryFolder(t), 'trajectory.json');
  const long = sdk('MessageEvent', {
    source: 'user',
    llm_message: { content: [{ text: '"\\[{ '.repeat(60_000) }] },
  });
  writeFileSync(path, JSON.stringify([SDK_EVENTS[1], long, SDK_EVENTS[1]]));
  const log = await readLog(path, { limits: { chunkBytes: 10_000, maxLineBytes: 50_000 } });
  t.match(log.events, [{ text: 'fix it' }, { text: 'fix it' }]);
  t.same(log.notes, ['record of more than 50000 bytes skipped']);
});

t.test('the empty input that looks at a running command is a poll', async (t) => {
  const event = {
    id: 3,
    source: 'agent',
    action: 'run',
    args: { command: '', is_input: true },
    timestamp: '2026-01-01T10:00:00',
  };
  t.match(parseText(lines(event, event)).events, [{ action: 'poll' }, { action: 'poll' }]);
});

t.test('an instance that is appended starts a session of its own', async (t) => {
  const path = join(temporaryFolder(t), 'output.jsonl');
  const instance = (id: string): string =>
    lines({ instance_id: id, instruction: `solve ${id}`, history: [], error: 'boom' });
  writeFileSync(path, instance('a'));
  const collector = collect(path);
  t.match((await collector.read()).events, [
    { role: 'user', text: 'solve a', session: 'a' },
    { ended: 'error' },
  ]);
  appendFileSync(path, instance('b'));
  t.match((await collector.read()).events, [{ index: 2, session: 'b' }, { session: undefined }]);
});
