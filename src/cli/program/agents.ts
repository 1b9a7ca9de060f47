import type { Command } from 'commander';
import { interrupted } from '../signals.js';
import { numberOption, withSettings } from './options.js';

/** `vigil agents …`, `ls`, `logs`: the agents on record. */
export function agentCommands(vigil: Command): void {
  const load = () => import('../commands/agents.js');
  const agents = vigil
    .command('agents')
    .description('the agents on record: what each does, restart, maintenance')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil agents list\n  vigil agents restart fixer\n  vigil agents pause --all --reason "new network"',
    );

  const listOf = (name: string, command: Command) =>
    withSettings(command)
      .option('--json', 'print one JSON object per agent')
      .option('--state <state>', 'only agents of this status, such as waiting_input')
      .option('--unseen', 'only agents that ended and that nobody has acknowledged (vigil ack)')
      .addHelpText(
        'after',
        `\nExamples:\n  vigil ${name}\n  vigil ${name} --json | jq "select(.status.state == \\"stuck\\") | .id"`,
      )
      .action(async (options) => {
        process.exitCode = await (await load()).list(options);
      });
  listOf(
    'agents list',
    agents.command('list').alias('ls').description('all agents, those that need a person first'),
  );
  listOf(
    'ls',
    vigil.command('ls').description('all agents, those that need a person first (vigil agents list)'),
  );

  withSettings(agents.command('get').alias('show'))
    .argument('<agent>', 'id of the agent')
    .description('everything that is known of one agent')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil agents get fixer\n  vigil agents get fixer --json | jq .health',
    )
    .action(async (agent, options) => {
      process.exitCode = await (await load()).get(agent, options);
    });

  withSettings(vigil.command('ack'))
    .argument('[agent...]', 'ids of agents')
    .description('you have seen that these agents ended: they are shown as unseen no more')
    .option('--all', 'all that have ended')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil ls --unseen\n  vigil ack fixer\n  vigil ack --all')
    .action(async (ids, options) => {
      process.exitCode = await (await load()).acknowledge(ids, options);
    });

  withSettings(agents.command('restart'))
    .argument('<agent...>', 'ids of agents')
    .description('restart agents, some at a time, and wait until they are up again')
    .option('--reason <text>', 'put on record')
    .addOption(numberOption('--timeout <seconds>', 'what has not begun by then is not begun (default: 60)'))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nA managed agent is told by its runner; where nobody answers, the restart command of its settings is run.\n\nExamples:\n  vigil agents restart fixer\n  vigil agents restart a1 a2 a3 --reason "new key"\n\nExit codes: 0 all are up again, 1 some are not, 4 none is on record',
    )
    .action(async (ids, options) => {
      process.exitCode = await (await load()).restart(ids, options);
    });

  for (const [name, text] of [
    ['pause', 'maintenance: agents are neither restarted nor steered; their processes go on'],
    ['resume', 'end maintenance; with --all, also let restarts go on that are held'],
  ] as const) {
    const command = withSettings(agents.command(name))
      .argument('[agent...]', 'ids of agents')
      .description(text)
      .option('--all', 'the whole fleet')
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExamples:\n  vigil agents ${name} fixer\n  vigil agents ${name} --all`);
    if (name === 'pause') command.option('--reason <text>', 'put on record');
    command.action(async (ids, options) => {
      process.exitCode = await (await load())[name](ids, options);
    });
  }

  withSettings(agents.command('remove'))
    .alias('rm')
    .argument('<agent...>', 'ids of agents')
    .description('forget agents; their processes go on')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil agents remove fixer')
    .action(async (ids, options) => {
      process.exitCode = await (await load()).remove(ids, options);
    });

  withSettings(vigil.command('logs'))
    .argument('<agent>', 'id of the agent, or a log that lies here (a path with a slash)')
    .description("the end of an agent's event stream, or of a log's: time, role, tool, outcome")
    .option('-f, --follow', 'go on as it grows, until Ctrl-C')
    .addOption(numberOption('--last <n>', 'events shown, at most 1000 (default: 50)'))
    .option('--since <time>', 'only what is younger: 10m, 2h, 1d, or an ISO time')
    .option('--json', 'print one JSON object per event')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil logs fixer -f\n  vigil logs fixer --since 10m\n  vigil logs fixer --last 200 --json | jq .tool\n  vigil logs ./run.traj',
    )
    .action(async (agent, options) => {
      const stopAsked = interrupted();
      process.exitCode = await (await import('../commands/logs.js')).logs(agent, options, stopAsked);
    });

  withSettings(vigil.command('replay'))
    .argument('<agent>', 'id of the agent')
    .description("an agent's events from the first one, with what Vigil said of it at each point")
    .addOption(numberOption('--from <index>', 'first event (default: 0)'))
    .addOption(numberOption('--to <index>', 'last event'))
    .option('--step', 'one at a time: Enter for the next event, v for the next verdict, q for the end')
    .option('--json', 'print one JSON object per line, {event} or {verdict}')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil replay fixer\n  vigil replay fixer --from 200 --to 260 --step\n  vigil replay fixer --json > fixer.jsonl',
    )
    .action(async (agent, options) => {
      const stopAsked = interrupted();
      process.exitCode = await (await import('../commands/replay.js')).replay(agent, options, stopAsked);
    });
}
