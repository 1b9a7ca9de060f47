import t from 'tap';
import { readLog } from '../../src/logs/read-log.js';
import { countKinds, fixture, parseText } from './fixtures.js';

// The counts were taken from the files with grep, not with Vigil.

const HEAD =
  '\n# aider chat started at 2026-01-02 10:00:00\n\n> Aider v0.85.1  \n> Git repo: .git with 16 files  \n';

t.test('an interactive history: two chats, edits, a command, a refused block', async (t) => {
  const { format, events, notes, unknown } = await readLog(fixture('aider-interactive.txt'));
  t.equal(format, 'aider');
  t.same(notes, []);
  t.equal(unknown, 0);
  t.same(
    events.filter((event) => event.session !== undefined).map((event) => event.session),
    ['2025-07-15 11:38:37', '2025-07-15 14:53:34'],
  );
  t.match(events[0], { at: new Date(2025, 6, 15, 11, 38, 37).getTime(), session: '2025-07-15 11:38:37' });
  t.same(countKinds(events), {
    'system/system': 20,
    'user/message': 3,
    'user/system': 3,
    'assistant/message': 6,
    'assistant/tool_call': 8,
    'tool/tool_result': 8,
    'system/usage': 6,
  });
  const refused = events.filter((event) => event.isError === true);
  t.match(refused, [{ tool: 'edit', output: /SearchReplaceNoExactMatch[\s\S]*failed to match\.$/ }]);
  t.ok(
    events.some((event) => event.text === 'sync-afi\naider-afi'),
    'lines that belong together',
  );
});

t.test('a benchmark chat: the tests fail, and each run is a call with its exit code', async (t) => {
  const { events } = await readLog(fixture('aider-tests-fail.txt'));
  const tests = events.filter((event) => event.kind === 'tool_result' && event.tool === 'test');
  t.same(
    tests.map((event) => [event.isError, event.exitCode]),
    [
      [true, 1],
      [true, 1],
      [true, 1],
      [true, undefined],
    ],
  );
  const edits = events.filter((event) => event.kind === 'tool_call' && event.tool === 'edit');
  t.match(edits, [
    { paths: ['src/flask/blueprints.py'], action: 'edit' },
    { paths: ['src/flask/blueprints.py'] },
    { paths: ['src/flask/blueprints.py'] },
    { paths: ['tests/test_blueprints.py'] },
    { paths: ['tests/test_blueprints.py'] },
  ]);
  t.equal(
    events.filter((event) => event.kind === 'tool_result' && event.tool === 'edit' && event.isError).length,
    2,
  );
  t.equal(
    events.reduce((sum, event) => sum + (event.tokens?.input ?? 0), 0),
    24486 + 7948 + 12082 + 16044 + 19977 + 25012 + 7859 + 12254 + 19041,
  );
});

t.test('both ways of stating tokens, with cache and cost', async (t) => {
  const { events } = parseText(
    `${HEAD}\n#### go  \n> Tokens: 18k sent, 1.5k cache write, 3,000 cache hit, 66 received. Cost: $0.04 message, $0.41 session.  \n> 33551 prompt tokens, 64 completion tokens, $0.168715 cost  \n`,
  );
  t.same(
    events.filter((event) => event.kind === 'usage').map((event) => event.tokens),
    [
      { input: 18_000, output: 66, cacheWrite: 1500, cacheRead: 3000, cost: 0.04 },
      { input: 33_551, output: 64, cost: 0.168715 },
    ],
  );
});

t.test(
  'headings and quotes of the model are prose, commands of the person are none of its goal',
  async (t) => {
    const { events } = parseText(
      `${HEAD}\n#### /add a.py  \n\n#### /ask what is it?  \n\n#### Step 1\n> a quote\n\ndone\n\n> litellm.BadRequestError: no  \n> ^C KeyboardInterrupt  \n`,
    );
    t.match(events, [
      { session: '2026-01-02 10:00:00' },
      { role: 'user', kind: 'system', text: '/add a.py' },
      { role: 'user', kind: 'message', text: 'what is it?' },
      { role: 'assistant', kind: 'message', text: '#### Step 1\n> a quote\n\ndone' },
      { kind: 'error', text: /litellm/ },
      { role: 'user', kind: 'system', text: '[Request interrupted by user]' },
    ]);
  },
);

t.test('blocks of one fence share its path, and an edit without its end stays text', async (t) => {
  const { events } = parseText(
    `${HEAD}\n#### go  \n\na.py\n\`\`\`python\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE\n\`\`\`\n\n> Applied edit to a.py  \n\nb.py\n\`\`\`\n<<<<<<< SEARCH\nx\n`,
  );
  t.match(events.slice(2), [
    { kind: 'tool_call', paths: ['a.py'] },
    { kind: 'tool_call', paths: ['a.py'] },
    { kind: 'tool_result', isError: undefined },
    { kind: 'tool_result', isError: undefined },
    { kind: 'message', text: /SEARCH\nx/ },
  ]);
  t.same(
    events.filter((event) => event.kind === 'tool_result').map((event) => event.callId),
    events.filter((event) => event.kind === 'tool_call').map((event) => event.callId),
  );
});

t.test('aider that gives up says so, also right behind edits that it refused', async (t) => {
  const refused = '> # 1 SEARCH/REPLACE block failed to match!  \n> The SEARCH section must exactly match  ';
  const { events } = parseText(
    `${HEAD}\n#### go  \n\n${refused}\n> Only 3 reflections allowed, stopping.  \n\n#### again  \n\n> Only 3 reflections allowed, stopping.  \n`,
  );
  t.match(events.slice(2), [
    { kind: 'error', text: /SEARCH section must exactly match$/ },
    { kind: 'error', text: 'Only 3 reflections allowed, stopping.' },
    { role: 'user', text: 'again' },
    { kind: 'error', text: 'Only 3 reflections allowed, stopping.' },
  ]);
});
