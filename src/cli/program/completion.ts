import { Argument, type Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** `vigil completion`, and what its scripts call. */
export function completionCommands(vigil: Command): void {
  vigil
    .command('completion')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .description('print a script that has a shell complete commands, options, and ids of agents and tasks')
    .addHelpText(
      'after',
      '\nExamples:\n  eval "$(vigil completion bash)"                                    # in ~/.bashrc\n  eval "$(vigil completion zsh)"                                     # in ~/.zshrc, behind compinit\n  vigil completion fish > ~/.config/fish/completions/vigil.fish',
    )
    .action(async (shell: (typeof SHELLS)[number]) => {
      process.stdout.write((await import('../complete/scripts.js')).SCRIPTS[shell]);
    });
  vigil
    .command('__complete', { hidden: true })
    .argument('[word...]')
    .passThroughOptions()
    .action(async (words: string[]) => {
      await (await import('../commands/complete.js')).printCandidates(vigil, words);
    });
}
