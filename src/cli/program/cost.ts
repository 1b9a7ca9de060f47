import { type Command, Option } from 'commander';
import { numberOption, withSettings } from './options.js';

/** `vigil cost`. */
export function costCommand(vigil: Command): void {
  withSettings(vigil.command('cost'))
    .description('what agents used: tokens from their logs, and money by estimate')
    .addOption(
      new Option('--by <what>', 'one row for each')
        .choices(['agent', 'repo', 'day', 'model'])
        .default('agent'),
    )
    .option('--since <day>', 'first day (UTC): a date, "today", or such as 7d')
    .option('--agent <id>', 'only of this agent')
    .addOption(numberOption('--last <n>', 'rows, the largest first, at most 1000 (default: 100)'))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
"~" marks an estimate: by the prices of the setting cost.prices, else by dated list prices that Vigil ships. Where a log
states what a call cost, that counts.

Examples:
  vigil cost
  vigil cost --by repo --since 7d
  vigil cost --by day --agent fixer
  vigil cost --by model --since today --json | jq .total.usd`,
    )
    .action(async (options) => {
      process.exitCode = await (await import('../commands/cost.js')).cost(options);
    });
}
