import { type Command, Option } from 'commander';
import { numberOption, withSettings } from './options.js';

const PRIORITIES = ['critical', 'high', 'medium', 'low'];
const TOKEN = 'the token that the claim gave';

/** `vigil tasks …`: what agents have to do. */
export function taskCommands(vigil: Command): void {
  const load = () => import('../commands/tasks.js');
  const tasks = vigil
    .command('tasks')
    .description('what agents have to do: add, hand out, finish, explain, draw')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil tasks add "Port the parser" --priority high\n  vigil tasks add --file plan.yaml\n  vigil tasks claim --agent a1 --can python --json\n  vigil tasks graph --format mermaid\n\nHow it works: docs/guides/tasks.md',
    );
  const command = (name: string, text: string, examples: readonly string[], codes = '') =>
    withSettings(tasks.command(name).description(text))
      .option('--json', 'print JSON')
      .addHelpText(
        'after',
        `\nExamples:\n${examples.map((each) => `  vigil tasks ${each}`).join('\n')}${codes === '' ? '' : `\n\nExit codes: ${codes}`}`,
      );
  const held = (name: string, text: string, examples: readonly string[]) =>
    command(name, text, examples, '0 done, 1 the lease is not yours any longer, 4 no such task')
      .argument('<task>', 'id of the task')
      .addOption(numberOption('--token <n>', TOKEN).makeOptionMandatory());

  command('add', 'add a task, or those of a file; prints their ids', [
    'add "Port the parser" --id parser --priority high --needs python',
    'add "Test it" --depends-on parser --deadline 2027-01-31T12:00:00Z',
    'add --file plan.yaml',
    'add --file - < tasks.jsonl',
  ])
    .argument('[title]', 'what is to be done')
    .option('-f, --file <file>', 'tasks as JSON, JSON lines or YAML; - reads standard input')
    .option('--id <id>', 'its id (default: one is made)')
    .option('--description <text>', 'more about it')
    .option('--phase <phase>', 'part of the work, such as review')
    .option('--needs <capability...>', 'what an agent has to be able to do')
    .addOption(new Option('--priority <priority>', 'default: medium').choices(PRIORITIES))
    .option('--deadline <time>', 'ISO time')
    .option('--depends-on <task...>', 'tasks that have to be done before')
    .addOption(numberOption('--retries <n>', 'tries after the first'))
    .option('--payload <json>', 'for the agent that does it')
    .option('--source <text>', 'where it comes from')
    .option('--key <key>', 'idempotency key: added once, however often this is run')
    .action(async (title, options) => {
      process.exitCode = await (await load()).add(title, options);
    });

  command('list', 'tasks, in order of creation', [
    'list --state failed',
    'list --agent a1 --json | jq .title',
  ])
    .alias('ls')
    .option('--state <state>', 'pending, ready, claimed, running, done, failed, cancelled')
    .option('--phase <phase>', 'only of this phase')
    .option('--agent <agent>', 'only what this agent has or had')
    .addOption(numberOption('--limit <n>', 'at most so many (default: 100)'))
    .action(async (options) => {
      process.exitCode = await (await load()).list(options);
    });

  command('get', 'everything about one task', ['get parser', 'get parser --json | jq .result'])
    .argument('<task>', 'id of the task')
    .action(async (id, options) => {
      process.exitCode = await (await load()).get(id, options);
    });

  command(
    'claim',
    'take the best ready tasks: prints id, token and title of each',
    ['claim --agent a1', 'claim --agent a1 --phase review --can python --limit 5 --lease 600 --json'],
    '0 some, 4 nothing to claim',
  )
    .requiredOption('--agent <agent>', 'who takes them')
    .option('--phase <phase>', 'only of this phase')
    .option('--can <capability...>', 'what the agent can do; tasks that need more are passed over')
    .addOption(numberOption('--limit <n>', 'at most so many (default: 1)'))
    .addOption(numberOption('--lease <seconds>', 'how long they are its own without a heartbeat'))
    .option('--key <key>', 'idempotency key: the same claim, however often this is run')
    .action(async (options) => {
      process.exitCode = await (await load()).claim(options);
    });

  held('start', 'begin with a task; its lease begins anew', ['start parser --token 4294967297'])
    .addOption(numberOption('--lease <seconds>', 'length of the lease'))
    .action(async (id, options) => {
      process.exitCode = await (await load()).start(id, options);
    });
  held('heartbeat', 'still at it: the lease begins anew', ['heartbeat parser --token 4294967297'])
    .addOption(numberOption('--lease <seconds>', 'length of the lease'))
    .action(async (id, options) => {
      process.exitCode = await (await load()).heartbeat(id, options);
    });
  held('complete', 'a task is done', [
    'complete parser --token 4294967297',
    'complete parser --token 4294967297 --result \'{"branch": "fix-1"}\'',
  ])
    .option('--result <json>', 'what came of it')
    .action(async (id, options) => {
      process.exitCode = await (await load()).complete(id, options);
    });
  held('fail', 'a task went wrong: it is tried again after a wait, or given up', [
    'fail parser --token 4294967297 --reason "tests are red"',
    'fail parser --token 4294967297 --reason "cannot be done" --no-retry',
  ])
    .requiredOption('--reason <text>', 'put on record')
    .option('--no-retry', 'give it up now')
    .addOption(numberOption('--backoff <seconds>', 'wait before the next try'))
    .action(async (id, options) => {
      process.exitCode = await (await load()).fail(id, options);
    });
  held('release', 'give a task back; that counts as no failure', [
    'release parser --token 4294967297',
  ]).action(async (id, options) => {
    process.exitCode = await (await load()).release(id, options);
  });

  command('cancel', 'cancel tasks', ['cancel parser', 'cancel parser --dependants --reason "not needed"'])
    .argument('<task...>', 'ids of tasks')
    .option('--dependants', 'also whatever waits for them, directly or not')
    .option('--reason <text>', 'put on record')
    .action(async (ids, options) => {
      process.exitCode = await (await load()).cancel(ids, options);
    });

  command('retry', 'open tasks again that failed or were cancelled', ['retry parser'])
    .argument('<task...>', 'ids of tasks')
    .action(async (ids, options) => {
      process.exitCode = await (await load()).retry(ids, options);
    });

  command('reprioritise', 'change priority or deadline', [
    'reprioritise parser --priority critical',
    'reprioritise parser lexer --no-deadline',
  ])
    .alias('reprioritize')
    .argument('<task...>', 'ids of tasks')
    .addOption(new Option('--priority <priority>', 'the new one').choices(PRIORITIES))
    .option('--deadline <time>', 'ISO time')
    .option('--no-deadline', 'none any longer')
    .action(async (ids, options, self: Command) => {
      // "--no-deadline" alone would make every other call one that sets it.
      const deadline = self.getOptionValueSource('deadline') === 'cli' ? options.deadline : undefined;
      process.exitCode = await (await load()).reprioritise(ids, { ...options, deadline });
    });

  command('explain', 'why a task has its score, what it waits for, what waits for it', [
    'explain parser',
    'explain parser --json | jq .terms',
  ])
    .argument('<task>', 'id of the task')
    .action(async (id, options) => {
      process.exitCode = await (await load()).explain(id, options);
    });

  withSettings(tasks.command('graph'))
    .description('draw what waits for what: states as colours, the longest chain marked')
    .addOption(
      new Option('--format <format>', 'how').choices(['mermaid', 'dot', 'json', 'svg']).default('mermaid'),
    )
    .option('--phase <phase>', 'only of this phase')
    .option('--around <task>', 'only this task, what it needs and what needs it')
    .option('--finished', 'also tasks that are done or cancelled')
    .addOption(numberOption('--limit <n>', 'tasks that are drawn (default: 500)'))
    .addHelpText(
      'after',
      '\nExamples:\n  vigil tasks graph --format svg > plan.svg\n  vigil tasks graph --format dot | dot -Tpng > plan.png\n  vigil tasks graph --around parser',
    )
    .action(async (options) => {
      process.exitCode = await (await load()).graph(options);
    });
}
