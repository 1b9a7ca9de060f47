import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { CLI, cleanEnvironment, jsonLines, vigil } from '../system/processes.js';

const VERBS = [
  'add',
  'list',
  'get',
  'claim',
  'start',
  'heartbeat',
  'complete',
  'fail',
  'release',
  'cancel',
  'retry',
  'reprioritise',
  'explain',
  'graph',
];

t.test('each command has help with examples', async (t) => {
  const cwd = testFolder(t);
  const helps = VERBS.map((verb) => vigil(t, ['tasks', verb, '--help'], { cwd }).finished());
  for (const [i, { code, stdout }] of (await Promise.all(helps)).entries()) {
    t.equal(code, 0);
    t.match(stdout, new RegExp(`Examples:\\n  vigil tasks ${VERBS[i]}`));
  }
});

t.test('without a supervisor: exit code 5 and how to mend it', async (t) => {
  const { code, stderr } = await vigil(t, ['tasks', 'list'], { cwd: testFolder(t) }).finished();
  t.equal(code, 5);
  t.match(stderr, /vigil start/);
});

async function fleet(t: Test) {
  const cwd = testFolder(t, { 'vigil.config.yaml': 'cycle: {intervalMs: 0}\ntasks: {backoffMs: 0}\n' });
  await vigil(t, ['start'], { cwd }).says(/^Watching\./);
  return { cwd, tasks: (...args: string[]) => vigil(t, ['tasks', ...args], { cwd }).finished() };
}

t.test('vigil tasks', async (t) => {
  const { cwd, tasks } = await fleet(t);

  await t.test('add: from the arguments', async (t) => {
    t.match(
      await tasks('add', 'Port the parser', '--id', 'parser', '--priority', 'high', '--payload', '{"n": 1}'),
      {
        code: 0,
        stdout: 'parser\n',
      },
    );
    t.match(await tasks('add', 'Test it', '--id', 'test', '--depends-on', 'parser', '--json'), {
      code: 0,
      stdout: '{"added":["test"],"existing":[]}\n',
    });
    t.match(await tasks('add', 'Again', '--id', 'parser'), { code: 1, stderr: /parser is there already/ });
    t.match(await tasks('add', 'x', '--id', 'a.*.>'), { code: 2, stderr: /id: expected 1 to 64/ });
    t.match(await tasks('add', 'x', '--depends-on', 'nobody'), { code: 4, stderr: /nobody/ });
    t.match(await tasks('add', 'x', '--payload', '{'), { code: 2, stderr: /--payload: expected JSON/ });
    t.match(await tasks('add', 'x', '--deadline', 'tomorrow'), {
      code: 2,
      stderr: /deadline: expected an ISO time/,
    });
    t.match(await tasks('add'), { code: 2, stderr: /title, or --file/ });
  });

  await t.test('add: from files and standard input', async (t) => {
    const file = (name: string, content: string) => {
      writeFileSync(join(cwd, name), content);
      return tasks('add', '--file', name);
    };
    t.match(
      await file(
        'plan.yaml',
        'tasks:\n  - {id: y1, title: One}\n  - id: y2\n    title: Two\n    dependsOn: [y1]\n',
      ),
      {
        code: 0,
        stdout: 'y1\ny2\n',
      },
    );
    t.match(await file('plan.json', '[\n {"id": "j1", "title": "One"}\n]'), { code: 0, stdout: 'j1\n' });
    t.match(await file('plan.jsonl', '{"id": "l1", "title": "One"}\n\n{"id": "l2", "title": "Two"}\n'), {
      code: 0,
      stdout: 'l1\nl2\n',
    });
    t.match(await file('bad.jsonl', '{"title": "One"}\n{"title": \n'), {
      code: 2,
      stderr: /line 2: expected JSON/,
    });
    t.match(await file('bad.yaml', '- title: One\n- {titel: Two}\n'), { code: 2, stderr: /task 2: .*title/ });
    t.match(await file('typo.yaml', '- {id: x, title: One, depends: [y1]}\n'), {
      code: 2,
      stderr: /task 1: Unrecognized key: "depends"; did you mean dependsOn\?\n$/,
    });
    t.match(await file('group.yaml', 'task:\n  - title: One\n'), {
      code: 2,
      stderr:
        /group\.yaml: .*tasks: expected a list of tasks, each with a title; .*"task"; did you mean tasks\?/,
    });
    for (const [name, content] of [
      ['text.txt', 'buy milk\n'],
      ['number.json', '42'],
      ['one.yaml', 'title: One\n'],
    ] as const)
      t.match(await file(name, content), {
        code: 2,
        stderr: new RegExp(`${name}: .*expected a list of tasks, each with a title`),
      });
    for (const [name, content] of [
      ['empty.yaml', ''],
      ['blank.jsonl', '\n\n'],
      ['remark.yaml', '# later\n'],
      ['list.json', '[]'],
      ['tasks.yaml', 'tasks: []\n'],
    ] as const)
      t.match(await file(name, content), {
        code: 2,
        stderr: `vigil: ${name}: no tasks in it; expected a list of tasks, each with a title\n`,
      });
    t.match(await file('deep.yaml', '- '.repeat(8_000)), {
      code: 2,
      stderr: /deep\.yaml: nested deeper than 100/,
    });
    t.match(
      await file(
        'loop.yaml',
        '- {id: c1, title: x, dependsOn: [c2]}\n- {id: c2, title: x, dependsOn: [c1]}\n',
      ),
      {
        code: 1,
        stderr: /circle.*c1/,
      },
    );
    t.match(await tasks('add', '--file', 'nowhere.yaml'), {
      code: 2,
      stderr: /nowhere\.yaml cannot be read/,
    });
    const child = spawn(process.execPath, [CLI, 'tasks', 'add', '--file', '-'], {
      cwd,
      env: cleanEnvironment(),
    });
    child.stdin.end('{"id": "s1", "title": "One"}\n');
    t.equal(await textOf(child.stdout), 's1\n');
  });

  await t.test('list and get', async (t) => {
    const { stdout } = await tasks('list');
    t.match(stdout.split('\n')[0], /^TASK +STATE +PRIORITY +SCORE +WAITS +AGENT +PHASE +TITLE/);
    t.match(stdout, /parser +ready +high +0\.\d\d +- .*Port the parser/);
    t.match(stdout, /test +pending +medium +0\.\d\d +1 /);
    t.same(
      jsonLines((await tasks('ls', '--state', 'pending', '--json')).stdout).map(({ id }) => id),
      ['test', 'y2'],
    );
    t.match(await tasks('list', '--limit', '1', '--json'), { stderr: /more than 1/ });
    t.match(await tasks('list', '--state', 'asleep'), { code: 2, stderr: /state/ });
    t.match(await tasks('get', 'parser'), { code: 0, stdout: /payload +\{"n":1\}/ });
    t.match(JSON.parse((await tasks('get', 'test', '--json')).stdout), { openDependencies: 1 });
    t.match(await tasks('get', 'nobody'), { code: 4, stderr: /no task nobody/ });
  });
});
