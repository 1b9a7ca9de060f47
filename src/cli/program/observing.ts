import type { Command } from 'commander';
import { interrupted } from '../signals.js';
import { numberOption, withSettings } from './options.js';

/** `vigil events`: what happens in the fleet. */
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
}
