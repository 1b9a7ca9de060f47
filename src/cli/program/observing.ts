import type { Command } from 'commander';
import { interrupted } from '../signals.js';
import { numberOption, withSettings } from './options.js';

/** `vigil events`, `subjects`: what happens in the fleet, and where. */
export function observingCommands(vigil: Command): void {
  withSettings(vigil.command('events'))
    .description('what happened in the fleet: who waits, is stuck, was restarted; hosts, tasks, repositories')
    .option('-f, --follow', 'go on with what happens, until Ctrl-C')
    .option('--since <time>', 'from when on: 10m, 2h, 1d, or an ISO time (default: the last hour)')
    .addOption(numberOption('--last <n>', 'at most so many of the past (default: 50; all with --since)'))
    .option('--agent <agent>', 'only of this agent')
    .option('--kind <kind...>', 'only of these kinds, such as waiting, agent.stuck, host, task.done')
    .option('--json', 'print one JSON object per event')
    .addHelpText(
      'after',
      '\nGoes on where it was when the broker or the supervisor is started again.\n\nExamples:\n  vigil events -f\n  vigil events --since 10m --kind waiting stuck\n  vigil events -f --agent fixer --json | jq -c .subject',
    )
    .action(async (options) => {
      const stopAsked = interrupted();
      process.exitCode = await (await import('../commands/events.js')).events(options, stopAsked);
    });

  withSettings(vigil.command('subjects'))
    .argument('[word...]', 'only subjects that have these words in their line')
    .description('the subjects of the public interface: what to publish, request and subscribe to')
    .option('--json', 'print one JSON object per subject')
    .addHelpText(
      'after',
      '\nThe same with all schemas: docs/reference/subjects.md.\n\nExamples:\n  vigil subjects\n  vigil subjects event agent\n  vigil subjects --json | jq -r .subject',
    )
    .action(async (words, options) => {
      process.exitCode = (await import('../commands/subjects.js')).subjects(words, options);
    });
}
