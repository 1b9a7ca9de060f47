import t from 'tap';
import { lines, parseText } from './fixtures.js';

t.test('the documented fields make the documented events', async (t) => {
  const { format, events, unknown } = parseText(
    lines(
      { ts: 1767225600, role: 'user', content: 'build it' },
      { time: '2026-01-01T00:00:01Z', role: 'assistant', text: 'on it' },
      { type: 'thought', text: 'hm' },
      { type: 'tool_call', tool: 'bash', input: { command: 'make' }, id: 'c1' },
      { type: 'tool_result', tool: 'bash', output: 'no rule', exitCode: 2, id: 'c1' },
      { level: 'info', msg: 'connected' },
      { level: 50, msg: 'lost' },
      { event: 'finished', message: 'bye', usage: { prompt_tokens: 5, completion_tokens: 2 } },
      { custom: true },
    ),
  );
  t.equal(format, 'jsonl');
  t.equal(unknown, 1);
  t.match(events, [
    { at: 1767225600000, role: 'user', kind: 'message', text: 'build it' },
    { at: 1767225601000, role: 'assistant', kind: 'message' },
    { kind: 'thought' },
    { kind: 'tool_call', tool: 'bash', action: 'run', input: 'make', callId: 'c1' },
    { kind: 'tool_result', isError: true, exitCode: 2, callId: 'c1' },
    { kind: 'system', text: 'connected' },
    { kind: 'error', text: 'lost' },
    { ended: 'finished', tokens: { input: 5, output: 2 } },
    { kind: 'system', text: '{"custom":true}' },
  ]);
});

t.test('one record with input and output is a call and its result', async (t) => {
  const { events } = parseText(
    lines({ tool: 'Read', input: { path: 'a.ts' }, output: 'x', at: 1767225600000 }),
  );
  t.match(events, [
    { kind: 'tool_call', paths: ['a.ts'] },
    { kind: 'tool_result', output: 'x' },
  ]);
});

t.test('values that are no objects and damaged lines cost only themselves', async (t) => {
  const { events, notes, unknown } = parseText(
    `{"role":"user","text":"a"}\n{"role":"user","te\n[1]\n"s"\n{"role":"user","text":"b"}\n{"role":"user","text":"c"}\n`,
  );
  t.same(
    events.filter((event) => event.kind === 'message').map((event) => event.text),
    ['a', 'b', 'c'],
  );
  t.equal(unknown, 2);
  t.same(notes, ['not JSON, skipped']);
});

t.test('a hostile nesting of 100 000 lists does not overflow the stack', async (t) => {
  const deep = `{"tool":"x","input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  t.equal(parseText(`${lines({ role: 'user', text: 'a' })}${deep}\n`).events.length, 2);
});
