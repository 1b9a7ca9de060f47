import type { Command } from 'commander';
import t from 'tap';
import { EXIT_MEANINGS } from '../../src/cli/exit-codes.js';
import { program } from '../../src/cli/program/program.js';
import { testFolder } from '../folder.js';
import { jsonLines, vigil } from '../system/processes.js';

t.setTimeout(120_000);

/** What has nothing to read for a program, or says it in a form of its own. */
const WITHOUT_JSON = ['run', 'host', 'completion', 'hook claude-code', 'tasks graph', 'top', 'schema show'];
/** Packages that take long to load, and that no help needs. */
const HEAVY = /node_modules\/(nats|better-sqlite3|piscina|fastify|openai|cli-table3)\//;

interface Known {
  readonly path: string;
  readonly command: Command;
}

function commandsOf(parent: Command, above: readonly string[] = []): Known[] {
  return parent
    .createHelp()
    .visibleCommands(parent)
    .filter((command) => command.name() !== 'help')
    .flatMap((command) => {
      const names = [...above, command.name()];
      return [{ path: names.join(' '), command }, ...commandsOf(command, names)];
    });
}

const commands = commandsOf(program());

t.test('the tree: each command, argument and option is described; whatever reads has --json', async (t) => {
  t.ok(commands.length > 40, `${commands.length} commands`);
  for (const { path, command } of commands) {
    t.not(command.description(), '', path);
    const named = [...command.registeredArguments, ...command.options.filter(({ hidden }) => !hidden)];
    t.same(
      named.filter(({ description }) => description === '').map((each) => each.name()),
      [],
      `${path}: all is described`,
    );
    const isGroup = command.commands.length > 0;
    const hasJson = command.options.some(({ long }) => long === '--json');
    if (!isGroup && !WITHOUT_JSON.includes(path)) t.ok(hasJson, `${path} has --json`);
  }
});

t.test('--help of each command, by the real process: usage, text, examples that begin with it', async (t) => {
  const cwd = testFolder(t);
  const left = [...commands];
  const next = async () => {
    for (let each = left.shift(); each !== undefined; each = left.shift()) {
      const { path, command } = each;
      const { code, stdout, stderr } = await vigil(t, [...path.split(' '), '--help'], { cwd }).finished();
      t.equal(code, 0, path);
      t.equal(stderr, '');
      const names = [path, ...command.aliases().map((alias) => path.replace(/\S+$/, alias))];
      t.ok(stdout.startsWith(`Usage: vigil ${path}`), path);
      const [, examples = ''] = stdout.split('\nExamples:\n');
      t.ok(
        names.some((name) => examples.includes(`vigil ${name}`)),
        `${path}: an example that shows it`,
      );
      for (const line of examples.split('\n\n')[0]?.split('\n') ?? [])
        t.ok(/\bvigil \w/.test(line) || line.trim() === '', `${path}: ${line}`);
    }
  };
  await Promise.all([next(), next()]);
});

t.test('the help of the program: every command and every exit code', async (t) => {
  const { code, stdout } = await vigil(t, ['--help'], { cwd: testFolder(t) }).finished();
  t.equal(code, 0);
  for (const { path } of commands.filter(({ path }) => !path.includes(' ')))
    t.match(stdout, new RegExp(`^ {2}${path}\\b`, 'm'));
  for (const [value] of EXIT_MEANINGS) t.match(stdout, new RegExp(`\\b${value} \\w`));
  t.match(await vigil(t, ['--version'], { cwd: testFolder(t) }).finished(), {
    code: 0,
    stdout: /^\d+\.\d+\.\d+\n$/,
  });
});

t.test('help loads nothing that takes long', async (t) => {
  const probe = `import { createRequire } from 'node:module';
process.on('exit', () => console.error(JSON.stringify(Object.keys(createRequire('/').cache))));`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(probe)}` };
  const loaded = async (...args: string[]) => {
    const { stderr } = await vigil(t, args, { cwd: testFolder(t), env }).finished();
    return JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as string[];
  };
  const forHelp = await loaded('--help');
  t.ok(
    forHelp.some((path) => path.includes('/commander/')),
    'the probe sees what is loaded',
  );
  t.same(
    forHelp.filter((path) => HEAVY.test(path)),
    [],
  );
  t.ok(
    (await loaded('subjects')).some((path) => HEAVY.test(path)),
    'and what a command needs',
  );
});

t.test('vigil subjects: the table of the interface', async (t) => {
  const cwd = testFolder(t);
  const run = (...args: string[]) =>
    vigil(t, ['subjects', ...args], { cwd, env: { VIGIL_PREFIX: 'night' } }).finished();
  const { stdout } = await run();
  t.match(stdout, /^CLIENTS +SUBJECT +PAYLOAD +WHAT FOR/);
  t.match(stdout, /^publish +night\.trigger\.analyze +AnalyzeTrigger +Analyses the given agents/m);
  const rows = jsonLines((await run('event', 'host', '--json')).stdout);
  t.same(rows[0], {
    subject: 'night.event.host.<host>.joined',
    client: 'subscribe',
    payload: 'HostJoined',
    stream: 'NIGHT_RESULTS',
    description: 'A host joined the fleet.',
  });
  t.match(await run('no such word'), { code: 4, stdout: '', stderr: /no subject has no such word/ });
});
