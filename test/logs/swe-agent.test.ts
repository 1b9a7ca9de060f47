import { readFileSync } from 'node:fs';
import t from 'tap';
import { limitsFrom } from '../../src/logs/limits.js';
import { type ParseRequest, parseChunk } from '../../src/logs/parse-chunk.js';
import { countKinds, fleetLog, parseText } from './fixtures.js';

const STEP = { action: 'ls -F\n', observation: 'a\n', thought: 'look', response: '', state: '{}' };
const PROMPTS = [
  { role: 'system', content: 'You are' },
  { role: 'user', content: 'a solved example', is_demo: true },
  { role: 'user', content: 'the task' },
];

t.test('the goal is the first user message that is no demonstration', async (t) => {
  const { format, events, skipped } = parseText(JSON.stringify({ history: PROMPTS, trajectory: [STEP] }));
  t.equal(format, 'swe-agent');
  t.equal(skipped, 1);
  t.match(events, [
    { role: 'system', kind: 'system', text: 'You are' },
    { role: 'user', kind: 'message', text: 'the task' },
    { kind: 'thought', text: 'look' },
    { kind: 'tool_call', tool: 'ls', input: 'ls -F', action: 'search', callId: 'step-0' },
    { kind: 'tool_result', tool: 'ls', output: 'a\n', callId: 'step-0' },
  ]);
});

t.test('an edit without a file name edits the open file', async (t) => {
  const step = { ...STEP, action: 'edit 1:2\nx\nend_of_edit', state: '{"open_file": "/w/a.py"}\n' };
  const { events } = parseText(JSON.stringify({ history: PROMPTS, trajectory: [step] }));
  t.match(
    events.find((event) => event.kind === 'tool_call'),
    { action: 'edit', paths: ['/w/a.py'] },
  );
});

t.test('an edit names the open file, whatever its text looks like', async (t) => {
  const edited = (action: string): unknown => {
    const step = { ...STEP, action, state: '{"open_file": "/w/src/a.py"}' };
    const { events } = parseText(JSON.stringify({ history: PROMPTS, trajectory: [step] }));
    return events.find((event) => event.kind === 'tool_call')?.paths;
  };
  t.same(edited("edit 'from marshmallow.fields import x' '/'"), ['/w/src/a.py']);
  t.same(edited("insert 'see b/c.py'"), ['/w/src/a.py']);
  t.same(edited('create src/a.py'), ['/w/src/a.py'], 'its whole path');
  t.same(edited('create other.py'), ['other.py']);
});

t.test('a history without trajectory gives the steps from its messages', async (t) => {
  const history = [
    ...PROMPTS,
    {
      role: 'assistant',
      content: 'I look. ',
      thought: 'I look.',
      action: 'open a.py',
      tool_calls: [{ id: 'call_1', function: { name: 'open', arguments: '{}' } }],
    },
    { role: 'tool', content: '1:x', tool_call_ids: ['call_1'] },
  ];
  const { events } = parseText(JSON.stringify({ history }));
  t.match(events.slice(2), [
    { kind: 'thought', text: 'I look.' },
    { kind: 'tool_call', tool: 'open', callId: 'call_1', action: 'read', paths: ['a.py'] },
    { kind: 'tool_result', tool: 'open', callId: 'call_1', output: '1:x' },
  ]);
});

const MINI = [
  { role: 'system', content: 'You are' },
  { role: 'user', content: 'Please solve this' },
  { role: 'assistant', content: 'THOUGHT: test it\n\n```bash\npytest -q\n```' },
  { role: 'user', content: '<returncode>1</returncode>\n<output>\n1 failed\n</output>' },
];

t.test('mini-swe-agent: the command is the fenced block, the exit code is in the answer', async (t) => {
  for (const document of [
    MINI,
    { info: { exit_status: null }, messages: MINI, trajectory_format: 'mini-swe-agent-1' },
  ]) {
    const { format, events } = parseText(JSON.stringify(document));
    t.equal(format, 'swe-agent');
    t.match(events.slice(1), [
      { role: 'user', kind: 'message', text: 'Please solve this' },
      { kind: 'thought', text: 'test it' },
      { kind: 'tool_call', tool: 'pytest', input: 'pytest -q', action: 'run' },
      { kind: 'tool_result', exitCode: 1, isError: true },
    ]);
  }
});

t.test('mini-swe-agent 2: tool calls, costs and the end', async (t) => {
  const messages = [
    ...MINI.slice(0, 2),
    {
      role: 'assistant',
      content: 'let me see',
      tool_calls: [{ id: 'c', function: { name: 'bash', arguments: '{"command":"cat a.py"}' } }],
      extra: { timestamp: 1767225600.5 },
    },
    { role: 'tool', tool_call_id: 'c', content: '<returncode>0</returncode><output>x</output>' },
    { role: 'exit', content: 'patch', extra: { exit_status: 'Submitted' } },
  ];
  const info = { exit_status: 'Submitted', model_stats: { instance_cost: 0.25, api_calls: 1 } };
  const { events } = parseText(JSON.stringify({ info, messages, trajectory_format: 'mini-swe-agent-1.1' }));
  t.match(events.slice(2), [
    { kind: 'thought', text: 'let me see', at: 1767225600500 },
    { kind: 'tool_call', tool: 'cat', action: 'read', paths: ['a.py'] },
    { kind: 'tool_result', exitCode: 0, isError: undefined },
    { kind: 'system', ended: 'Submitted', tokens: { cost: 0.25 } },
  ]);
  t.equal(events.filter((event) => event.ended !== undefined).length, 1);
});

function request(document: unknown, more: Partial<ParseRequest> = {}): ParseRequest {
  return {
    format: 'swe-agent',
    state: undefined,
    bytes: Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
    atEnd: true,
    final: false,
    flush: false,
    modifiedAt: null,
    limits: limitsFrom(),
    baseIndex: 0,
    ...more,
  };
}

t.test('a document that grew gives only what is new, and the end when it is there', async (t) => {
  const one = parseChunk(request({ history: PROMPTS, trajectory: [STEP], info: {} }));
  const two = {
    history: PROMPTS,
    trajectory: [STEP, { ...STEP, action: 'pwd' }],
    info: { exit_status: 'submitted' },
  };
  const state = structuredClone(one.state);
  const grown = parseChunk(request(two, { state, baseIndex: one.events.length }));
  t.match(grown.events, [
    { index: 5, kind: 'thought' },
    { index: 6, input: 'pwd' },
    { index: 7, kind: 'tool_result' },
    { index: 8, ended: 'submitted' },
  ]);
  t.equal(grown.events.length, 4);
  t.same(parseChunk(request(two, { state: grown.state })).events, [], 'nothing new, nothing given');
});

t.test('a document that is being rewritten waits, and a replaced one is read anew', async (t) => {
  const whole = JSON.stringify({ history: PROMPTS, trajectory: [STEP], info: {} });
  const one = parseChunk(request(whole));
  const half = parseChunk(request(whole.slice(0, 100), { state: one.state }));
  t.same(half.events, []);
  t.equal(half.consumed, 0);
  t.match(half.notes, [{ text: /half-written/ }], 'and is not passed over in silence');
  const other = { history: [{ role: 'user', content: 'another task' }], trajectory: [STEP], info: {} };
  const replaced = parseChunk(request(other, { state: half.state }));
  t.equal(replaced.events.length, 4);
  t.match(replaced.notes[0]?.text, /replaced/);
  t.equal(one.events[0]?.session, undefined);
  t.equal(replaced.events[0]?.session, 'restart-1');
  const again = parseChunk(request(whole, { state: replaced.state }));
  t.equal(again.events[0]?.session, 'restart-2');
});

t.test('a document cut in half gives the steps before the cut', async (t) => {
  const whole = readFileSync(fleetLog('eps.traj'), 'utf8');
  const all = parseText(whole).events.filter((event) => event.kind === 'tool_call');
  const { events, notes } = parseText(whole.slice(0, whole.indexOf('submit flag{People') + 10));
  const calls = events.filter((event) => event.kind === 'tool_call');
  t.ok(calls.length >= 8, `${calls.length} calls`);
  t.same(
    calls.map((call) => call.actionKey),
    all.slice(0, calls.length).map((call) => call.actionKey),
  );
  t.match(notes, [/damaged or cut off: read up to character \d+ of \d+/]);
});

t.test('steps and messages that are none are kept and counted', async (t) => {
  const log = parseText(
    JSON.stringify({ history: PROMPTS, trajectory: [STEP, 7, null, { thought: 3 }], info: [] }),
  );
  t.equal(log.unknown, 2);
  t.same(countKinds(log.events)['system/system'], 3);
});
