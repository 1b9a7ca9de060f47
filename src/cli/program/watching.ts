import type { Command } from 'commander';
import { interrupted } from '../signals.js';
import { numberOption, withSettings } from './options.js';

/** `vigil start`, `stop`, `watch`, `judge`: has agents judged. */
export function watchingCommands(vigil: Command): void {
  withSettings(vigil.command('start'))
    .description('start the supervisor, analyse the fleet, and keep watching until Ctrl-C')
    .option('--once', 'exit after the first complete analysis')
    .option('--json', 'print results as JSON lines')
    .addOption(numberOption('--hosts <n>', 'host processes (VIGIL_HOSTS_COUNT)'))
    .addOption(numberOption('--port <n>', "the broker's port (VIGIL_NATS_PORT)"))
    .addHelpText(
      'after',
      '\nExamples:\n  vigil start\n  vigil start --once --json | jq .agent\n  vigil start --config night.yaml --hosts 2',
    )
    .action(async (options) => {
      // Before the rest is loaded: a signal that comes meanwhile ends it in order, too.
      const stopAsked = interrupted();
      const code = await (await import('../commands/start.js')).start(options, stopAsked);
      // All that has to be done in order is done: what a lost broker left waiting keeps nobody.
      process.exit(code);
    });

  withSettings(vigil.command('watch'))
    .argument('[path...]', 'folders of sessions, or sessions (default: those of Claude Code and Codex)')
    .description(
      'find the sessions of Claude Code and Codex on this machine and watch them, without any setting',
    )
    .option('--subagents', "watch sub-agents' files as agents of their own")
    .option('--once', 'print one table and end')
    .option('--json', 'print results as JSON lines')
    .addHelpText(
      'after',
      '\nStarts Vigil when none runs on the data directory. Writes nothing into the folders it looks at.\n\nExamples:\n  vigil watch\n  vigil watch --once --json | jq .analysis.steeringType\n  vigil watch ~/.claude/projects/-work-api\n\nExit codes with --once: 0 none needs steering, 3 one does, 4 no session found',
    )
    .action(async (paths, options) => {
      const stopAsked = interrupted();
      process.exit(await (await import('../commands/watch.js')).watch(paths, options, stopAsked));
    });

  withSettings(vigil.command('stop'))
    .description('end the supervisor of this data directory in order, and wait until it is gone')
    .addOption(numberOption('--timeout <seconds>', 'how long to wait (default: 60)'))
    .option('--force', 'kill it when it has not ended by then')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nAgents under "vigil run" go on; "vigil start" finds them again.\n\nExamples:\n  vigil stop\n  vigil stop --timeout 10 --force\n  vigil stop --data-dir /srv/vigil\n\nExit codes: 0 it is gone, 4 none runs, 6 it still runs',
    )
    .action(async (options) => {
      process.exitCode = await (await import('../commands/stop.js')).stop(options);
    });

  vigil
    .command('judge')
    .argument('<path...>', 'logs, or folders of logs')
    .description('judge logs once, after the fact, without broker or database')
    .option('--json', 'print one JSON object per log')
    .option('--goal <text>', 'what the agent was to achieve (default: the first request in the log)')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil judge ~/.claude/projects/-work/*.jsonl\n  vigil judge --json run.traj | jq .steeringType\n\nExit codes: 0 none needs steering, 3 one does, 2 a log could not be read',
    )
    .action(async (paths, options) => {
      process.exitCode = await (await import('../commands/judge.js')).judge(paths, options);
    });
}
