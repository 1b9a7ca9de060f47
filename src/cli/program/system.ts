import { Argument, type Command } from 'commander';
import { interrupted } from '../signals.js';
import { withSettings } from './options.js';

/** `vigil doctor`, `status`, `tree`: how Vigil itself is. */
export function systemCommands(vigil: Command): void {
  withSettings(vigil.command('doctor'))
    .description(
      'check the whole set-up (programs, broker, disk, database, clock, keys, settings) and say what to mend',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nWorks with and without a running supervisor, and changes nothing.\n\nExamples:\n  vigil doctor\n  vigil doctor --json | jq \'.checks[] | select(.state != "ok")\'\n\nExit codes: 0 nothing fails, 1 something does',
    )
    .action(async (options) => {
      process.exitCode = await (await import('../commands/doctor.js')).doctor(options);
    });

  withSettings(vigil.command('bench'))
    .addArgument(
      new Argument('[bench...]', 'which of them (default: all)').choices([
        'broker',
        'disk',
        'parse',
        'analysis',
      ]),
    )
    .description('measure this set-up for some seconds: what is good, what is slow, what to do')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe broker is the one that runs; analyses are made by a Vigil of its own, beside the fleet, whose record is not touched.\n\nExamples:\n  vigil bench\n  vigil bench disk broker\n  vigil bench --json | jq \'.measures[] | select(.state == "slow")\'',
    )
    .action(async (names, options) => {
      const stopAsked = interrupted();
      process.exitCode = await (await import('../commands/bench.js')).bench(names, options, stopAsked);
    });

  withSettings(vigil.command('status'))
    .description('how the running supervisor is')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil status\n  vigil status --json | jq .hosts')
    .action(async (options) => {
      process.exitCode = await (await import('../commands/status.js')).status(options);
    });

  withSettings(vigil.command('tree'))
    .description(
      'the supervision tree of the running supervisor: kind, id, state, restarts, mailbox, last error',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil tree')
    .action(async (options) => {
      process.exitCode = await (await import('../commands/status.js')).tree(options);
    });
}
