import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { testFolder } from '../folder.js';
import { vigil } from '../system/processes.js';

interface Case {
  readonly what: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

const REFUSED: readonly Case[] = [
  { what: 'no id', args: ['--', 'true'], code: 2, says: /required option '--id <id>'/ },
  {
    what: 'an id that is none',
    args: ['--id', 'a.*.>', '--', 'true'],
    code: 2,
    says: /--id: expected 1 to 64 of/,
  },
  {
    what: 'an id that is a path',
    args: ['--id', '../x', '--', 'true'],
    code: 2,
    says: /--id: expected 1 to 64 of/,
  },
  { what: 'no program', args: ['--id', 'a1'], code: 2, says: /missing required argument 'command'/ },
  {
    what: 'an unknown policy',
    args: ['--id', 'a1', '--restart', 'often', '--', 'true'],
    code: 2,
    says: /never, on-failure, always/,
  },
  {
    what: 'an unknown way to steer',
    args: ['--id', 'a1', '--steer', 'phone', '--', 'true'],
    code: 2,
    says: /stdin, file/,
  },
  {
    what: 'a bound that is none',
    args: ['--id', 'a1', '--log-bytes', '5', '--', 'true'],
    code: 2,
    says: /managed\.maxFileBytes/,
  },
  {
    what: 'a program that is not there',
    args: ['--id', 'a1', '--', 'no-such-program'],
    code: 127,
    says: /no program "no-such-program" in PATH/,
  },
  {
    what: 'a program that cannot be run',
    args: ['--id', 'a1', '--', '/'],
    code: 126,
    says: /"\/" cannot be run \(EACCES\)/,
  },
  {
    what: 'a folder that cannot be written',
    args: ['--id', 'a1', '--log-dir', '/dev/null/x', '--', 'true'],
    code: 2,
    says: /\/dev\/null\/x cannot be written .*--log-dir/,
  },
];

for (const { what, args, code, says } of REFUSED) {
  t.test(`${what}: one line that says what and how to mend it`, async (t) => {
    const finished = await vigil(t, ['run', ...args], { cwd: testFolder(t) }).finished();
    t.equal(finished.code, code, finished.stderr);
    t.match(finished.stderr, says);
    t.notMatch(finished.stderr, /^\s+at /m, 'no stack trace');
    t.equal(finished.stdout, '');
  });
}

t.test('options behind the program are its own', async (t) => {
  const cwd = testFolder(t);
  const args = ['run', '--id', 'a1', '--', 'echo', '--id', 'other', '-c', 'x', '--help'];
  const { code, stdout } = await vigil(t, args, { cwd }).finished();
  t.equal(code, 0);
  t.equal(stdout, '--id other -c x --help\n');
});

t.test('the program knows who it is; its output goes where it is told to', async (t) => {
  const cwd = testFolder(t);
  const args = [
    'run',
    '--id',
    'a1',
    '--log-dir',
    'logs',
    '--steer',
    'file',
    '--',
    'sh',
    '-c',
    'echo $VIGIL_AGENT_ID $VIGIL_STEER_FILE',
  ];
  const { stdout } = await vigil(t, args, { cwd }).finished();
  t.equal(stdout, `a1 ${join(cwd, 'logs/steer.txt')}\n`);
  t.match(readFileSync(join(cwd, 'logs/stdout.jsonl'), 'utf8'), /"text":"a1 /);
  t.notOk(existsSync(join(cwd, '.vigil')), 'nothing elsewhere');
  t.notOk(existsSync(join(cwd, 'logs/running.json')), 'and no note is left');
});

t.test('vigil inside of vigil run takes the variables that are set there', async (t) => {
  const cwd = testFolder(t);
  const inner = [process.execPath, join(import.meta.dirname, '../../src/cli/main.js'), 'config'];
  const { code, stderr } = await vigil(t, ['run', '--id', 'a1', '--steer', 'file', '--', ...inner], {
    cwd,
  }).finished();
  t.equal(code, 0, stderr);
});

t.test('the help says what --steer stdin does to piped input', async (t) => {
  const { stdout } = await vigil(t, ['run', '--help'], { cwd: testFolder(t) }).finished();
  t.match(stdout.replace(/\s+/g, ' '), 'stays open after the end of piped input');
});
