import t from 'tap';
import { parseText } from './fixtures.js';

t.test('lines without a time belong to the record before them', async (t) => {
  const { format, events } = parseText(
    [
      '2026-02-02 04:46:00,901 - INFO - starting',
      '2026-02-02 04:46:01,000 - ERROR - it broke',
      'Traceback (most recent call last):',
      '  File "a.py", line 1, in <module>',
      'ValueError: no',
      '',
      'During handling of the above exception, another exception occurred:',
      '',
      'Traceback (most recent call last):',
      'KeyError: 1',
      '2026-02-02T04:46:02.500 WARNING next',
    ].join('\n'),
  );
  t.equal(format, 'text');
  t.match(events, [
    { kind: 'system', role: 'system', text: 'starting', at: new Date(2026, 1, 2, 4, 46, 0, 901).getTime() },
    { kind: 'error', isError: true, text: /^it broke\nTraceback[\s\S]*KeyError: 1$/ },
    { kind: 'system', text: 'next', at: new Date(2026, 1, 2, 4, 46, 2, 500).getTime() },
  ]);
  t.equal(events.length, 3);
});

t.test('a time of day gets the day of the file, and the next one past midnight', async (t) => {
  const modifiedAt = new Date(2026, 0, 11, 0, 30).getTime();
  const { events } = parseText(
    '\u001b[92m23:59:58 - openhands:INFO\u001b[0m: shared.py:210 - Metadata\n00:00:01 - openhands:ERROR: x.py:1 - no\n',
    { modifiedAt },
  );
  t.match(events, [
    { at: new Date(2026, 0, 10, 23, 59, 58).getTime(), kind: 'system', text: 'shared.py:210 - Metadata' },
    { at: new Date(2026, 0, 11, 0, 0, 1).getTime(), kind: 'error', text: 'x.py:1 - no' },
  ]);
});

t.test(
  'before the first time, lines stand for themselves; indented ones and traces stay together',
  async (t) => {
    const { events } = parseText(
      'installing\n  a\n  b\nTraceback (most recent call last):\n  File "x"\nValueError: no\nafter\n\nend\n',
    );
    t.match(events, [
      { kind: 'message', role: 'assistant', text: 'installing\n  a\n  b' },
      { kind: 'error', text: /^Traceback[\s\S]*ValueError: no$/ },
      { kind: 'message', text: 'after' },
      { kind: 'message', text: 'end' },
    ]);
    t.equal(events.length, 4);
  },
);

t.test('COMMAND and OBSERVATION blocks are a call and its result', async (t) => {
  const { events } = parseText(
    [
      '2026-02-02 04:34:21,460 - INFO - **CmdRunAction (source=None, is_input=False)**',
      'COMMAND:',
      'cat setup.py',
      '2026-02-02 04:34:21,638 - INFO - **CmdOutputObservation (source=None, exit code=2, metadata={',
      '  "exit_code": 2',
      '})**',
      '--BEGIN AGENT OBSERVATION--',
      '2020-01-01 00:00:00,000 - ERROR - a log that the agent looked at',
      'cat: setup.py: No such file or directory',
      '--END AGENT OBSERVATION--',
      '2026-02-02 04:34:22,000 - INFO - on',
    ].join('\n'),
  );
  t.match(events, [
    { kind: 'tool_call', tool: 'CmdRunAction', input: 'cat setup.py', action: 'read', paths: ['setup.py'] },
    {
      kind: 'tool_result',
      tool: 'CmdRunAction',
      callId: events[0]?.callId,
      exitCode: 2,
      isError: true,
      output: /^2020[\s\S]*directory$/,
    },
    { kind: 'system', text: 'on' },
  ]);
  t.equal(events.length, 3);
});

t.test('speakers, levels in brackets and progress bars', async (t) => {
  const { events } = parseText(
    'User: fix the test\nAssistant: I will\n10%\r50%\r100% done\n[2026-01-01 10:00:00] [error] lost\n',
  );
  t.match(events, [
    { role: 'user', kind: 'message', text: 'fix the test' },
    { role: 'assistant', kind: 'message', text: 'I will' },
    { text: '100% done' },
    { kind: 'error', text: 'lost' },
  ]);
});

t.test('an endless record is cut into records of a bounded size', async (t) => {
  const body = 'some line of output\n'.repeat(5000);
  const { events } = parseText(`2026-01-01 10:00:00 INFO start\n${body}`);
  t.ok(events.length >= 3);
  t.ok(events.every((event) => event.at === events[0]?.at));
});

t.test('an over-long line keeps its head and says so', async (t) => {
  const { events, notes } = parseText(`first\n${'x'.repeat(200_000)}\nlast\n`);
  t.match(events, [{ text: 'first' }, { truncated: true }, { text: 'last' }]);
  t.match(notes, [/line of 200000 bytes cut to 65536 bytes/]);
});
