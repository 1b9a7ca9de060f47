import type { Command } from 'commander';
import { withSettings } from './options.js';

/** `vigil top`: the fleet, live, over the whole terminal. */
export function topCommand(vigil: Command): void {
  withSettings(vigil.command('top'))
    .description('the fleet live on the whole terminal: who needs you first; look, steer, approve, restart')
    .addHelpText(
      'after',
      '\nKeys: ? shows all, Enter looks at an agent, S tells it something, q quits.\nHonours NO_COLOR. In scripts and pipes: vigil ls --json.\n\nExamples:\n  vigil top\n  vigil top --data-dir /srv/vigil\n  ssh -t build-1 vigil top\n\nExit codes: 0 quit, 2 not on a terminal, 5 no supervisor runs',
    )
    .action(async (options) => {
      process.exitCode = await (await import('../commands/top.js')).top(options);
    });
}
