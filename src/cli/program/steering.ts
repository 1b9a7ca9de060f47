import type { Command } from 'commander';
import { numberOption, withSettings } from './options.js';

/** `vigil steer`, `interventions …`, `hook …`: what agents are told. */
export function steeringCommands(vigil: Command): void {
  withSettings(vigil.command('steer'))
    .argument('<agent>', 'id of the agent')
    .argument('<text...>', 'what it is told; reaches it as one line')
    .description('tell an agent something: through its runner (vigil run --steer), or at its next hook')
    .option('--dry-run', 'only record what would be sent')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil steer fixer "Leave the lock file alone."\n  vigil steer fixer --dry-run --json "Stop." | jq .state\n\nExit codes: 0 the agent has it, 3 it waits or was not delivered, 4 no such agent',
    )
    .action(async (agent, text, options) => {
      process.exitCode = await (await import('../commands/steer.js')).steer(agent, text, options);
    });

  const interventions = vigil
    .command('interventions')
    .description('what Vigil recommends to tell agents, what was sent, and what it did')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil interventions list --state pending\n  vigil interventions approve 0mf3k2x1a0c4d5e6f7a8b9c0d\n  vigil interventions list --json | jq .effect.outcome',
    );
  withSettings(interventions.command('list', { isDefault: true }))
    .description('the latest ones')
    .option('--agent <id>', 'only of this agent')
    .option(
      '--state <state>',
      'only in this state: notified, pending, queued, waiting, delivered, undelivered, rejected, expired',
    )
    .addOption(numberOption('--last <n>', 'how many, at most 1000 (default: 20)'))
    .option('--json', 'print one JSON object per intervention')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil interventions list --state pending\n  vigil interventions list --agent fixer --json | jq .effect',
    )
    .action(async (options) => {
      process.exitCode = await (await import('../commands/interventions.js')).list(options);
    });
  withSettings(interventions.command('approve'))
    .argument('<id>', 'id of one that is pending')
    .description('send it to the agent')
    .option('--message <text>', 'tell the agent this in its place')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil interventions approve 0mf3k2x1a0c4d5e6f7a8b9c0d\n  vigil interventions approve 0mf3k2x1a0c4d5e6f7a8b9c0d --message "Run the tests first."\n\nExit codes: 0 the agent has it, 3 it waits or was not delivered, 4 no such intervention',
    )
    .action(async (id, options) => {
      process.exitCode = await (await import('../commands/interventions.js')).decide(id, true, options);
    });
  withSettings(interventions.command('reject'))
    .argument('<id>', 'id of one that is pending')
    .description('do not send it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil interventions reject 0mf3k2x1a0c4d5e6f7a8b9c0d')
    .action(async (id, options) => {
      process.exitCode = await (await import('../commands/interventions.js')).decide(id, false, options);
    });

  const hook = vigil
    .command('hook')
    .description('hooks for agents that Vigil watches but does not run')
    .addHelpText(
      'after',
      '\nHow to install it: docs/guides/steering.md\n\nExamples:\n  vigil hook claude-code < hook-input.json',
    );
  withSettings(hook.command('claude-code'))
    .description(
      'show a Claude Code session what it is to be told; reads the hook input, never disturbs the session',
    )
    .addHelpText('after', '\nExamples:\n  vigil hook claude-code < hook-input.json')
    .action(async (options) => {
      process.exitCode = await (await import('../commands/hook.js')).hookClaudeCode(options);
    });
}
