import type { Command } from 'commander';
import { withSettings } from './options.js';

/** `vigil schema …`, `config …`: what may be written, on the wire and in files. */
export function contractCommands(vigil: Command): void {
  const load = () => import('../commands/schema.js');
  const schema = vigil
    .command('schema')
    .description('the JSON Schemas of the messages on the wire')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil schema ls\n  vigil schema show vigil.trigger.analyze\n  echo \'{"agents": ["a1"]}\' | vigil schema validate vigil.trigger.analyze',
    );
  schema
    .command('list', { isDefault: true })
    .alias('ls')
    .description('their names')
    .option('--json', 'print one JSON text per line')
    .addHelpText('after', '\nExamples:\n  vigil schema ls | grep Task')
    .action(async (options) => {
      process.exitCode = (await load()).list(options);
    });
  schema
    .command('show')
    .argument('<what>', 'name of a schema, or a subject')
    .description('one of them, as JSON')
    .option('--reply', 'of a request: that of its reply')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil schema show AgentRecord\n  vigil schema show vigil.rpc.agents.list --reply',
    )
    .action(async (what, options) => {
      process.exitCode = (await load()).show(what, options);
    });
  schema
    .command('validate')
    .argument('<what>', 'name of a schema, or a subject')
    .argument('[file]', 'messages: one JSON value, or one a line (default: standard input)')
    .description('whether messages fit it')
    .option('--reply', 'of a request: that of its reply')
    .option('--json', 'print one JSON object per message')
    .addHelpText(
      'after',
      "\nExamples:\n  vigil schema validate TasksAddRequest tasks.json\n  nats sub vigil.event.'>' --raw | vigil schema validate AgentStatusChanged --json\n\nExit codes: 0 all fit, 2 one does not, 4 no such schema",
    )
    .action(async (what, file, options) => {
      process.exitCode = await (await load()).validate(what, file, options);
    });

  const config = vigil
    .command('config')
    .description('the settings: what counts and where it comes from')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil config\n  vigil config path\n  VIGIL_CYCLE_INTERVAL_MS=5000 vigil config show --json\n\nFlags come before the environment, before vigil.config.yaml, before the file in ~/.config/vigil, before the defaults.',
    );
  withSettings(config.command('show', { isDefault: true }))
    .description('the effective settings')
    .option('--origin', 'only those that are not at their default, by where they come from')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil config show\n  vigil config show --origin')
    .action(async (options) => {
      process.exitCode = (await import('../commands/config.js')).config(options);
    });
  withSettings(config.command('path'))
    .description('the files that settings come from')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil config path\n  $EDITOR "$(vigil config path | head -1)"')
    .action(async (options) => {
      process.exitCode = (await import('../commands/config.js')).path(options);
    });
}
