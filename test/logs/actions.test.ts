import t from 'tap';
import { describeCall, describeCommand } from '../../src/logs/actions.js';
import { classifyShell } from '../../src/logs/shell.js';
import type { ActionClass } from '../../src/messages/agent-event.js';

const COMMANDS: readonly (readonly [string, ActionClass])[] = [
  ['cat a.py', 'read'],
  ["sed -n '1,40p' src/a.ts", 'read'],
  ['head -50 log.txt | grep ERROR', 'search'],
  ['rg -n "foo" src && ls', 'search'],
  ['git status', 'read'],
  ['git -C x diff', 'run'],
  ['git commit -m "x"', 'run'],
  ["sed -i 's/a/b/' x.py", 'edit'],
  ['cat > a.py <<EOF\nprint("rm && make")\nEOF', 'edit'],
  ['echo hi >> notes.md', 'edit'],
  ['npm test 2>&1 | tail -5', 'run'],
  ['npm test > /dev/null 2>&1', 'run'],
  ['cd /work/x && npm run build', 'run'],
  ['FOO=1 timeout 60 pytest -q', 'run'],
  ['sleep 30 && cat out.log', 'poll'],
  ['tail -f out.log', 'poll'],
  ['bash -lc "ls -la"', 'search'],
  ['apply_patch <<EOF', 'edit'],
  ['', 'run'],
  ['bd create --title=x --description="a > b"', 'run'],
  ['bd create --description="say \\"a > b\\" to src/a.ts" --type=task', 'run'],
  ["echo '>' notes.md", 'run'],
  ['grep ">" a.py', 'search'],
  ['git log --format="%h > %s"', 'read'],
  ['ls 2>err.txt', 'search'],
  ['make &> build.log', 'edit'],
  ['make >build.log 2>&1', 'edit'],
  ['make 2>&1 >> build.log', 'edit'],
  ['echo "a" > "my file.md"', 'edit'],
];

t.test('a shell command is what its weightiest program does', async (t) => {
  for (const [command, expected] of COMMANDS) t.equal(classifyShell(command), expected, command);
});

t.test('tools are classed by one table, whatever agent they come from', async (t) => {
  const cases: readonly (readonly [string, unknown, ActionClass])[] = [
    ['Read', { file_path: 'a' }, 'read'],
    ['Grep', {}, 'search'],
    ['MultiEdit', {}, 'edit'],
    ['TodoWrite', {}, 'plan'],
    ['ExitPlanMode', {}, 'ask'],
    ['Task', {}, 'delegate'],
    ['BashOutput', {}, 'poll'],
    ['str_replace_editor', { command: 'view', path: 'a' }, 'read'],
    ['str_replace_editor', { command: 'str_replace', path: 'a' }, 'edit'],
    ['shell', { command: ['bash', '-lc', 'cat x.py'] }, 'read'],
    ['mcp__github__search_issues', {}, 'search'],
    ['toString', {}, 'other'],
  ];
  for (const [tool, input, expected] of cases) t.equal(describeCall(tool, input).action, expected, tool);
  t.equal(describeCommand('str_replace_editor', 'str_replace_editor view a.py').action, 'read');
  t.equal(describeCommand('submit', 'submit x').action, 'finish');
});

t.test('paths come from fields and from words that look like files', async (t) => {
  t.same(describeCall('Edit', { file_path: '/a/b.ts', old_string: 'x/y.ts' }).paths, ['/a/b.ts']);
  t.same(
    describeCommand('python', 'python src/run.py --out=x.json https://x.io/y.py setup.py phx.server 1.2.3')
      .paths,
    ['src/run.py', 'setup.py'],
  );
  t.equal(
    describeCall('Bash', { command: Array.from({ length: 40 }, (_, n) => `f${n}.py`).join(' ') }).paths
      .length,
    16,
  );
});

t.test('what is quoted is text: no redirection, and no file that is written', async (t) => {
  const call = describeCall('Bash', { command: 'bd create --description="a > b.md" --type=task' });
  t.match(call, { action: 'run', paths: [] });
  t.match(describeCall('Bash', { command: 'cat a.py > out.md' }), {
    action: 'edit',
    paths: ['a.py', 'out.md'],
  });
});

t.test('the text that an editor puts in names no files', async (t) => {
  t.same(describeCommand('edit', "edit 'from marshmallow.fields import x.py' '/'").paths, []);
  t.same(describeCommand('insert', "insert 'src/a.py'").paths, []);
  t.same(describeCommand('str_replace_editor', 'str_replace_editor insert /w/a.py').paths, ['/w/a.py']);
});

t.test('equal inputs give equal texts whatever the order of their keys', async (t) => {
  t.equal(
    describeCall('Edit', { b: { d: 1, c: 2 }, a: [1] }).input,
    describeCall('Edit', { a: [1], b: { c: 2, d: 1 } }).input,
  );
});

t.test('the shells of Codex and Windows are shells; what waits for another agent polls', async (t) => {
  for (const tool of ['shell_command', 'local_shell', 'container.exec', 'PowerShell'])
    t.match(
      describeCall(tool, { command: 'git push origin main' }),
      { action: 'run', input: 'git push origin main' },
      tool,
    );
  t.equal(describeCall('wait_agent', { ids: ['a'] }).action, 'poll');
  t.equal(describeCall('send_input', { id: 'a' }).action, 'delegate');
});
