import t from 'tap';
import { readLog } from '../../src/logs/read-log.js';
import { countKinds, fixture, lines, parseText } from './fixtures.js';

let second = 0;

function record(type: string, payload: object): object {
  second += 1;
  return { timestamp: `2026-02-23T11:40:${String(second % 60).padStart(2, '0')}.096Z`, type, payload };
}

const META = record('session_meta', { id: '019c', cwd: '/w' });

t.test('a conversation that stands twice comes once', async (t) => {
  const { format, events, skipped, unknown } = parseText(
    lines(
      META,
      record('response_item', {
        type: 'message',
        role: 'user',
        content: [{ type: 'input_text', text: '<environment_context>' }],
      }),
      record('response_item', {
        type: 'message',
        role: 'user',
        content: [{ type: 'input_text', text: 'fix it' }],
      }),
      record('event_msg', {
        type: 'user_message',
        message: '# Context from my IDE setup:\n- a.ts\n\n## My request for Codex:\nfix it\n',
      }),
      record('turn_context', { cwd: '/w' }),
      record('event_msg', { type: 'agent_reasoning', text: '**Looking**' }),
      record('response_item', { type: 'reasoning', summary: [], encrypted_content: 'x' }),
      record('event_msg', { type: 'agent_message', message: 'done' }),
      record('response_item', {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'done' }],
      }),
      record('event_msg', { type: 'turn_aborted', reason: 'interrupted' }),
      record('response_item', { type: 'brand_new' }),
    ),
  );
  t.equal(format, 'codex');
  t.equal(skipped, 6);
  t.equal(unknown, 1);
  t.match(events, [
    { role: 'user', kind: 'message', text: 'fix it' },
    { kind: 'thought', text: '**Looking**' },
    { role: 'assistant', kind: 'message', text: 'done' },
    { role: 'user', kind: 'system', text: 'turn aborted: interrupted' },
    { kind: 'system' },
  ]);
});

t.test('calls of every generation have their tool, class, files and exit code', async (t) => {
  const patch =
    '*** Begin Patch\n*** Update File: src/a.ts\n@@\n-x\n+y\n*** Add File: src/b.ts\n+z\n*** End Patch';
  const { events } = parseText(
    lines(
      META,
      record('response_item', {
        type: 'function_call',
        name: 'shell',
        arguments: JSON.stringify({ command: ['bash', '-lc', 'cat src/a.ts'], workdir: '/w' }),
        call_id: 'c1',
      }),
      record('response_item', {
        type: 'function_call_output',
        call_id: 'c1',
        output: JSON.stringify({ output: 'no such file', metadata: { exit_code: 1, duration_seconds: 0.1 } }),
      }),
      record('response_item', { type: 'custom_tool_call', name: 'apply_patch', input: patch, call_id: 'c2' }),
      record('response_item', { type: 'custom_tool_call_output', call_id: 'c2', output: 'Success. Updated' }),
      record('response_item', {
        type: 'function_call',
        name: 'exec_command',
        arguments: '{"cmd":"npm test"}',
        call_id: 'c3',
      }),
      record('response_item', {
        type: 'function_call_output',
        call_id: 'c3',
        output: 'Process exited with code 0\nok',
      }),
      record('response_item', {
        type: 'function_call',
        name: 'write_stdin',
        arguments: '{"session_id":1,"chars":""}',
        call_id: 'c4',
      }),
      record('response_item', {
        type: 'function_call_output',
        call_id: 'c4',
        output: 'failed in sandbox X with execution error: sandbox denied exec error, exit code: 2, stdout: ',
      }),
      record('response_item', { type: 'web_search_call', action: { type: 'search', query: 'x' } }),
    ),
  );
  t.match(events, [
    { tool: 'shell', action: 'read', input: 'cat src/a.ts', paths: ['src/a.ts'], callId: 'c1' },
    { tool: 'shell', output: 'no such file', exitCode: 1, isError: true, callId: 'c1' },
    { tool: 'apply_patch', action: 'edit', paths: ['src/a.ts', 'src/b.ts'] },
    { tool: 'apply_patch', isError: undefined },
    { tool: 'exec_command', action: 'run', input: 'npm test' },
    { tool: 'exec_command', exitCode: 0, isError: undefined },
    { tool: 'write_stdin', action: 'poll' },
    { tool: 'write_stdin', isError: true, exitCode: 2 },
    { tool: 'web_search', action: 'search', callId: 'line-10' },
  ]);
});

t.test('tokens are what the running total grew by, and repeats count nothing', async (t) => {
  const usage = (input: number, cached: number, output: number): object => ({
    input_tokens: input,
    cached_input_tokens: cached,
    output_tokens: output,
  });
  const count = (total: object | null, last: object = {}): object =>
    record('event_msg', {
      type: 'token_count',
      info: total && { total_token_usage: total, last_token_usage: last },
    });
  const { events } = parseText(
    lines(
      META,
      count(null),
      count(usage(100, 80, 10), usage(100, 80, 10)),
      count(usage(100, 80, 10), usage(100, 80, 10)),
      count(usage(250, 180, 15)),
      count(usage(40, 0, 5), usage(40, 0, 5)),
    ),
  );
  t.same(
    events.map((event) => event.tokens),
    [
      { input: 20, output: 10, cacheRead: 80 },
      { input: 50, output: 5, cacheRead: 100 },
      { input: 40, output: 5, cacheRead: 0 },
    ],
  );
});

t.test('a real rollout reads whole, with what its last running total says', async (t) => {
  // Counted with a few lines of Python.
  const log = await readLog(fixture('codex-rollout.txt'));
  t.equal(log.format, 'codex');
  t.same(countKinds(log.events), {
    'user/message': 1,
    'assistant/thought': 22,
    'assistant/tool_call': 24,
    'tool/tool_result': 23,
    'system/usage': 24,
  });
  t.equal(log.skipped, 49);
  t.equal(log.unknown, 0);
  const sum = (count: 'input' | 'output' | 'cacheRead'): number =>
    log.events.reduce((total, event) => total + (event.tokens?.[count] ?? 0), 0);
  t.same([sum('input'), sum('cacheRead'), sum('output')], [271_292 - 242_560, 242_560, 1658]);
});

t.test('what is left out by its first bytes is left out however it is written', async (t) => {
  const records = [
    META,
    record('response_item', { type: 'reasoning', encrypted_content: 'x' }),
    record('event_msg', { type: 'agent_message', message: 'done' }),
    record('event_msg', { type: 'user_message', message: 'go' }),
  ];
  const other = records.map((each) => {
    const { timestamp, type, payload } = each as { timestamp: string; type: string; payload: object };
    return { payload, type, timestamp };
  });
  t.same(parseText(lines(...other)), parseText(lines(...records)));
});

t.test('a log that is read from its middle on: of the first count only the last call is new', async (t) => {
  const usage = (input: number, output: number): object => ({ input_tokens: input, output_tokens: output });
  const count = (total: object, last: object): object =>
    record('event_msg', {
      type: 'token_count',
      info: { total_token_usage: total, last_token_usage: last },
      rate_limits: { primary: null },
    });
  const { events } = parseText(
    lines(META, count(usage(90_000, 800), usage(1_000, 8)), count(usage(92_000, 810), usage(2_000, 10))),
  );
  t.match(
    events.map(({ tokens }) => tokens),
    [
      { input: 1_000, output: 8 },
      { input: 2_000, output: 10 },
    ],
  );
});

/** What came of a call by what Codex wrote as its output. */
function resultOf(output: unknown) {
  const { events } = parseText(
    lines(
      META,
      record('response_item', { type: 'function_call', name: 'exec_command', call_id: 'c', arguments: '{}' }),
      record('response_item', { type: 'function_call_output', call_id: 'c', output }),
    ),
  );
  const { isError, exitCode, rejected } = events[1] ?? {};
  return { isError, exitCode, rejected };
}

t.test('the exit code of a command is what stands ahead of its output, not in it', async (t) => {
  const ran = (head: string, said: string) =>
    `Chunk ID: a1\nWall time: 0.1 seconds\n${head}\nOutput:\n${said}`;
  t.match(resultOf(ran('Process exited with code 0', 'build\nExit code: 1\n')), { exitCode: 0 });
  t.match(resultOf(ran('Process exited with code 2', 'Exit code: 0')), { exitCode: 2, isError: true });
  t.match(resultOf(ran('Process running with session ID 7', 'the last one finished with exit code 1')), {
    exitCode: undefined,
    isError: undefined,
  });
});

t.test('what a person refused is no failure of the agent, what a tool refused is', async (t) => {
  for (const said of ['exec command rejected by user', 'patch rejected by user'])
    t.match(resultOf(said), { rejected: true, isError: undefined }, said);
  for (const said of [
    'exec_command failed for `x`: CreateProcess { message: "No such file or directory" }',
    'write_stdin failed: Unknown process id 7',
    'unsupported call: browse',
    JSON.stringify({ content: [{ type: 'text', text: 'no' }], isError: true }),
  ])
    t.match(resultOf(said), { rejected: undefined, isError: true }, said);
});
