import { type Command, Option } from 'commander';
import { numberOption, withSettings } from './options.js';

/** `vigil run`, `host`: processes beside the supervisor. */
export function processCommands(vigil: Command): void {
  withSettings(vigil.command('run'))
    .argument('<command...>', 'the program and its arguments, behind "--"')
    .description(
      'run a program as a managed agent: its output is kept and judged, it can be steered and restarted',
    )
    .requiredOption('--id <id>', "the agent's id")
    .option('--goal <text>', 'what it is to achieve (default: the first thing it is told)')
    .addOption(
      new Option('--restart <when>', 'start it again when it ends')
        .choices(['never', 'on-failure', 'always'])
        .default('never'),
    )
    .addOption(
      new Option(
        '--steer <how>',
        'hand it steering messages: a line on its standard input, which then stays open after the end of piped input, or in the file $VIGIL_STEER_FILE',
      ).choices(['stdin', 'file']),
    )
    .option('--take-over', 'end another runner of this agent, if there is one, and go on in its place')
    .option('--log-dir <folder>', 'captured output (default: agents/<id> in the data directory)')
    .addOption(numberOption('--log-bytes <n>', 'size at which a file of output is rotated'))
    .addOption(numberOption('--log-files <n>', 'files kept of each stream'))
    .addOption(numberOption('--grace <seconds>', 'from SIGTERM to SIGKILL'))
    .option('--nkey-file <file>', 'nkey seed of the agent role, for --nats-url (VIGIL_NATS_NKEY_FILE)')
    .option('--creds-file <file>', 'credentials file, for --nats-url (VIGIL_NATS_CREDS_FILE)')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
It runs without a supervisor as well, and is watched from when one appears. Ctrl-C goes to the agent's whole process
group; a second one ends it by force.

Examples:
  vigil run --id fixer --goal "Make the tests pass" -- claude -p "Make the tests pass" --output-format stream-json
  vigil run --id nightly --restart on-failure --steer file -- ./agent.sh
  vigil run --id far --nats-url nats://10.0.0.5:4222 --nkey-file agent.nk -- python agent.py

Exit code: the program's own (128 + n when signal n ended it); 126 and 127 when it could not be started.`,
    )
    .action(async (command, options) => {
      const code = await (await import('../commands/run.js')).run(command, options);
      // A broker that does not answer is left, whatever waits there.
      process.exit(code);
    });

  withSettings(vigil.command('host'))
    .description('run a host process that joins the fleet of a supervisor on this or another machine')
    .option('--nkey-file <file>', 'nkey seed of the host role (VIGIL_NATS_NKEY_FILE)')
    .option('--creds-file <file>', 'credentials file (VIGIL_NATS_CREDS_FILE)')
    .option('--label <label>', "this machine's label (VIGIL_HOSTS_LABEL)")
    .addHelpText(
      'after',
      '\nExamples:\n  vigil host --nats-url nats://10.0.0.5:4222 --nkey-file host.nk --label gpu-1',
    )
    .action(async (options) => {
      const code = await (await import('../commands/host.js')).host(options);
      // All that has to be done in order is done: what a lost broker left waiting keeps nobody.
      process.exit(code);
    });
}
