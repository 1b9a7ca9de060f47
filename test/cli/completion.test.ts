import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { CLI, cleanEnvironment, until, vigil } from '../system/processes.js';

t.setTimeout(120_000);

const missing = (program: string) =>
  spawnSync(program, ['--version']).error !== undefined && `no program "${program}" here`;

interface Where {
  readonly cwd: string;
  readonly env: Record<string, string>;
}

/** A folder, and an environment in which `vigil` is this build. */
function place(t: Test, content: Record<string, string> = {}): Where {
  const program = `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`;
  const cwd = testFolder(t, { ...content, elsewhere: {}, bin: { vigil: program } });
  chmodSync(join(cwd, 'bin/vigil'), 0o755);
  const PATH = [join(cwd, 'bin'), process.env['PATH']].join(delimiter);
  return { cwd, env: cleanEnvironment({ PATH, HOME: cwd, INPUTRC: '/dev/null' }) };
}

/** Runs a script of a shell. @returns what it printed, a line each. */
async function shell(program: string, args: readonly string[], where: Where, input = ''): Promise<string[]> {
  const child = spawn(program, args, { ...where, stdio: ['pipe', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stderr.resume();
  child.stdin.end(input);
  await once(child, 'close');
  return text.split(/\r?\n/).filter((line) => line !== '');
}

/** What bash's own completion function of vigil answers for words, the last one at the cursor. */
function bash(where: Where, ...words: string[]): Promise<string[]> {
  const script = `eval "$(vigil completion bash)"
COMP_WORDS=(vigil "$@"); COMP_CWORD=$#
_vigil; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return shell('bash', ['--norc', '--noprofile', '-c', script, 'bash', ...words], where);
}

t.test('bash: what the tree of commands knows', { skip: missing('bash') }, async (t) => {
  const where = place(t);
  t.same(await bash(where, 'statu'), ['status']);
  const all = await bash(where, '');
  t.ok(['start', 'stop', 'agents', 'tasks', 'completion'].every((name) => all.includes(name)));
  t.notOk(
    all.some((name) => name.startsWith('_')),
    'what scripts call is hidden',
  );
  t.same(await bash(where, 'tasks', 'cla'), ['claim']);
  t.same(await bash(where, 'agents', 'rm', '--js'), ['--json'], 'behind an alias');
  t.same(await bash(where, 'tasks', 'graph', '--format', ''), ['mermaid', 'dot', 'json', 'svg']);
  t.same(await bash(where, 'tasks', 'graph', '--format', '=', 's'), ['svg'], 'as bash splits --format=s');
  t.same(await bash(where, 'completion', ''), ['bash', 'zsh', 'fish']);
  t.same(await bash(where, 'tasks', 'list', '--state', 'cl'), ['claimed']);
  t.same(await bash(where, 'events', '--kind', 'host.'), ['host.joined', 'host.lost']);
  t.same(await bash(where, 'schema', 'show', 'AgentRec'), ['AgentRecord']);
  t.notOk((await bash(where, 'ls', '--json', '--')).includes('--json'), 'an option that is there already');
  t.same(await bash(where, 'nonsense', 'sta'), []);
  t.same(await bash(where, 'run', '--id', 'x', '--', 'prog', '--js'), [], "another program's options");
});

t.test('bash: a TAB at a prompt', { skip: missing('bash') || missing('script') }, async (t) => {
  const where = place(t);
  const typed = 'eval "$(vigil completion bash)"\nvigil subj\t --json | tail -\t1\nexit\n';
  const lines = await shell(
    'script',
    ['-qec', 'bash --norc --noprofile -i', '/dev/null'],
    { ...where, env: { ...where.env, TERM: 'dumb' } },
    typed,
  );
  t.ok(
    lines.some((line) => line.startsWith('{"subject":"vigil.event.deadletter"')),
    lines.join('\n'),
  );
});

t.test('ids of what runs, and silence when nothing does', { skip: missing('bash') }, async (t) => {
  const agents = '[{id: fixer, logs: []}, {id: fuzzer, logs: []}, {id: other, logs: []}]';
  const where = place(t, { 'vigil.config.yaml': `cycle: {intervalMs: 0}\nagents: ${agents}\n` });
  const { cwd } = where;
  t.same(await bash(where, 'logs', ''), []);
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching/);
  await vigil(t, ['tasks', 'add', 'Port it', '--id', 'port'], { cwd }).finished();
  // A supervisor that is busy is not waited for at a prompt: asked again, it answers.
  const answers = (expected: string[], at: Where, ...words: string[]) =>
    until(`${words.join(' ')} to give ${expected}`, async () => {
      const found = await bash(at, ...words);
      return found.length > 0 && t.same(found, expected);
    });
  await answers(['fixer', 'fuzzer'], where, 'logs', 'f');
  await answers(['fuzzer', 'other'], where, 'agents', 'restart', 'fixer', '');
  await answers(['other'], where, 'events', '--agent', 'ot');
  await answers(['other'], where, 'interventions', 'list', '--agent', 'ot');
  await answers(['port'], where, 'tasks', 'explain', '');
  const elsewhere = { ...where, cwd: join(cwd, 'elsewhere') };
  await answers(['fixer'], elsewhere, 'logs', '--data-dir', join(cwd, '.vigil'), 'fi');
});

t.test('zsh', { skip: missing('zsh') }, async (t) => {
  const where = place(t);
  const zsh = (...words: string[]) => {
    const script = `autoload -Uz compinit; compinit -u -D; eval "$(vigil completion zsh)"
_describe() { print -rl -- "\${(@P)2}"; }; _files() { print files "$@"; }
words=(vigil "$@"); CURRENT=$#words; _vigil`;
    return shell('zsh', ['-f', '-c', script, 'zsh', ...words], where);
  };
  t.same(await zsh('statu'), ['status:how the running supervisor is']);
  t.same(await zsh('tasks', 'graph', '--format=s'), ['--format=svg:']);
  t.same(await zsh('start', '--config', ''), ['files']);
  t.same(await zsh('start', '--data-dir', ''), ['files -/']);
});

t.test('fish', { skip: missing('fish') }, async (t) => {
  const where = place(t, { 'night.yaml': '' });
  const fish = (line: string) =>
    shell('fish', ['--no-config', '-c', `vigil completion fish | source; complete -C "$argv"`, line], where);
  t.same(await fish('vigil statu'), ['status\thow the running supervisor is']);
  t.same(await fish('vigil tasks graph --format s'), ['svg']);
  t.match((await fish('vigil start --config ni'))[0], /^night\.yaml/);
});
