import type { Command } from 'commander';
import { numberOption, withSettings } from './options.js';

/** `vigil repos …`: the mirror of GitHub. */
export function repoCommands(vigil: Command): void {
  const load = () => import('../commands/repos.js');
  const repos = vigil
    .command('repos')
    .description('GitHub repositories on record: what was read of them, sync')
    .addHelpText(
      'after',
      '\nThe token comes from VIGIL_GITHUB_TOKEN or GITHUB_TOKEN of the supervisor.\n\nExamples:\n  vigil repos add nats-io/nats.js\n  vigil repos sync\n  vigil repos get nats-io/nats.js --json | jq .links',
    );
  withSettings(repos.command('list').alias('ls'))
    .description('all repositories on record')
    .option('--json', 'print one JSON object per repository')
    .addHelpText('after', '\nExamples:\n  vigil repos list\n  vigil repos ls --json | jq -r .repo')
    .action(async (options) => {
      process.exitCode = await (await load()).list(options);
    });
  withSettings(repos.command('get'))
    .argument('<repo>', 'owner/name')
    .description('one repository, its open pull requests and whose they are')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil repos get nats-io/nats.js')
    .action(async (repo, options) => {
      process.exitCode = await (await load()).get(repo, options);
    });
  withSettings(repos.command('sync'))
    .argument('[repo...]', 'owner/name; all that are on record when none is named')
    .description('read what is new, and wait until it is there')
    .addOption(numberOption('--concurrent <n>', 'repositories at once (default: github.maxConcurrent)'))
    .addOption(
      numberOption('--timeout <seconds>', 'what is not read by then is left to the next sync (default: 600)'),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil repos sync\n  vigil repos sync nats-io/nats.js --json | jq .failures\n\nExit codes: 0 all were read, 1 some were not, 4 none is on record',
    )
    .action(async (names, options) => {
      process.exitCode = await (await load()).sync(names, options);
    });
  for (const [name, alias, text] of [
    ['add', undefined, 'put repositories on record; the next sync reads them'],
    ['remove', 'rm', 'forget repositories and all that was read of them; GitHub keeps its own'],
  ] as const) {
    const command = withSettings(repos.command(name))
      .argument('<repo...>', 'owner/name')
      .description(text)
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExamples:\n  vigil repos ${name} nats-io/nats.js`)
      .action(async (names, options) => {
        process.exitCode = await (await load())[name](names, options);
      });
    if (alias !== undefined) command.alias(alias);
  }
}
